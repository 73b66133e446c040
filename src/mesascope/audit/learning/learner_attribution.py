"""Which algorithm runs inside: reference learners that would have answered as it did, or none of these.

A bandit's choices are attributed by their likelihood given what was known before each. Where answers are numbers the
share of them is stated that a reference gives (predictions of a regression, updates of an optimizer).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import product
from typing import NamedTuple

import msgspec
import numpy as np
from jaxtyping import Float

from mesascope.audit.assay import Assay, Stage
from mesascope.audit.learning.attribution import ALIKE, ENOUGH, Attribution, attribute, ratio
from mesascope.audit.learning.context import LearningContext
from mesascope.audit.learning.learner_fit import Choices
from mesascope.audit.learning.references import RATES, prompts
from mesascope.audit.learning.two_step_choices import TwoStepChoices, attribute_two_step
from mesascope.core.rounding import sided
from mesascope.core.text import shown
from mesascope.core.verdicts import Estimate, Evidence, Verdict
from mesascope.planning.learners.descent import Adam, DescentRule, Momentum, RMSprop
from mesascope.planning.learners.regression import (
    fitted_preconditioner,
    gradient_steps,
    posterior_mean_of_tasks,
    preconditioned_step,
    ridge,
    transformed_steps,
)
from mesascope.worlds.streams.bandits import Bandits
from mesascope.worlds.streams.linear_systems import LinearSystems
from mesascope.worlds.streams.optimisees import Optimisee
from mesascope.worlds.streams.regression import Regression
from mesascope.worlds.streams.two_step import TwoStep

ENOUGH_CHOICES, FEWEST = 5_120, 64
"""Choices, and at least episodes, that tell learners apart well enough; more of them take longer."""
CURVATURES: tuple[float, ...] = (0.1, 0.25, 0.5, 0.75, 1.0, 1.4, 2.0)


class Reference(NamedTuple):
    """What a reference answers, and how much about it was free to be fitted to the agent."""

    family: str
    setting: dict[str, float]
    answers: Float[np.ndarray, "B M"]
    free: int


def learner_attribution(context: LearningContext) -> Evidence[Attribution]:
    """Attributes what an agent answers to reference learners."""
    stream = context.stream
    if isinstance(stream, Bandits):
        found = _of_choices(context, stream)
    elif isinstance(stream, TwoStep):
        some, places = slice(max(FEWEST, ENOUGH_CHOICES // stream.trials)), context.reference.observations[..., 3]
        # Where a choice led to is seen one trial later.
        came = np.pad(places[some, 1:], ((0, 0), (0, 1))) > 0.5
        reference = context.reference
        trials = TwoStepChoices(reference.answers[some], came.astype(int), reference.signals[some, :, 0], stream.common)
        found = attribute_two_step(trials, seed=context.seed)
    elif isinstance(stream, Regression):
        inputs, values = prompts(context, stream)
        counted = np.asarray(stream.counted)
        answers = context.reference.answers[:, counted, 0].astype(np.float64)
        found = _of_numbers(context, answers, _predictions(stream, inputs, values, answers))
    elif isinstance(stream, Optimisee):
        gradients = context.reference.observations[..., : stream.outputs].astype(np.float64)
        answers = context.reference.answers
        flat = answers.reshape(len(answers), -1)
        found = _of_numbers(context, flat, _updates(gradients, answers))
    elif isinstance(stream, LinearSystems):
        flat = context.reference.answers.astype(np.float64).reshape(context.episodes, -1)
        found = _of_numbers(context, flat, _next_states(context.reference.observations.astype(np.float64)))
    else:
        return LEARNER_ATTRIBUTION.nothing(f"there are no reference learners of stream {shown(stream.name)}")
    if isinstance(found, str):
        return LEARNER_ATTRIBUTION.nothing(found)
    return _told(found)


def _told(found: Attribution) -> Evidence[Attribution]:
    known = {name: f"{one.value:.3g} [{one.low:.3g}, {one.high:.3g}]" for name, one in found.parameters.items()}
    setting = ", ".join(f"{name} {known.get(name, f'{value:.3g}')}" for name, value in found.setting.items())
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


def _of_numbers(
    context: LearningContext, answers: Float[np.ndarray, "B M"], references: list[Reference]
) -> Attribution | str:
    """Returns the attribution of numbers to references by the share of their square that each gives."""
    size = np.square(answers).mean(1)
    if not size.any():
        return "it answers 0 every time, which is of no size that a reference could give a share of"
    best: dict[str, tuple[float, Reference, Float[np.ndarray, " B"]]] = {}
    for one in references:
        left = np.square(answers - one.answers).mean(1)
        # As if errors were normal and episodes the units that know nothing of each other; less what freedom is worth.
        share = max(round(float(left.mean() / size.mean()), 9), 1e-9)
        nats = -len(size) / 2 * float(np.log(share)) - one.free / 2 * float(np.log(len(size)))
        if one.family not in best or nats > best[one.family][0]:
            best[one.family] = nats, one, left
    order = sorted(best, key=lambda family: (-round(best[family][0], 6), family))
    most, first, left = best[order[0]]
    weights = {family: float(np.exp(best[family][0] - most)) for family in order}
    return Attribution(
        posterior=tuple((family, weight / sum(weights.values())) for family, weight in weights.items()),
        alike=tuple(family for family in order[1:] if best[family][0] > most - ALIKE),
        setting=first.setting,
        parameters=_rate(first, answers, seed=context.seed),
        nats=most,
        explained=ratio(size - left, size, seed=context.seed),
    )


def _rate(reference: Reference, answers: Float[np.ndarray, "B M"], *, seed: int) -> dict[str, Estimate]:
    """Returns the inner learning rate with its 90 % interval, where answers are proportional to it."""
    rate, steps = reference.setting.get("rate"), reference.setting.get("steps", 1)
    own = reference.answers
    if not rate or steps != 1 or not own.any():
        return {}
    scale = np.square(own).mean()
    found = ratio(rate * (answers * own).mean(1) / scale, np.square(own).mean(1) / scale, seed=seed, confidence=0.9)
    return {"rate": found}


def _predictions(
    stream: Regression, inputs: Float[np.ndarray, "B T D"], values: Float[np.ndarray, "B T"], answers: np.ndarray
) -> list[Reference]:
    """Returns what references foretell at the steps that count, to each of which an agent answered `answers [B, M]`."""
    found, counted, wide = [], np.asarray(stream.counted), stream.dimensions

    def add(family: str, foretold: Float[np.ndarray, "B T"], free: int | None = None, **setting: float) -> None:
        if np.abs(foretold).max() < 1e6:
            free = len(setting) if free is None else free
            found.append(Reference(family, setting, foretold[:, counted], free))

    for steps in (1, 2, 3, 5, 10, 30):
        for rate in RATES:
            add("gradient descent", gradient_steps(inputs, values, steps=steps, rate=rate), steps=steps, rate=rate)
    for steps in (2, 3, 5):
        for rate, curvature in product(np.geomspace(0.25, 4.0, 13).tolist(), CURVATURES):
            foretold = transformed_steps(inputs, values, steps=steps, rate=rate, curvature=curvature)
            add("transformed gradient descent", foretold, steps=steps, rate=rate, curvature=curvature)
    for penalty in np.geomspace(1e-3, 30.0, 41).tolist():
        add("ridge", ridge(inputs, values, penalty=penalty), penalty=penalty)
    tasks = np.asarray(stream.known_tasks(), np.float64) if stream.tasks else np.zeros((0, wide))
    for noise in np.geomspace(0.1, 2.0, 13).tolist() if len(tasks) else ():
        foretold = posterior_mean_of_tasks(inputs, values, tasks=tasks, noise=noise)
        add("remembered tasks", foretold, noise=noise)
    # Of two numbers for each that is fitted, at least, or it fits whatever is answered.
    if wide > 1 and answers.size >= 2 * wide**2:
        matrix = fitted_preconditioner(inputs, values, answers, counted=counted)
        rate = float(np.trace(matrix)) / wide
        # How far the matrix is from a multiple of the identity, as a share of its length.
        uneven = float(np.linalg.norm(matrix - rate * np.eye(wide)) / max(np.linalg.norm(matrix), 1e-300))
        foretold = preconditioned_step(inputs, values, rate=1.0, preconditioner=matrix)
        add("preconditioned gradient descent", foretold, wide**2, rate=rate, uneven=uneven)
    return found


def _next_states(states: Float[np.ndarray, "B T D"]) -> list[Reference]:
    """Returns what regressions of each state on the one before foretell, each entry being a regression of its own."""
    following = np.concatenate([states[:, 1:], np.zeros_like(states[:, :1])], 1)

    def told(rule: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> Float[np.ndarray, "B M"]:
        entries = [rule(states, following[..., entry]) for entry in range(states.shape[2])]
        return np.stack(entries, -1).reshape(len(states), -1)

    found = []
    for steps, rate in product((1, 3, 10), np.geomspace(0.1, 10.0, 13).tolist()):
        answers = told(partial(gradient_steps, steps=steps, rate=rate))
        if np.abs(answers).max() < 1e6:
            found.append(Reference("gradient descent", {"steps": float(steps), "rate": rate}, answers, 2))
    for penalty in np.geomspace(1e-3, 30.0, 19).tolist():
        found.append(Reference("ridge", {"penalty": penalty}, told(partial(ridge, penalty=penalty)), 1))
    return found


def _updates(gradients: Float[np.ndarray, "B T P"], answers: Float[np.ndarray, "B T P"]) -> list[Reference]:
    """Returns what rules answer to the gradients that it saw, at the rate that suits its answers best."""
    rules: dict[tuple[str, float], DescentRule] = {("gradient descent", 0.0): Momentum(1.0, decay=0.0)}
    rules |= {("momentum", decay): Momentum(1.0, decay=decay) for decay in (0.5, 0.8, 0.9, 0.95, 0.99)}
    rules |= {("Adam", 0.0): Adam(1.0), ("RMSprop", 0.0): RMSprop(1.0)}
    found = []
    for (family, decay), rule in rules.items():
        memory, updates = rule.begin(gradients[:, 0]), np.empty_like(gradients)
        for step in range(gradients.shape[1]):
            updates[:, step], memory = rule.update(gradients[:, step], memory)
        rate = float((updates * answers).sum() / max(np.square(updates).sum(), 1e-300))
        setting = {"rate": rate} | ({"decay": decay} if decay else {})
        found.append(Reference(family, setting, (rate * updates).reshape(len(updates), -1), len(setting)))
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
