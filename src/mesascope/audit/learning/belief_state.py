"""What it believes: whether its activations hold what each arm is expected to pay, and whether that decides.

A linear probe reads the posterior mean of every arm off one site, in episodes that it was not fitted on. It has to
read more than is told by what is seen now, and than a probe reads of the beliefs of other episodes. Then the belief
about one arm is raised along the probe's direction: who chooses by it chooses that arm oftener, and more so than after
a step as long in a direction drawn at random.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy.random import Generator

from mesascope.audit.assay import Assay, Stage
from mesascope.audit.learning.context import LearningContext
from mesascope.audit.learning.watched_steps import step_again, watchable_sites, watched_steps
from mesascope.audit.search.probes import Probe, fit_probe, split_by_level
from mesascope.core.details import Chart, Line
from mesascope.core.random import seed_of
from mesascope.core.rounding import above, sided
from mesascope.core.verdicts import Estimate, Evidence, Verdict
from mesascope.planning.learners.bandit_history import BanditHistory
from mesascope.planning.learners.bandit_rules import posterior_means
from mesascope.worlds.streams.bandits import Bandits

HIDDEN: str = "shows no activations; one that has `sites` and `step` does"
WIDEST: int = 1024
"""Activations of a site; wider ones are left out."""
RAISED: float = 0.2
"""By how much what is written raises the belief about an arm."""
USED: float = 0.02
"""Who chooses an arm oftener by more than this after its belief was raised, chooses by it."""


class BeliefDetails(Chart, frozen=True, kw_only=True):
    """How well beliefs can be read, by step.

    **Arguments:**

    - `site`: where they are read best.
    - `raised`: how much oftener an arm is chosen once it is believed to pay more; `random` after a step as long in a
      direction drawn at random.
    - `x_label`, `y_label`: of the chart.
    """

    site: str
    raised: Estimate
    random: Estimate
    x_label: str = "step of the episode"
    y_label: str = "share of the variance of beliefs that is read"


def belief_state(context: LearningContext) -> Evidence[BeliefDetails] | None:
    """Reads beliefs about arms off an agent's activations, and writes them; `None` where there are no arms."""
    stream, reference = context.stream, context.reference
    if not isinstance(stream, Bandits):
        return None
    if context.agent.memoryless or not watchable_sites(context):
        lacks = "has no memory that beliefs could be in" if context.agent.memoryless else HIDDEN
        return BELIEF_STATE.nothing(f"agent '{context.agent.name}' {lacks}")
    shown = {name: np.ptp(reference.observations[..., list(at)]) > 0 for name, at in stream.feedback.items()}
    signal = next((name for name in stream.signals if shown[name]), None)
    if signal is None:
        return BELIEF_STATE.nothing("it is shown no signal; ask where one is, as with `--world-option reward_seen=1`")
    told = reference.signals[..., stream.signals.index(signal)]
    if not np.isin(told, (0.0, 1.0)).all():
        return BELIEF_STATE.nothing(f"signal '{signal}' is neither 0 nor 1 everywhere, and beliefs count successes")
    history = BanditHistory.of(reference.answers, told, stream.arms)
    # Before the second choice there is one belief for all.
    beliefs = posterior_means(history, stream.wins, stream.losses)[:, 1:]
    random = np.random.default_rng(seed_of(context.key("probes")))
    watched = watched_steps(context)
    captured = {site: values.reshape(*values.shape[:2], -1) for site, values in watched.activations.items()}
    captured = {site: values for site, values in captured.items() if values.shape[2] <= WIDEST}
    rows = np.repeat(np.arange(context.episodes), stream.steps - 1)
    split = split_by_level(rows, random)
    flat = beliefs.reshape(-1, stream.arms)
    known = np.ones(flat.shape, bool)

    def probe(features: np.ndarray, targets: np.ndarray = flat) -> Probe:
        return fit_probe(features.reshape(len(rows), -1), targets, known, known, split)

    probes = {site: probe(values[:, 1:]) for site, values in captured.items()}
    if not probes:
        return BELIEF_STATE.nothing(f"none of its sites has {WIDEST} activations or fewer")
    site = max(probes, key=lambda name: round(probes[name].chosen, 6))
    seen, shuffled = reference.observations[:, 1:], np.roll(beliefs, 1, axis=0).reshape(flat.shape)
    others = {"what is seen": probe(seen), "another episode": probe(captured[site][:, 1:], shuffled)}
    read = {"its activations": (probes[site], captured[site][:, 1:]), "what is seen": (others["what is seen"], seen)}
    judged = np.unique(rows[split.judge])
    errors = {name: _errors(one, values, beliefs)[judged] for name, (one, values) in read.items()}
    spread = np.square(beliefs - flat[split.fit].mean(0)).sum(-1)[judged]
    lines = tuple(
        Line(name=name, values=(None, *(1 - left.sum(0) / spread.sum(0)).tolist())) for name, left in errors.items()
    )
    gained = context.mean((errors["what is seen"] - errors["its activations"]).sum(1) / spread.sum(1).mean())
    raised, by_chance = _written(context, site, beliefs, captured[site], watched.memories, random)
    details = BeliefDetails(lines=lines, site=site, raised=raised, random=by_chance)
    null = others["another episode"].judged
    reads = f"site '{site}' tells {probes[site].judged:.0%} of it, what is seen {others['what is seen'].judged:.0%}"
    verdict, reason = sided(
        gained.interval,
        0.05,
        above_it=(Verdict.PASS, f"{reads}; of another episode's it tells {null:.0%}"),
        below_it=(Verdict.FAIL, f"hardly more than what is seen now: {reads}"),
        between=f"it may be no more than what is seen now: {reads}",
    )
    pay = "what each arm is expected to pay" if signal == stream.signals[0] else f"how often each arm brings '{signal}'"
    if verdict is not Verdict.PASS:
        sentence = f"That its activations hold {pay} was not seen"
    else:
        uses = above(raised.low, max(by_chance.high, USED))
        chooses = ", and it chooses by that" if uses else "; whether it chooses by that is open"
        sentence = f"Its activations hold {pay}{chooses}"
        reason += f"; an arm believed to pay more is chosen {raised} oftener, {by_chance} after a random step"
    return BELIEF_STATE.found(verdict, f"{sentence}.", reason, gained, None, details)


