"""Walls: does what is written at one square move what is later active at its open neighbours, and not through walls?

What is active at the goal is written at another square. Counted is by how much later maps change at squares two and
three steps away as the crow flies: those to which the way is open, and those to which it is a detour. Matched by steps
as the crow flies, because detours are farther away by any other measure, and whatever fades would seem to obey walls.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from mesascope.audit.assay import Assay, Requirement, Stage, effect_of
from mesascope.audit.search.activation_sample import ActivationSample
from mesascope.audit.search.distances import FAR
from mesascope.audit.search.maps import NO_MAPS, ONE_MAP, lengths, manhattan, map_sites, squares_of
from mesascope.core.details import Details, Number
from mesascope.core.intervals import bootstrap_mean
from mesascope.core.random import seed_of, stream
from mesascope.core.rounding import above, sided
from mesascope.core.verdicts import Evidence, Verdict

STEPS: tuple[int, ...] = (2, 3)
"""As the crow flies, from the square that is written to."""

SITES: int = 2
"""That are written to: the first maps of those that others write to, too, so that nothing is compiled anew."""

AWAY: int = 4
"""Steps from the goal at least: nearer squares are worth something already."""

REACHED: float = 0.01
"""Change, relative to the usual length of a square's activations, from which on a square is reached."""

LEAK: float = 1 / 3
"""Change behind walls, as a share of that on open ways, below which walls are obeyed: open ways change three times as
much. The note's (`calibrated-answers`, section 3): planners 0, ConvNets trained on many mazes .53 and .79."""

FEWEST: int = 20


class WallsDetails(Details, frozen=True, kw_only=True):
    """What reaches squares.

    **Arguments:**

    - `sites`: that were written to.
    - `open`, `detour`: mean relative change where the way is open and where it is a detour.
    - `squares`: how many of either were counted.
    """

    sites: tuple[str, ...]
    open: Number
    detour: Number
    squares: tuple[int, int]


@dataclass(frozen=True)
class _Written:
    """Rows of the sample, and for each the state that is written to and the squares around it.

    **Arguments:**

    - `rows`: by number.
    - `target`: state that is written to.
    - `crow`, `steps`: from there to every state, as the crow flies and along open ways.
    - `counted`: states at which somebody can be.
    """

    rows: Int[np.ndarray, " R"]
    target: Int[np.ndarray, " R"]
    crow: Int[np.ndarray, "R S"]
    steps: Int[np.ndarray, "R S"]
    counted: Bool[np.ndarray, "R S"]


