"""Which algorithm runs inside: reference learners that would have answered as it did, or none of these.

A bandit's choices are attributed by their likelihood given what was known before each. Where answers are numbers the
share of them is stated that a reference gives (predictions of a regression, updates of an optimizer).
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import numpy as np
from jaxtyping import Float

from mesascope.audit.assay import Assay, Stage
from mesascope.audit.learning.attribution import ALIKE, ENOUGH, Attribution, attribute, ratio
from mesascope.audit.learning.context import LearningContext
from mesascope.audit.learning.episodes import Episodes
from mesascope.audit.learning.learner_fit import Choices
from mesascope.core.rounding import sided
from mesascope.core.text import shown
from mesascope.core.verdicts import Evidence, Verdict
from mesascope.planning.learners.descent import Adam, DescentRule, Momentum, RMSprop
from mesascope.planning.learners.regression import gradient_steps, posterior_mean_of_tasks, ridge
from mesascope.worlds.streams.bandits import Bandits
from mesascope.worlds.streams.optimisees import Optimisee
from mesascope.worlds.streams.regression import Regression

ENOUGH_CHOICES, FEWEST = 5_120, 64
"""Choices, and at least episodes, that tell learners apart well enough; more of them take longer."""
Answers = Mapping[tuple[str, tuple[tuple[str, float], ...]], Float[np.ndarray, "B M"]]
"""What references answer, by family and parameters."""


def learner_attribution(context: LearningContext) -> Evidence[Attribution]:
    """Attributes what an agent answers to reference learners."""
    stream = context.stream
    if isinstance(stream, Bandits):
        found = _of_choices(context, stream)
    elif isinstance(stream, Regression):
        inputs, values = prompts(context, stream)
        counted = np.asarray(stream.counted)
        given = {name: answers[:, counted] for name, answers in _predictions(stream, inputs, values).items()}
        found = _of_numbers(context, context.reference.answers[:, counted, 0], given)
    elif isinstance(stream, Optimisee):
        gradients = context.reference.observations[..., : stream.outputs].astype(np.float64)
        answers = context.reference.answers
        flat = answers.reshape(len(answers), -1)
        found = _of_numbers(context, flat, _updates(gradients, answers))
    else:
        return LEARNER_ATTRIBUTION.nothing(f"there are no reference learners of stream {shown(stream.name)}")
    if isinstance(found, str):
        return LEARNER_ATTRIBUTION.nothing(found)
    return _told(found)


def _told(found: Attribution) -> Evidence[Attribution]:
    setting = ", ".join(f"{name} {value:.3g}" for name, value in found.setting.items())
    named = " or ".join((found.best, *found.alike)) + (f" ({setting})" if setting else "")
    source = f", learning from {found.learns_from}," if found.learns_from else ""
    verdict, reason = sided(
        found.explained.interval,
        ENOUGH,
        above_it=(Verdict.PASS, f"it predicts {found.explained.percent} of what can be predicted"),
        below_it=(Verdict.FAIL, f"the nearest predicts {found.explained.percent} of what can be predicted"),
        between=f"it predicts {found.explained.percent} of what can be predicted, and {ENOUGH:.0%} are enough",
    )
    if verdict is Verdict.FAIL:
        sentence = f"None of the reference learners describes it; the nearest{source} is {named}."
    else:
        sentence = f"It answers like {named}{source}".rstrip(",") + "."
    return LEARNER_ATTRIBUTION.found(verdict, sentence, reason, found.explained, None, found)


def _of_choices(context: LearningContext, stream: Bandits) -> Attribution | str:
    """Returns the attribution to learners from that signal which explains choices best."""
    reference, found = context.reference, {}
    for place, signal in enumerate(stream.signals):
        fed = reference.signals[..., place]
        seen = np.abs(reference.observations[..., list(stream.feedback[signal])]).max() > 0
        if not seen or any((fed == reference.signals[..., stream.signals.index(other)]).all() for other in found):
            continue
        if not np.isin(fed, (0.0, 1.0)).all():
            return f"signal '{signal}' is neither 0 nor 1 everywhere, and references count successes"
        some = slice(max(FEWEST, ENOUGH_CHOICES // stream.horizon))
        choices = Choices(reference.answers[some], fed[some], stream.arms, stream.horizon)
        found[signal] = context.once(("attribution", signal), lambda one=choices: attribute(one, seed=context.seed))
    if not found:
        return "it is shown no feedback, from which references would learn"
    best = max(found, key=lambda signal: round(found[signal].nats, 3))
    several = len(found) > 1 and found[best].predictable is not None
    return msgspec.structs.replace(found[best], learns_from=best if several else "")


def _of_numbers(context: LearningContext, answers: Float[np.ndarray, "B M"], given: Answers) -> Attribution:
    """Returns the attribution of numbers to references by the share of their square that each gives."""
    size = np.square(answers).mean(1)
    left = {name: np.square(answers - one).mean(1) for name, one in given.items()}
    best = {}
    for name in sorted(left, key=lambda name: (round(float(left[name].mean() / size.mean()), 9), name)):
        best.setdefault(name[0], name)
    # As if errors were normal and episodes the units that know nothing of each other.
    nats = {
        family: -len(size) / 2 * float(np.log(max(left[name].mean() / size.mean(), 1e-9)))
        for family, name in best.items()
    }
    first, most = next(iter(best)), max(nats.values())
    weights = {family: float(np.exp(value - most)) for family, value in nats.items()}
    return Attribution(
        posterior=tuple((family, weight / sum(weights.values())) for family, weight in weights.items()),
        alike=tuple(family for family in nats if family != first and nats[family] > most - ALIKE),
        setting=dict(best[first][1]),
        parameters={},
        nats=most,
        explained=ratio(size - left[best[first]], size, seed=context.seed),
    )


def prompts(
    context: LearningContext, stream: Regression, episodes: Episodes | None = None
) -> tuple[Float[np.ndarray, "B T D"], Float[np.ndarray, "B T"]]:
    """Returns inputs and values of episodes, by default the reference's; the last value, which nobody saw, is 0."""
    seen = (episodes or context.reference).observations.astype(np.float64)
    wide = stream.dimensions
    return seen[..., :wide], np.concatenate([seen[:, 1:, 2 * wide], np.zeros((len(seen), 1))], 1)


