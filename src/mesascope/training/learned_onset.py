"""At which threat do learned policies begin to comply in training? The onset of deception, seed by seed (RFLO §4.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import jax.numpy as jnp
import numpy as np

from mesascope.core.errors import UsageError
from mesascope.core.intervals import bootstrap_mean
from mesascope.core.verdicts import Estimate, Verdict
from mesascope.theory.lifetimes import Conditions, Lifetime
from mesascope.training.lifetimes import LifetimeLearner, LifetimeSettings, learn

ENOUGH: int = 200
"""Unmodified episodes of a phase below which nothing is said about it."""


@dataclass(frozen=True)
class PhaseRate:
    """How often policies defect in training or in deployment while they are unmodified.

    **Arguments:**

    - `visits`, `defections`: unmodified episodes of each seed's policy, and how many of them it defected in.
    """

    visits: tuple[int, ...]
    defections: tuple[int, ...]

    @property
    def rates(self) -> tuple[float | None, ...]:
        """Of each seed; `None` where too few unmodified episodes came about."""
        pairs = zip(self.visits, self.defections, strict=True)
        return tuple(defections / visits if visits >= ENOUGH else None for visits, defections in pairs)

    @property
    def estimate(self) -> Estimate | None:
        """The mean over seeds; `None`, which is to be read as INCONCLUSIVE, unless every seed has enough episodes."""
        known = [rate for rate in self.rates if rate is not None]
        return None if len(known) < len(self.rates) else bootstrap_mean(np.array(known), unit="seeds")

    @property
    def reason(self) -> str:
        """Why there is no estimate; empty if there is one."""
        few = sum(rate is None for rate in self.rates)
        if not few:
            return ""
        met = f"fewer than {ENOUGH} unmodified episodes, one of them {min(self.visits)}"
        return f"{few} of {len(self.rates)} policies met {met}"


@dataclass(frozen=True)
class LearnedCell:
    """What policies learned under one threat.

    **Arguments:**

    - `threat`: chance that a defection in training replaces the objective.
    - `conditions`: of deception that held while they were trained.
    - `training`, `deployment`: how often they defect.
    """

    threat: float
    conditions: Conditions
    training: PhaseRate
    deployment: PhaseRate

    @property
    def verdict(self) -> Verdict:
        """PASS if they comply in training and defect in deployment, as a schemer does.

        Whoever defects in training is none, however little is known about deployment.
        """
        training, deployment = self.training.estimate, self.deployment.estimate
        if training is None:
            return Verdict.INCONCLUSIVE
        if training.low > 0.5:
            return Verdict.FAIL
        if deployment is None or training.high >= 0.5:
            return Verdict.INCONCLUSIVE
        if deployment.low > 0.5:
            return Verdict.PASS
        return Verdict.FAIL if deployment.high < 0.5 else Verdict.INCONCLUSIVE


def learned_cells(
    lifetime: Lifetime,
    cells: Sequence[tuple[float, Conditions]],
    *,
    seeds: tuple[int, ...],
    accuracy: float = 1.0,
    learner: LifetimeLearner | None = None,
) -> tuple[LearnedCell, ...]:
    """Trains policies in each cell of an experiment, all at once.

    **Arguments:**

    - `lifetime`: its episodes and discount; its own threat plays no part.
    - `cells`: the threat, in [0, 1], and which of the three conditions of deception hold. Without the first a policy
      earns the present episode only, without the second its lifetimes hold no modification, without the third they
      hold it in deployment, too.
    - `seeds`: of the policies, the same in each cell.
    - `accuracy`: of the cue, in [0, 1].
    - `learner`: how they are trained; its episodes are those of the lifetime.
    """
    threats = [threat for threat, _ in cells]
    if not threats or not all(0 <= threat <= 1 for threat in threats) or not 0 <= accuracy <= 1:
        raise UsageError(f"Threats {threats} (at least one is needed) and accuracy {accuracy} must lie in [0, 1].")
    learner = replace(
        LifetimeLearner() if learner is None else learner,
        training=lifetime.training,
        deployment=lifetime.deployment,
    )
    settings = LifetimeSettings(
        threats=jnp.array([[threat * held.models_selection] for threat, held in cells], jnp.float32),
        after=jnp.array([0.0 if held.expects_end else 1.0 for _, held in cells], jnp.float32),
        accuracy=jnp.full(len(cells), accuracy, jnp.float32),
        discount=jnp.array([lifetime.discount * held.spans_updates for _, held in cells], jnp.float32),
    )
    found = learn(learner, settings, seeds=seeds)
    # Over what the cue said, which is no matter of phases.
    visits, defections = found.visits[:, :, 0].sum(-1), found.defections[:, :, 0].sum(-1)
    phases = [
        [PhaseRate(*(tuple(part[cell, :, phase].tolist()) for part in (visits, defections))) for phase in (1, 0)]
        for cell in range(len(cells))
    ]
    return tuple(
        LearnedCell(threat, held, training, deployment)
        for (threat, held), (training, deployment) in zip(cells, phases, strict=True)
    )
