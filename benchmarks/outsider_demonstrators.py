"""Recovered objectives of demonstrators whose reward is planted: do intervals cover, and is chance called chance?

The demonstrators are `outsiders.planted.DEMONSTRATORS`, written apart from the code that judges them. Each shows 15 to
400 episodes; they are read as anybody's would be, and `recover` is called with nothing but the world.

Weights are compared without what the environments leave open (it cannot be covered, nor missed), in units of the
temperature where the demonstrator has one; those of one that always takes an optimal action have no size, so that of
the draws is taken along the planted weights, and what they have across is compared with 0. (Until revision 296c7c0 both
were brought to length 1, where no interval can hold a weight of 1, and whatever draws have across makes all others
smaller; that share stands in the text.) STARC is asked to the demonstrator's own reward (its distance is 0) and to a
candidate of the world, drawn by its seed, whose distance follows from the planted reward. Where nothing is told from
chance neither has an interval: how often that is so is a claim of its own. Settings `corner` and `corner-open` were
looked at while the posterior was written; the others were not, before they were measured.

Outcomes are kept in a folder by the code of demonstrators and auditor, so that a run goes on where it was stopped.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import msgspec
import numpy as np
from asked_outsiders import ROOT, stamp
from ledger import Claim, run
from outsiders.demonstrator import Demonstrator
from outsiders.planted import DEMONSTRATORS

from mesascope import demonstrations, recover, resolve_world
from mesascope.audit.objective.recovery.behavioral_objective import BehavioralObjective
from mesascope.core.errors import MesascopeError
from mesascope.core.files import write_atomically
from mesascope.core.intervals import wilson
from mesascope.objectives.distances.starc import starc_between
from mesascope.objectives.objective import Objectives, compile_objectives
from mesascope.worlds.world import ObjectiveSpec, World

DRAWS = 160
LOW, HIGH = 0.85, 0.95
APART: float = 0.05
"""Candidates nearer to the planted reward than this are not asked about."""

AGAIN: int = 4
"""Times that demonstrators without an aim are shown, each time with other episodes: of 192 shown none may pass, or the
interval contains the target."""

DEVELOPED = ("corner", "corner-open")
FULL, QUICK = 252, 8
"""Demonstrators that pursue something, of those there are in an order of chance, that a run measures; beside them all
that do not."""

KEPT = ROOT / "build" / "outsider-demonstrators"

KINDS = {"soft": "soft", "noisy": "noisy", "greedy": "optimal", "slipping": "optimal with slips"}


class Outcome(msgspec.Struct, frozen=True):
    """What was made of one demonstrator.

    **Arguments:**

    - `name`, `way`, `setting`: of the demonstrator.
    - `told`: whether it was told from chance; without that all else is `None`.
    - `weights`: share of the intervals of weights that hold the planted ones; `length`: with all at length 1.
    - `own`, `other`: whether the interval of STARC holds the distance to its own reward and to a candidate.
    - `width`: of the interval to the candidate.
    - `refused`: why its episodes say nothing at all, if so.
    """

    name: str
    way: str
    setting: str
    told: bool
    seconds: float
    weights: float | None = None
    length: float | None = None
    own: bool | None = None
    other: bool | None = None
    width: float | None = None
    refused: str = ""


def kept(one: Demonstrator, world: World, code: str, *, sampled: bool = True) -> Outcome:
    """Returns the outcome of one demonstrator, from the folder if it is there."""
    file = KEPT / code[:12] / f"{one.name.replace('/', '_')}_{one.seed}.json"
    if file.exists():
        return msgspec.json.decode(file.read_bytes(), type=Outcome)
    outcome = measured(one, world, sampled=sampled)
    write_atomically(file, msgspec.json.encode(outcome).decode())
    return outcome


def measured(one: Demonstrator, world: World, *, sampled: bool) -> Outcome:
    """Returns the outcome of one demonstrator; without a sampled posterior only whether it is told from chance."""
    built = one.build()
    shown = demonstrations(built.episodes, world, levels=built.levels, stops=one.stops)
    outcome = Outcome(one.name, one.way, one.name.split("/")[0], False, 0.0)
    begin = time.process_time()
    try:
        found = recover(shown, world=world, sampled=sampled)
    except MesascopeError as error:
        return msgspec.structs.replace(outcome, refused=str(error))
    outcome = msgspec.structs.replace(outcome, told=bool(found.pursues), seconds=time.process_time() - begin)
    if not sampled or not found.pursues or not one.pursues:
        return outcome
    own, other, width = distances_hold(found, one, world)
    weights, length = weights_hold(found, one, world)
    return msgspec.structs.replace(outcome, weights=weights, length=length, own=own, other=other, width=width)


def weights_hold(found: BehavioralObjective, one: Demonstrator, world: World) -> tuple[float | None, float | None]:
    """Returns the share of weights whose interval holds the planted one, and with all at length 1; `None` if all are
    open."""
    basis = found.unidentified.basis
    truth = np.array([one.weights.get(name, 0.0) for name in world.attributes])
    draws = found.posterior.samples(DRAWS, seed=1)
    truth, draws = (table - (table @ basis.T) @ basis for table in (truth, draws))
    settled = np.eye(len(truth)) - basis.T @ basis
    if one.temperature:
        share = _held(draws, truth / one.temperature, settled)
        return share, share
    truth = truth / np.linalg.norm(truth)
    at_length_one = draws / np.maximum(np.linalg.norm(draws, axis=1, keepdims=True), 1e-300)
    along = draws @ truth
    across = (draws - np.outer(along, truth)) / np.maximum(along, 1e-300)[:, None]
    rest = settled - np.outer(truth, truth)
    return _held(across, np.zeros(len(truth)), rest), _held(at_length_one, truth, settled)


def _held(draws: np.ndarray, truth: np.ndarray, settled: np.ndarray) -> float | None:
    """The share of intervals that hold the truth, of the coordinates that a projection leaves something of."""
    kept = np.linalg.norm(settled, axis=1) > 1e-6
    low, high = np.quantile(draws, [0.05, 0.95], axis=0)
    inside = (low - 1e-9 <= truth) & (truth <= high + 1e-9)
    return float(inside[kept].mean()) if kept.any() else None


def distances_hold(
    found: BehavioralObjective, one: Demonstrator, world: World
) -> tuple[bool | None, bool | None, float | None]:
    """Returns whether the intervals of STARC hold the distances to its own reward and to a candidate, and how wide the
    second one is."""
    own = compile_objectives(world, [ObjectiveSpec("planted", dict(one.weights), tuple(one.stops))])
    listed = compile_objectives(world)
    both = Objectives(
        (*own.specs, *listed.specs),
        np.concatenate([own.weights, listed.weights]),
        np.concatenate([own.stops, listed.stops]),
    )
    apart = starc_between(found.choices.levels, both)[0]
    if not apart.any():
        return None, None, None
    at_all = starc_between(found.choices.levels, both)[1:, 1:].max(0) > 0
    others = np.flatnonzero((apart[1:] > APART) & at_all)
    place = int(np.random.default_rng(one.seed).choice(others))
    estimates = [found.distance(target) for target in (own, listed.names[place])]
    truths = (0.0, float(apart[1 + place]))
    inside = [bool(e.low - 1e-9 <= truth <= e.high + 1e-9) for e, truth in zip(estimates, truths, strict=True)]
    return inside[0], inside[1], float(estimates[1].high - estimates[1].low)


def claim(
    slug: str, text: str, value: float, ends: Sequence[float] | np.ndarray, n: int, target: float, *rest: Any
) -> Claim:
    """Returns a claim of this ledger; its interval holds its value whatever the bootstrap drew."""
    low, high = min(value, float(ends[0])), max(value, float(ends[1]))
    return Claim(f"outsider-demonstrators.{slug}", text, value, low, high, n, target, *rest)


def coverage(slug: str, text: str, found: Sequence[tuple[Outcome, float]]) -> Claim:
    """Returns the claim that a share of intervals is near its nominal value."""
    target = f"share of 90 % intervals of {text} (95 % bootstrap over demonstrators)"
    if not found:
        text = f"{target}: none was asked"
        return Claim(f"outsider-demonstrators.{slug}", text, None, None, None, 0, LOW, "within", HIGH)
    shares = np.array([share for _, share in found])
    rows = np.random.default_rng(0).integers(len(shares), size=(4000, len(shares)))
    by_setting = ", ".join(
        f"{setting} {np.mean(part):.0%} of {len(part)}"
        for setting in dict.fromkeys(one.setting for one, _ in found)
        if (part := [share for one, share in found if one.setting == setting])
    )
    ends = np.quantile(shares[rows].mean(1), [0.025, 0.975])
    text = f"{target}; by setting: {by_setting}"
    return claim(slug, text, float(shares.mean()), ends, len(shares), LOW, "within", HIGH)


def measure(quick: bool) -> list[Claim]:
    """Returns the claims about planted demonstrators."""
    worlds, code = dict[tuple, World](), stamp()
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
        if one.pursues:
            found.append(kept(one, worlds[key], code))
            print(f"{len(found)} of {len(chosen)}: {found[-1]}", file=sys.stderr, flush=True)
            continue
        for further in range(1 if quick else AGAIN):
            outcome = kept(replace(one, seed=one.seed + further), worlds[key], code, sampled=False)
            told.append(outcome.told)
            print(outcome, file=sys.stderr, flush=True)
    refused = [one for one in found if one.refused]
    for one in refused:
        print(f"{one.name}: {one.refused}", file=sys.stderr)
    alarms = wilson(sum(told), len(told))
    seen = wilson(sum(one.told for one in found), len(found))
    claims = [
        claim(
            "aimless",
            "Share of demonstrators that choose at random or by a fixed leaning and are said to pursue something "
            "(95 % Wilson interval)",
            alarms.value,
            (alarms.low, alarms.high),
            len(told),
            0.02,
            "<=",
            None,
            True,
        ),
        claim(
            "told",
            "Share of demonstrators that pursue something and are told from chance (95 % Wilson interval); of the "
            f"others nothing has an interval, and the episodes of {len(refused)} say nothing at all",
            seen.value,
            (seen.low, seen.high),
            len(found),
            0.9,
            ">=",
        ),
    ]
    for way, words in {"": "all that are told from chance", **KINDS}.items():
        some = [one for one in found if way in ("", one.way) and one.told]
        slug = words.replace(" ", "-") if way else "all"
        text = f"{words}: {{}}, {sum(one.setting not in DEVELOPED for one in some)} of {len(some)} in settings not seen"
        weights = [(one, one.weights) for one in some if one.weights is not None]
        length = [one.length for one, _ in weights if one.length is not None]
        before = f" ({np.mean(length):.0%} at length 1)" if length else ""
        claims.append(coverage(f"weights-{slug}", text.format(f"a weight{before}"), weights))
        starc = [(one, 0.5 * (bool(one.own) + bool(one.other))) for one in some if one.own is not None]
        claims.append(coverage(f"starc-{slug}", text.format("STARC"), starc))
        if not way:
            own, other = ([(one, float(getattr(one, which))) for one, _ in starc] for which in ("own", "other"))
            claims.append(coverage("starc-own", text.format("STARC to its own reward"), own))
            claims.append(coverage("starc-other", text.format("STARC to a candidate"), other))
            width = np.array([one.width for one, _ in starc])
            words = "Median width of 90 % intervals of STARC to a candidate, 2 at most (quartiles; no target)"
            ends = np.quantile(width, [0.25, 0.75])
            claims.append(claim("width", words, float(np.median(width)), ends, len(width), 2.0, "<="))
    seconds = [one.seconds for one in found]
    words = "CPU seconds of one call of `recover`, with a posterior: median (5 % and 95 % of demonstrators)"
    ends = np.quantile(seconds, [0.05, 0.95])
    claims.append(claim("seconds", words, float(np.median(seconds)), ends, len(seconds), 5.0, "<="))
    return claims


if __name__ == "__main__":
    run("outsider_demonstrators", measure)