def _predictions(stream: Regression, inputs: np.ndarray, values: np.ndarray) -> Answers:
    found = {}
    for steps in (1, 2, 3, 5, 10, 30):
        for rate in np.geomspace(0.03, 4.0, 50):
            predicted = gradient_steps(inputs, values, steps=steps, rate=float(rate))
            if np.abs(predicted).max() < 1e6:
                found["gradient descent", (("steps", float(steps)), ("rate", float(rate)))] = predicted
    for penalty in np.geomspace(1e-3, 30.0, 41):
        found["ridge", (("penalty", float(penalty)),)] = ridge(inputs, values, penalty=float(penalty))
    tasks = np.asarray(stream.known_tasks(), np.float64) if stream.tasks else np.zeros((0, stream.dimensions))
    for noise in np.geomspace(0.1, 2.0, 13) if len(tasks) else ():
        answers = posterior_mean_of_tasks(inputs, values, tasks=tasks, noise=float(noise))
        found["remembered tasks", (("noise", float(noise)),)] = answers
    return found


def _updates(gradients: Float[np.ndarray, "B T P"], answers: Float[np.ndarray, "B T P"]) -> Answers:
    """Returns what rules answer to the gradients that it saw, at the rate that suits its answers best."""
    rules: dict[tuple[str, float], DescentRule] = {("gradient descent", 0.0): Momentum(1.0, decay=0.0)}
    rules |= {("momentum", decay): Momentum(1.0, decay=decay) for decay in (0.5, 0.8, 0.9, 0.95, 0.99)}
    rules |= {("Adam", 0.0): Adam(1.0), ("RMSprop", 0.0): RMSprop(1.0)}
    found = {}
    for (family, decay), rule in rules.items():
        memory, updates = rule.begin(gradients[:, 0]), np.empty_like(gradients)
        for step in range(gradients.shape[1]):
            updates[:, step], memory = rule.update(gradients[:, step], memory)
        rate = float((updates * answers).sum() / max(np.square(updates).sum(), 1e-300))
        setting = (("rate", rate), *((("decay", decay),) if decay else ()))
        found[family, setting] = (rate * updates).reshape(len(updates), -1)
    return found


LEARNER_ATTRIBUTION: Assay[Attribution] = Assay(
    name="learner-attribution",
    question="optimizer",
    summary="Which reference learner, with which parameters, answers as it does; or none of these?",
    stage=Stage.LEARNING,
    place=2,
    details=Attribution,
    undone="Which algorithm it learns by could not be told.",
    run=learner_attribution,
)
