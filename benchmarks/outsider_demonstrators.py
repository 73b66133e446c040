"""Recovered objectives of demonstrators whose reward is planted: do intervals cover, and is chance called chance?

The demonstrators are `outsiders.planted.DEMONSTRATORS`, written apart from the code that judges them. Each shows 15 to
400 episodes; they are read as anybody's would be, and `recover` is called with nothing but the world.

Weights are compared without what the environments leave open (it cannot be covered, nor missed), in units of the
temperature where the demonstrator has one; those of one that always takes an optimal action have no size, so they and
the draws are brought to length 1. STARC is asked to the demonstrator's own reward (its distance is 0) and to a
candidate of the world, drawn by its seed, whose distance follows from the planted reward. Where nothing is told from
chance STARC is withheld: that is counted, and is no interval. Settings `corner` and `corner-open` were looked at while
the sampler was written; the others were not, before they were measured.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from ledger import Claim, run
from outsiders.demonstrator import Demonstrator
from outsiders.planted import DEMONSTRATORS

from mesascope import demonstrations, recover, resolve_world
from mesascope.audit.objective.recovery.behavioral_objective import BehavioralObjective
from mesascope.core.errors import MesascopeError
from mesascope.core.intervals import wilson
from mesascope.core.verdicts import Verdict
from mesascope.objectives.distances.starc import starc_between
from mesascope.objectives.objective import Objectives, compile_objectives
from mesascope.worlds.world import ObjectiveSpec, World

DRAWS = 400
LOW, HIGH = 0.85, 0.95
APART: float = 0.05
"""Candidates nearer to the planted reward than this are not asked about."""

AGAIN: int = 3
"""Times that demonstrators without an aim are shown, each time with other episodes: their claim is one of safety."""

DEVELOPED = ("corner", "corner-open")
FULL, QUICK = 110, 8
"""Demonstrators that pursue something, of those there are in an order of chance, that a run measures; all of them take
half an hour of one core."""

KINDS = {"soft": "soft", "noisy": "noisy", "greedy": "optimal", "slipping": "optimal with slips", "random": "random"}


@dataclass(frozen=True)
class Outcome:
    """What was made of one demonstrator.

    **Arguments:**

    - `weights`: share of the intervals of weights that hold the planted ones; `None` where no weights are true.
    - `own`, `other`: whether the interval of STARC holds the distance to its own reward and to a candidate; `None` if
      it was withheld.
    - `told`: whether it was told from chance; `named`: whether one objective was said to explain it.
    """

    one: Demonstrator
    weights: float | None
    own: bool | None
    other: bool | None
    told: bool
    named: bool
    seconds: float

    @property
    def setting(self) -> str:
        """Where."""
        return self.one.name.split("/")[0]


def measured(one: Demonstrator, world: World) -> Outcome | None:
    """Returns the outcome of one demonstrator; `None` if its episodes say nothing at all."""
    built = one.build()
    shown = demonstrations(built.episodes, world, levels=built.levels, stops=one.stops)
    begin = time.process_time()
    try:
        found = recover(shown, world=world)
    except MesascopeError as error:
        print(f"{one.name}: {error}", file=sys.stderr, flush=True)
        return None
    seconds = time.process_time() - begin
    own = other = None
    if found.pursues and one.pursues:
        own, other = distances_hold(found, one, world)
    named = found.pursues and found.coherence.verdict is Verdict.PASS
    return Outcome(one, weights_hold(found, one, world), own, other, found.pursues, named, seconds)


def aimed(one: Demonstrator, world: World) -> bool:
    """Returns whether a demonstrator is said to pursue something."""
    built = one.build()
    shown = demonstrations(built.episodes, world, levels=built.levels, stops=one.stops)
    return recover(shown, world=world, sampled=False).pursues


def weights_hold(found: BehavioralObjective, one: Demonstrator, world: World) -> float | None:
    """Returns the share of weights whose interval holds the planted one; a fixed leaning has none that are true."""
    basis = found.unidentified.basis
    truth = np.array([one.weights.get(name, 0.0) for name in world.attributes])
    draws = found.posterior.samples(DRAWS, seed=1)
    truth, draws = (table - (table @ basis.T) @ basis for table in (truth, draws))
    kept = np.linalg.norm(np.eye(len(truth)) - basis.T @ basis, axis=1) > 1e-6
    if one.temperature:
        truth = truth / one.temperature
    elif one.pursues:
        truth = truth / np.linalg.norm(truth)
        draws = draws / np.maximum(np.linalg.norm(draws, axis=1, keepdims=True), 1e-300)
    low, high = np.quantile(draws, [0.05, 0.95], axis=0)
    inside = (low - 1e-9 <= truth) & (truth <= high + 1e-9)
    return float(inside[kept].mean()) if kept.any() else None


def distances_hold(found: BehavioralObjective, one: Demonstrator, world: World) -> tuple[bool | None, bool | None]:
    """Returns whether the intervals of STARC hold the distances to its own reward and to a candidate."""
    own = compile_objectives(world, [ObjectiveSpec("planted", dict(one.weights), tuple(one.stops))])
    listed = compile_objectives(world)
    both = Objectives(
        (*own.specs, *listed.specs),
        np.concatenate([own.weights, listed.weights]),
        np.concatenate([own.stops, listed.stops]),
    )
    apart = starc_between(found.choices.levels, both)[0]
    if not apart.any():
        return None, None
    at_all = starc_between(found.choices.levels, both)[1:, 1:].max(0) > 0
    others = np.flatnonzero((apart[1:] > APART) & at_all)
    place = int(np.random.default_rng(one.seed).choice(others))
    estimates = [found.distance(target) for target in (own, listed.names[place])]
    truths = (0.0, float(apart[1 + place]))
    inside = [bool(e.low - 1e-9 <= truth <= e.high + 1e-9) for e, truth in zip(estimates, truths, strict=True)]
    return inside[0], inside[1]


def coverage(slug: str, text: str, found: Sequence[tuple[Outcome, float]]) -> Claim:
    """Returns the claim that a share of intervals is near its nominal value."""
    target = f"share of 90 % intervals of {text} (95 % bootstrap over demonstrators)"
    if not found:
        text = f"{target}: none was asked"
        return Claim(f"outsider-demonstrators.{slug}", text, None, None, None, 0, LOW, "within", most=HIGH)
    shares = np.array([share for _, share in found])
    rows = np.random.default_rng(0).integers(len(shares), size=(4000, len(shares)))
    low, high = np.quantile(shares[rows].mean(1), [0.025, 0.975])
    value = float(shares.mean())
    by_setting = ", ".join(
        f"{setting} {np.mean(part):.0%} of {len(part)}"
        for setting in dict.fromkeys(one.setting for one, _ in found)
        if (part := [share for one, share in found if one.setting == setting])
    )
    return Claim(
        f"outsider-demonstrators.{slug}",
        f"{target}; by setting: {by_setting}",
        value,
        min(value, float(low)),
        max(value, float(high)),
        len(shares),
        LOW,
        "within",
        most=HIGH,
    )


def measure(quick: bool) -> list[Claim]:
    """Returns the claims about planted demonstrators."""
    worlds: dict[tuple, World] = {}
    found, told = list[Outcome](), list[bool]()
    # In an order of chance, so that any number of them is a fair sample.
    listed = list(DEMONSTRATORS)
    order = [listed[place] for place in np.random.default_rng(0).permutation(len(listed))]
    chosen = [one for one in order if one.pursues][: QUICK if quick else FULL]
    aimless = [one for one in order if not one.pursues and (one.episodes < 50 or not quick)]
    for one in [*chosen, *aimless]:
        key = (one.world, *sorted(one.world_options.items()))
        if key not in worlds:
            worlds[key] = resolve_world(one.world, dict(one.world_options))
        if one.way != "biased":
            outcome = measured(one, worlds[key])
            found += [outcome] if outcome else []
            print(outcome, file=sys.stderr, flush=True)
        if not one.pursues:
            more = range(1 if quick else AGAIN)
            told += [aimed(replace(one, seed=one.seed + further), worlds[key]) for further in more]
    alarms = wilson(sum(told), len(told))
    after = [one for one in found if one.one.pursues]
    seen = wilson(sum(one.told for one in after), len(after))
    claims = [
        Claim(
            "outsider-demonstrators.aimless",
            "Share of demonstrators that choose at random or by a fixed leaning and are said to pursue something "
            "(95 % Wilson interval)",
            alarms.value,
            alarms.low,
            alarms.high,
            len(told),
            0.02,
            "<=",
            safety=True,
        ),
        Claim(
            "outsider-demonstrators.told",
            "Share of demonstrators that pursue something and are told from chance (95 % Wilson interval); of the "
            "others STARC is withheld",
            seen.value,
            seen.low,
            seen.high,
            len(after),
            0.9,
            ">=",
        ),
    ]
    for way, words in {"": "all that plan, and random ones", **KINDS}.items():
        some = [one for one in found if way in ("", one.one.way)]
        slug = words.replace(" ", "-") if way else "all"
        text = f"{words}: {{}}, {sum(one.setting not in DEVELOPED for one in some)} of {len(some)} in settings not seen"
        weights = [(one, one.weights) for one in some if one.weights is not None]
        claims.append(coverage(f"weights-{slug}", text.format("a weight"), weights))
        if way != "random":
            starc = [(one, 0.5 * (bool(one.own) + bool(one.other))) for one in some if one.own is not None]
            claims.append(coverage(f"starc-{slug}", text.format("STARC"), starc))
    seconds = sorted(one.seconds for one in found)
    claims.append(
        Claim(
            "outsider-demonstrators.seconds",
            "CPU seconds of one call of `recover`, with a sampled posterior: median (5 % and 95 % of demonstrators)",
            float(np.median(seconds)),
            float(np.quantile(seconds, 0.05)),
            float(np.quantile(seconds, 0.95)),
            len(seconds),
            5.0,
            "<=",
        )
    )
    return claims


if __name__ == "__main__":
    run("outsider_demonstrators", measure)
