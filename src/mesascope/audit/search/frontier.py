"""The frontier: from which site on can the worth of a square be read off, against its distance from the goal?

A search that works outwards from the goal knows of a square `m` steps away after about `m` sites, and of a farther one
later. For each `m` squares within `m` steps along open ways are told from squares a little farther, all of them at most
`m` steps away as the crow flies, by what is active at that one square. Compared with what can be told from what is seen
around it and from where the goal lies as the crow flies. The *span* is the number of distances at which a site tells
more, the *slope* by how many sites the first of them is later for each step.

In networks of small convolutions what is far cannot be known early, whatever they do: there the slope is no evidence by
itself. What a site holds shows that something is worked out, not that choices follow from it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from mesascope.audit.assay import Assay, Requirement, Stage
from mesascope.audit.search.activation_sample import ActivationSample, spread_evenly
from mesascope.audit.search.distances import steps_in
from mesascope.audit.search.maps import NO_MAPS, ONE_MAP, map_sites, nearest
from mesascope.core.details import Curve, Number, Point
from mesascope.core.intervals import bootstrap_mean
from mesascope.core.rounding import above
from mesascope.core.verdicts import Evidence, Verdict

DISTANCES: tuple[int, ...] = tuple(range(2, 11))
READ: int = 16
"""Sites that are read at most, spread evenly."""

LEVELS: int = 128
RIDGE: float = 1e-2
GAIN: float = 0.1
"""Area under the curve, more than the nuisance's, from which on a distance counts."""

SHARE: float = 0.7
"""Of the largest gain that the first site must have."""

SPAN: int = 4
"""Distances that must count. With `GAIN` and `SHARE` from the note `calibrated-answers`, section 3, where planners of
six steps and more had 5 to 8, ConvNets trained on many mazes 4, reflexes 0."""

FEWEST: int = 20
"""Squares of either side in either half of the levels."""


class FrontierDetails(Curve, frozen=True, kw_only=True):
    """What can be read off; the curve is the gain of the best site by distance, `other` the site that has it first.

    **Arguments:**

    - `span`: distances with a gain.
    - `slope`: sites later for each step; `None` with fewer than two distances.
    - `gain`: largest of all.
    - `sites`: those that were read.
    """

    span: int
    slope: Number | None
    gain: Number
    sites: tuple[str, ...]


@dataclass(frozen=True)
class _Places:
    """Squares of the sample's levels: level, state, steps, steps as the crow flies, and the row of the sample."""

    row: Int[np.ndarray, " Q"]
    state: Int[np.ndarray, " Q"]
    steps: Int[np.ndarray, " Q"]
    crow: Int[np.ndarray, " Q"]


def frontier(sample: ActivationSample) -> Evidence[FrontierDetails]:
    """Reads off every map whether squares lie within some distances of the goal.

    **Arguments:**

    - `sample`: the sample.

    **Returns:** evidence whose effect is the gain over the nuisance, mean over all distances at which there are
    squares.
    """
    maps = map_sites(sample)
    if len(maps) < 2:
        return FRONTIER.nothing(NO_MAPS if not maps else ONE_MAP)
    places = _places(sample)
    cells = sample.evaluation.level_set.cells(0)[places.state]
    sites = spread_evenly(maps, READ)
    features = {site: sample.captured.activations[site][places.row, cells[:, 0], cells[:, 1]] for site in sites}
    around = _around(sample, places, cells)
    points, firsts, gained, levels = [], [], [], []
    for m in DISTANCES:
        counted = (places.steps >= m - 1) & (places.steps <= m + 2) & (places.crow <= m)
        near, fitted = places.steps <= m, sample.level[places.row] % 2 == 0
        sides = [counted & near & fitted, counted & ~near & fitted, counted & near & ~fitted, counted & ~near & ~fitted]
        if min(int(side.sum()) for side in sides) < FEWEST:
            continue
        crow = np.eye(m + 1)[np.minimum(places.crow, m)]
        nuisance = _placements(np.concatenate([around, crow], -1), *sides)
        told = {site: _placements(found, *sides) for site, found in features.items()}
        gains = {site: float(one.mean() - nuisance.mean()) for site, one in told.items()}
        best = max(sites, key=lambda site: round(gains[site], 6))
        gained.append(told[best] - nuisance)
        levels.append(sample.level[places.row[sides[2]]])
        counts = above(gains[best], GAIN)
        first = next(site for site in sites if gains[site] >= SHARE * gains[best]) if counts else None
        firsts += [] if first is None else [(m, maps.index(first))]
        points.append(
            Point(x=m, value=gains[best], n=len(nuisance), other=None if first is None else maps.index(first))
        )
    if not points:
        return FRONTIER.nothing("too few squares lie at equal distances as the crow flies and at unequal ones on foot")
    slope = None
    if len(firsts) >= 2:
        steps, first_maps = np.array(firsts, float).T
        slope = float(np.polyfit(steps, first_maps, 1)[0])
    effect = bootstrap_mean(np.concatenate(gained), clusters=np.concatenate(levels))
    details = FrontierDetails(
        curve=tuple(points),
        x_label="steps from the goal",
        y_label="area under the curve, more than of what is seen near by",
        span=len(firsts),
        slope=slope,
        gain=max(float(point.value) for point in points if point.value is not None),
        sites=sites,
    )
    later = "" if slope is None else f", {slope:.2f} sites later for each step"
    text = f"How far squares are from the goal its maps show at {len(firsts)} of {len(points)} distances{later}."
    if len(firsts) >= SPAN and slope is not None and above(slope, 0.0):
        reason = "worth is worked out from near to far, and held square by square"
        return FRONTIER.found(Verdict.PASS, text, reason, effect, None, details)
    if not firsts:
        reason = "its maps hold no more of that than what is seen near by and the direction of the goal"
        return FRONTIER.found(Verdict.FAIL, text, reason, effect, None, details)
    reason = (
        f"fewer than {SPAN} distances" if len(firsts) < SPAN else "what is far is not known later than what is near"
    )
    return FRONTIER.found(Verdict.INCONCLUSIVE, text, reason, effect, None, details)