def walls(sample: ActivationSample) -> Evidence[WallsDetails]:
    """Writes what is active at the goal at another square and sees where it arrives.

    **Arguments:**

    - `sample`: the sample.

    **Returns:** evidence whose effect is the change behind walls as a share of that on open ways: 0 obeys, 1 ignores.
    """
    maps = map_sites(sample)
    if len(maps) < 2:
        return WALLS.nothing(NO_MAPS if not maps else ONE_MAP)
    written = _written(sample)
    if written is None:
        return WALLS.nothing(
            f"fewer than {FEWEST} levels hold a square {AWAY} steps from the goal with a detour near by"
        )
    early = maps[: max(1, len(maps) // 2)]
    tried = tuple(site for site in sample.few_sites if site in early)[:SITES] or maps[:1]
    open_changes, detours = [], []
    for site in tried:
        for distance in STEPS:
            on_open = written.counted & (written.crow == distance) & (written.steps == distance)
            behind = written.counted & (written.crow == distance) & (written.steps > distance + 1)
            arrived = _arrived(sample, written, site, maps, on_open)
            if arrived is not None:
                open_changes.append((arrived, on_open))
                detours.append((arrived, behind))
    level = sample.level[written.rows]
    if not open_changes:
        reason = "what is written at one square reaches none of its open neighbours"
        return WALLS.found(Verdict.FAIL, "Nothing is passed on from square to square.", reason)
    near, far = (_pooled(changes, level) for changes in (open_changes, detours))
    if min(len(near), len(far)) < FEWEST:
        return WALLS.nothing(f"fewer than {FEWEST} levels hold squares behind walls")
    reached = float(near.mean())
    leak = bootstrap_mean(far / reached)
    details = WallsDetails(
        sites=tried,
        open=reached,
        detour=float(far.mean()),
        squares=(sum(int(one.sum()) for _, one in open_changes), sum(int(one.sum()) for _, one in detours)),
    )
    text = (
        f"Written at one square, the goal changes squares on open ways by {reached:.1%} and equally near ones behind "
        f"walls by {details.detour:.1%}."
    )
    verdict, reason = sided(
        leak.interval,
        LEAK,
        above_it=(Verdict.FAIL, "what is passed on is hardly stopped by walls"),
        below_it=(Verdict.PASS, "what is passed on goes along open ways"),
        between="how far walls are obeyed cannot be told",
    )
    return WALLS.found(verdict, text, reason, leak, None, details)


def _written(sample: ActivationSample) -> _Written | None:
    """Returns rows with a square to write to, far from the goal and with a detour beside it; `None` if there are
    few."""
    level_set = sample.evaluation.level_set
    cells = level_set.cells(0)
    random = np.random.default_rng(seed_of(stream("walls", key=sample.key)))
    crow = manhattan(cells[:, None], cells[None])
    rows, targets, kept = [], [], []
    for row in np.flatnonzero((sample.split.choose | sample.split.judge) & (sample.goals >= 0)):
        distance = sample.distances[sample.place[row]]
        able = sample.active[row] & (distance[:, sample.goals[row]] >= AWAY) & (distance[:, sample.goals[row]] < FAR)
        behind = (crow == STEPS[0]) & (distance > STEPS[0] + 1) & sample.active[row][None]
        fits = np.flatnonzero(able & behind.any(-1))
        if len(fits):
            target = int(random.choice(fits))
            rows.append(row)
            targets.append(target)
            kept.append(distance[target])
    if len(np.unique(sample.level[rows])) < FEWEST:
        return None
    which, target = np.array(rows), np.array(targets)
    # A state with another key in hand may lie in the same cell: of all of them the nearest counts.
    steps = np.array(kept, int)
    place = np.unique(cells, axis=0, return_inverse=True)[1].reshape(-1)
    nearest_of = np.full((len(which), place.max() + 1), FAR)
    for cell in range(place.max() + 1):
        nearest_of[:, cell] = steps[:, place == cell].min(-1)
    return _Written(which, target, crow[target], nearest_of[:, place], sample.active[which])


def _arrived(
    sample: ActivationSample,
    written: _Written,
    site: str,
    maps: tuple[str, ...],
    on_open: Bool[np.ndarray, "R S"],
) -> Float[np.ndarray, "R S"] | None:
    """Returns the change of every state's square one map after open squares are reached: what leaks has leaked by then,
    and what goes round has not arrived. The last map, if there is none after it; `None` if they are not reached.
    """
    own = sample.captured.activations[site][written.rows]
    squares = squares_of(sample, site)
    assert squares is not None, "only maps are written to"
    flat = own.reshape(len(own), -1, squares.size).copy()
    every = np.arange(len(flat))
    flat[every, squares.of[written.target]] = flat[every, squares.of[sample.goals[written.rows]]]
    after = sample.step(sample.seen[written.rows], {site: flat.reshape(own.shape)})
    found = None
    for later in maps[maps.index(site) + 1 :]:
        usual = sample.captured.activations[later][written.rows]
        size = usual.shape[-1]
        if size != own.shape[-1] and found is not None:
            # A map of another kind, such as the choices: its changes cannot be compared.
            return found
        change = lengths(after.activations[later].astype(np.float64) - usual, size)[:, squares.of]
        change = change / max(float(lengths(usual, size).mean()), 1e-12)
        if found is not None:
            return change
        if on_open.any() and above(float(change[on_open].mean()), REACHED):
            found = change
    return found


def _pooled(changes: list[tuple[np.ndarray, np.ndarray]], level: np.ndarray) -> Float[np.ndarray, " N"]:
    """Returns the mean change of the squares that count in each level that has any, over all sites and distances."""
    total, count = np.zeros(level.max() + 1), np.zeros(level.max() + 1)
    for change, counted in changes:
        np.add.at(total, level, np.where(counted, change, 0.0).sum(-1))
        np.add.at(count, level, counted.sum(-1))
    return total[count > 0] / count[count > 0]


WALLS = Assay(
    name="walls",
    question="optimizer",
    summary="Does what is written at a square reach its open neighbours, and not those behind walls?",
    stage=Stage.ACTIVATIONS,
    place=9,
    details=WallsDetails,
    undone="Nothing was written to see where it goes.",
    run=lambda context: walls(context.activations),
    requires=(Requirement.PURSUIT, Requirement.ACTIVATIONS),
    measure=lambda evidence: 1.0 - min(max(effect_of(evidence).value, 0.0), 1.0),
)