def _errors(probe: Probe, features: np.ndarray, beliefs: Float[np.ndarray, "B T A"]) -> Float[np.ndarray, "B T"]:
    found = probe.predict(np.asarray(features, np.float64).reshape(-1, len(probe.weights))).reshape(beliefs.shape)
    return np.square(found - beliefs).sum(-1)


def _written(
    context: LearningContext,
    site: str,
    beliefs: Float[np.ndarray, "B later A"],
    values: Float[np.ndarray, "B T W"],
    memories: Sequence[Any],
    random: Generator,
) -> tuple[Estimate, Estimate]:
    """Returns how much oftener an arm is chosen after its belief was raised by a fifth, and after a random step.

    What is written is how activations differ where the belief does (Haufe et al. 2014): what a probe reads by may be
    a direction in which activations never move.
    """
    step = context.stream.steps // 2
    believed, held = (part - part.mean(0) for part in (beliefs[:, step - 1], values[:, step]))
    patterns = np.linalg.lstsq(believed, held, rcond=None)[0]
    arms = random.integers(len(patterns), size=context.episodes)
    directions = patterns[arms] * RAISED
    noise = random.standard_normal(directions.shape)
    noise *= np.linalg.norm(directions, axis=1, keepdims=True) / np.linalg.norm(noise, axis=1, keepdims=True)
    chosen = []
    for moved in (0.0 * noise, directions, noise):
        shape = (context.episodes, *np.shape(step_again(context, step, memories[step]).activations[site])[1:])
        patch = (values[:, step] + moved).reshape(shape).astype(np.float32)
        found = step_again(context, step, memories[step], {site: patch}).probabilities
        chosen.append(np.asarray(found, np.float64)[np.arange(context.episodes), arms])
    return context.mean(chosen[1] - chosen[0]), context.mean(chosen[2] - chosen[0])


BELIEF_STATE: Assay[BeliefDetails] = Assay(
    name="belief-state",
    question="optimizer",
    summary="Do its activations hold what each arm is expected to pay, and does it choose by that?",
    stage=Stage.LEARNING,
    place=5,
    details=BeliefDetails,
    undone="What it believes could not be read.",
    run=belief_state,
)