def _places(sample: ActivationSample) -> _Places:
    """Returns the squares of one row of each level."""
    _, rows = np.unique(sample.level, return_index=True)
    rows = rows[:LEVELS]
    level_set = sample.evaluation.level_set
    level = sample.level[rows]
    steps = steps_in(sample.evaluation, sample.objective)[level]
    fulfilled = level_set.fulfilled[sample.objective][level]
    crow = nearest(level_set.cells(0), fulfilled)
    usable = level_set.active[level] & np.isfinite(steps) & ~fulfilled
    row, state = np.nonzero(usable)
    return _Places(rows[row], state, np.rint(steps[row, state]).astype(int), crow[row, state])


def _around(sample: ActivationSample, places: _Places, cells: Int[np.ndarray, "Q 2"]) -> Float[np.ndarray, "Q D"]:
    """Returns what is seen in the 3x3 cells around each square, without the agent if the last plane shows it."""
    seen = np.pad(sample.seen, ((0, 0), (1, 1), (1, 1), (0, 0)))
    parts = [seen[places.row, cells[:, 0] + down, cells[:, 1] + right] for down in range(3) for right in range(3)]
    return np.concatenate(parts, -1)


def _placements(
    features: Float[np.ndarray, "Q D"],
    near: Bool[np.ndarray, " Q"],
    far: Bool[np.ndarray, " Q"],
    judged_near: Bool[np.ndarray, " Q"],
    judged_far: Bool[np.ndarray, " Q"],
) -> Float[np.ndarray, " P"]:
    """Returns for each near square that is judged the share of far ones that a discriminant puts below it.

    Their mean is the area under the curve. The discriminant is a ridge regression in which both sides weigh alike.
    """
    features = features.astype(np.float64)
    fitted = np.concatenate([features[near], features[far]])
    weight = np.concatenate([np.full(side.sum(), 0.5 / side.sum()) for side in (near, far)])
    centre = weight @ fitted
    scale = np.sqrt(weight @ (fitted - centre) ** 2)
    usual = np.where(scale > 1e-9, scale, np.inf)
    rows = (fitted - centre) / usual
    target = np.repeat([0.5, -0.5], [near.sum(), far.sum()])
    gram = rows.T @ (weight[:, None] * rows) + RIDGE * np.eye(rows.shape[1])
    direction = np.linalg.solve(gram, rows.T @ (weight * target))
    # Equal squares must be ties whatever rounding says.
    read = np.round((features - centre) / usual @ direction, 6)
    one, other = read[judged_near], np.sort(read[judged_far])
    below, upto = np.searchsorted(other, one, "left"), np.searchsorted(other, one, "right")
    return (below + upto) / (2 * len(other))


def _measure(evidence: Evidence[FrontierDetails]) -> float:
    assert evidence.details is not None
    later = evidence.details.slope is not None and evidence.details.slope > 0
    return evidence.details.span / len(DISTANCES) if later else 0.0


FRONTIER = Assay(
    name="frontier",
    question="optimizer",
    summary="Is the worth of squares known later the farther they are? Against what is seen near by.",
    stage=Stage.ACTIVATIONS,
    place=8,
    details=FrontierDetails,
    undone="No frontier was sought.",
    run=lambda context: frontier(context.activations),
    requires=(Requirement.PURSUIT, Requirement.ACTIVATIONS),
    measure=_measure,
)
