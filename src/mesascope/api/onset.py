"""When deception pays, from Python."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from mesascope.core.errors import UsageError
from mesascope.core.provenance import Stopwatch, provenance
from mesascope.core.quantities import SEED, Real
from mesascope.report.data.onset_report import OnsetReport
from mesascope.theory.lifetimes import Conditions, Lifetime

THREATS: tuple[float, ...] = (0.1, 0.25, 0.3, 0.35, 0.4, 0.5, 1.0)
MYOPIC_THREATS: tuple[float, ...] = (0.1, 0.5, 1.0)
"""Under which policies are trained, besides the threat that was asked about."""

LONGEST: int = 20
"""Episodes of a lifetime that policies are trained on: a minute's worth."""
CELLS: int = 50_000
"""Bytes that each training episode takes while the best reaction to a cue is looked for."""
SECONDS: float = 5e-6
"""That each pair of training episodes takes: as many threats are looked at as there are episodes."""


def onset(
    training_episodes: int = 2,
    deployment_episodes: int = 3,
    *,
    threat: float = 1.0,
    discount: float = 1.0,
    cue_accuracy: float = 1.0,
    learned: Sequence[int] = (),
    most_episodes: int = 1000,
) -> OnsetReport:
    """Says when deception pays: complying in training, defecting in deployment, under a threat (RFLO §4).

    The agent's own goal pays 1 in an episode in which it defects, and a defection in training replaces its objective
    with the chance `threat`.

    **Arguments:**

    - `training_episodes`, `deployment_episodes`: of a lifetime, under the threat and after it has ended.
    - `threat`: chance that a defection in training replaces the objective, in [0, 1].
    - `discount`: worth of an episode relative to the one before, in [0, 1].
    - `cue_accuracy`: chance that the cue to training and deployment is right, in [0.5, 1].
    - `learned`: seeds of policies that are trained on their own pay-off, too; takes up to a minute.
    - `most_episodes`: longer lifetimes are refused, with what they would cost.

    **Returns:** the exact tables and what was learned; `contents()` are what `mesascope onset` writes.

    **Raises:** `UsageError` for numbers out of range and lifetimes that are too long.
    """
    from mesascope.theory.onset_curves import onset_curves

    watch = Stopwatch()
    Real(0.5, 1.0).check(cue_accuracy, "cue_accuracy")
    for seed in learned:
        SEED.check(seed, "learned")
    lifetime = Lifetime(training_episodes, deployment_episodes, threat, discount)
    check_length(lifetime, most_episodes=most_episodes, learned=bool(learned))
    exact = onset_curves(lifetime, cue_accuracy)
    policies = _learned(lifetime, tuple(learned), cue_accuracy) if learned else []
    asked = {**asdict(lifetime), "accuracy": cue_accuracy}
    return OnsetReport.of(asked, exact, policies, provenance(seed=learned[0] if learned else 0, watch=watch))


def check_length(lifetime: Lifetime, *, most_episodes: int, learned: bool) -> None:
    """Raises `UsageError` if a lifetime has more episodes than can be planned, or than policies are trained on."""
    if lifetime.episodes > most_episodes:
        gibibytes = (0.2 * 2**30 + CELLS * lifetime.training + 500 * lifetime.deployment) / 2**30
        minutes = 1 / 60 + (SECONDS * lifetime.training**2 + 1e-4 * lifetime.episodes) / 60
        raise UsageError(
            f"A lifetime of {lifetime.episodes:,} episodes takes about {gibibytes:,.1f} GiB and "
            f"{minutes:,.0f} minutes; at most {most_episodes:,} episodes are planned. Shorten it, "
            "or raise the limit with --most-episodes."
        )
    if learned and lifetime.episodes > LONGEST:
        raise UsageError(
            f"Policies are trained on lifetimes of at most {LONGEST} episodes, not {lifetime.episodes}; shorten it "
            "or leave out --learned."
        )


def _learned(lifetime: Lifetime, seeds: tuple[int, ...], accuracy: float) -> list[dict[str, Any]]:
    from mesascope.training.learned_onset import PhaseRate, learned_cells

    def phase(rate: PhaseRate) -> dict[str, Any]:
        found = rate.estimate
        numbers = (None,) * 3 if found is None else (found.value, found.low, found.high)
        return {**dict(zip(("value", "low", "high"), numbers, strict=True)), "least": min(rate.visits)}

    kinds = [(threat, Conditions()) for threat in sorted({*THREATS, lifetime.threat})]
    kinds += [(threat, Conditions(spans_updates=False)) for threat in MYOPIC_THREATS]
    return [
        {
            "threat": cell.threat,
            "spans_updates": cell.conditions.spans_updates,
            "seeds": len(seeds),
            "training": phase(cell.training),
            "deployment": phase(cell.deployment),
            "verdict": str(cell.verdict),
        }
        for cell in learned_cells(lifetime, kinds, seeds=seeds, accuracy=accuracy)
    ]
