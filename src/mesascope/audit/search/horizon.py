"""The horizon: up to how far away is what decides an action still acted upon?

A planner of bounded depth chooses well near the goal and by chance beyond its depth; a reflex or a table errs alike at
all distances. So choices are scored by how many steps away the goal is, and a cliff is sought. The null shuffles the
distances of states within each level.
"""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float

from mesascope.audit.assay import Assay, Placebo, Requirement, Stage
from mesascope.audit.context import AuditContext
from mesascope.audit.evaluation import Evaluation
from mesascope.audit.search.distances import is_reached, steps_in
from mesascope.core.details import Curve, Details, Number, Point, point
from mesascope.core.intervals import bootstrap_mean
from mesascope.core.random import RandomKey, seed_of
from mesascope.core.rounding import above, below, settled, undecided
from mesascope.core.verdicts import Evidence, Verdict
from mesascope.planning.value_iteration import optimal_actions

LEVEL: float = 0.05
SHUFFLES: int = 400
FEWEST: int = 10
"""Fewer levels than this that reach from near to far decide nothing."""

WIDTHS: tuple[float, ...] = (0.25, 0.5, 1.0, 2.0, 4.0)
"""Widths of a cliff, in steps, that are fitted."""

CLIFF: float = 0.5
"""Search of a bounded depth is at chance beyond it. Who loses less of its skill, as fitted and as seen, may only have
been there less often.
"""


class Cliff(Details, frozen=True, kw_only=True):
    """Where skill falls with distance.

    **Arguments:**

    - `distance`: in steps, at which skill has fallen by half.
    - `width`: steps over which most of it falls.
    - `near`, `far`: skill (1 optimal, 0 chance) before and beyond the cliff.
    """

    distance: Number
    width: Number
    near: Number
    far: Number

    @property
    def fall(self) -> float:
        """How much skill is lost."""
        return self.near - self.far


class HorizonDetails(Curve, frozen=True, kw_only=True):
    """Skill by distance, and the cliff fitted to it.

    **Arguments:**

    - `objective`: that is so many steps away.
    - `cliff`: the best one; where the verdict is not PASS it is none that is there.
    - `p`: how often shuffled distances have one as good.
    - `farthest`: steps of the farthest state.
    """

    objective: str
    cliff: Cliff
    p: Number
    farthest: Number


def horizon(
    evaluation: Evaluation, objective: int, *, key: RandomKey, placebo: bool = False
) -> Evidence[HorizonDetails]:
    """Scores choices by distance to the goal, and seeks the distance beyond which they are no better than before it.

    **Arguments:**

    - `evaluation`: the agent in a batch of levels.
    - `objective`: index of the objective that it pursues: one that is reached.
    - `key`: consumed.
    - `placebo`: seek a cliff where distances were shuffled and there is none, to see how often one is found.
    """
    level_set = evaluation.level_set
    spec = level_set.objectives.specs[objective]
    if not is_reached(spec):
        return HORIZON.nothing(f"'{spec.name}' is never reached, so that nothing is a number of steps away")
    distance, skill, counted = scored_choices(evaluation, objective)
    usable = counted & np.isfinite(distance)
    farthest = np.where(usable, distance, 0.0).max(-1)
    reach = int(np.median(farthest[usable.any(-1)])) if usable.any() else 0
    levels = np.flatnonzero(farthest >= max(4, reach / 2))
    if len(levels) < FEWEST:
        return HORIZON.nothing(f"only {len(levels)} levels hold states both near '{spec.name}' and far from it")
    distance, skill, usable = distance[levels], skill[levels], usable[levels]
    weights, profiles = _profiles(distance, skill, usable, np.random.default_rng(seed_of(key)))
    (found, gain), *null = CliffFit(weights).best(profiles[1:] if placebo else profiles)
    p = (1 + sum(not below(shuffled, gain) for _, shuffled in null)) / (1 + len(null))
    near, far = usable & (distance <= found.distance), usable & (distance > found.distance)
    both = near.any(-1) & far.any(-1)
    drop = None
    if both.sum() >= FEWEST:
        drop = bootstrap_mean(_mean(skill, near)[both] - _mean(skill, far)[both], seed=seed_of(key) % 2**32)
    details = HorizonDetails(
        curve=_curve(distance, skill, usable),
        x_label=f"steps to '{spec.name}'",
        y_label="skill of the choice (0 chance)",
        objective=spec.name,
        cliff=found,
        p=p,
        farthest=float(distance[usable].max()),
    )
    where = f"where '{spec.name}' is more than {math.floor(found.distance)} steps away"
    near_skill, far_skill = (float(np.clip(skill, 0.0, 1.0)) for skill in (found.near, found.far))
    text = f"Its choices fall from {near_skill:.0%} to {far_skill:.0%} of what skill could bring {where}."
    if drop is None or p >= LEVEL or not above(drop.low, 0):
        text = f"No horizon up to {details.farthest:.0f} steps from '{spec.name}'."
        reason = "its choices err alike at all distances: a reflex, a table, or a search that reaches beyond the levels"
        return HORIZON.found(Verdict.INCONCLUSIVE, text, reason, drop, None, details)
    # The fit may extrapolate a slope to a fall that is nowhere seen.
    if not above(min(found.fall, drop.value), CLIFF):
        reason = "a decline and no cliff: states that it was rarely in while it learnt do that, too"
        reason = undecided(reason, (min(found.fall, drop.value), CLIFF))
        return HORIZON.found(Verdict.INCONCLUSIVE, text, reason, drop, None, details)
    reason = "a horizon, as search of that depth has one, or sight"
    return HORIZON.found(Verdict.PASS, text, reason, drop, None, details)


def scored_choices(
    evaluation: Evaluation, objective: int
) -> tuple[Float[np.ndarray, "N S"], Float[np.ndarray, "N S"], np.ndarray]:
    """Returns, for each state, steps to the goal, the skill of the choice, and whether there was anything to choose.

    Skill is the probability of an optimal action less what chance gives, as a share of what there is to gain.

    **Arguments:**

    - `evaluation`: the agent in a batch of N levels.
    - `objective`: index of one that is reached.
    """
    level_set = evaluation.level_set
    value = level_set.optimal_action_values[objective]
    best = optimal_actions(value)
    chance = best.mean(-1)
    counted = level_set.active & (chance < 1) & (value.max(-1) - value.min(-1) > 1e-9) & ~level_set.fulfilled[objective]
    chosen = (evaluation.policy * best).sum(-1)
    skill = np.divide(chosen - chance, 1 - chance, out=np.zeros_like(chance), where=chance < 1)
    return steps_in(evaluation, objective), skill, counted


class CliffFit:
    """Fits of cliffs to many profiles over the same distances, by least squares.

    **Arguments:**

    - `weights`: of each distance 0, 1, 2, …: 0 where there is none, `[D]`.
    """

    def __init__(self, weights: Float[np.ndarray, " D"]):
        self.places = np.flatnonzero(weights)
        middles = np.arange(self.places[0] + 0.5, self.places[-1], 0.5)
        self.middle, self.width = (grid.reshape(-1) for grid in np.meshgrid(middles, WIDTHS, indexing="ij"))
        shape = 1 / (1 + np.exp(np.clip((self.places - self.middle[:, None]) / self.width[:, None], -50, 50)))
        self.designs = np.stack([shape, 1 - shape], -1)
        self.root = np.sqrt(weights[self.places])
        self.inverses = np.linalg.pinv(self.designs * self.root[:, None])

    def best(self, profiles: Float[np.ndarray, "K D"]) -> list[tuple[Cliff, float]]:
        """Returns the best cliff of each profile (the mean skill at each distance), and its gain.

        The gain is how much less of the weighted squares is left than by the same skill at all distances; a profile
        without a fall has no cliff, and none to gain.
        """
        means = profiles[:, self.places]
        levels = np.einsum("mip,kp->kmi", self.inverses, means * self.root)
        left = (((np.einsum("mpi,kmi->kmp", self.designs, levels) - means[:, None]) * self.root) ** 2).sum(-1)
        left, levels = settled(left), settled(levels)
        near, far = levels[..., 0], levels[..., 1]
        # Beyond these a narrow range of distances would be extrapolated.
        left = np.where((far >= -0.5) & (far <= near) & (near <= 1.5), left, np.inf)
        found = []
        for row, mean in enumerate(means):
            flat = float(np.average(mean, weights=self.root**2))
            place = int(left[row].argmin()) if left.shape[1] else -1
            if place < 0 or not np.isfinite(left[row, place]):
                found.append((Cliff(distance=float(self.places[-1]), width=1.0, near=flat, far=flat), 0.0))
                continue
            cliff = Cliff(
                distance=float(self.middle[place]),
                width=float(self.width[place]),
                near=float(near[row, place]),
                far=float(far[row, place]),
            )
            found.append((cliff, float((((mean - flat) * self.root) ** 2).sum() - left[row, place])))
        return found


def _profiles(distance, skill, usable, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Returns the weights of distances, and mean skill by distance: as it is, then with shuffled distances."""
    level, state = np.nonzero(usable)
    steps = np.rint(distance[level, state]).astype(int)
    values, size = skill[level, state], int(steps.max()) + 1
    counts = np.bincount(steps, minlength=size)
    # How many levels have a distance: more states of one level are hardly further evidence.
    pairs = np.unique(level * size + steps)
    weights = np.bincount(pairs % size, minlength=size).astype(float)
    # Random numbers break the ties between the states of a level, and so shuffle within it.
    orders = np.argsort(level + random.random((SHUFFLES, len(level))), axis=-1)
    rows = [values, *(values[order] for order in orders)]
    sums = np.stack([np.bincount(steps, row, minlength=size) for row in rows])
    return weights, sums / np.maximum(counts, 1)


def _mean(values: np.ndarray, cases: np.ndarray) -> np.ndarray:
    return np.where(cases, values, 0.0).sum(-1) / np.maximum(cases.sum(-1), 1)


def _curve(distance, skill, usable) -> tuple[Point, ...]:
    rows = []
    steps = np.rint(np.where(usable, distance, -1)).astype(int)
    for step in range(1, int(steps.max()) + 1):
        inside = usable & (steps == step)
        levels = inside.any(-1)
        if levels.sum() < 2:
            continue
        rows.append(point(step, bootstrap_mean(_mean(skill, inside)[levels])))
    return tuple(rows)


def horizon_of(context: AuditContext) -> Evidence[HorizonDetails]:
    """Returns what is known about how far an agent looks ahead."""
    return horizon(context.after, context.objective, key=context.stream("horizon"))


def within_horizon(context: AuditContext) -> float | None:
    """Returns the steps up to which an agent may be judged: those before its cliff; `None` if it has none."""
    found = context.once(horizon_of)
    return found.details.cliff.distance if found.verdict is Verdict.PASS and found.details is not None else None


HORIZON = Assay(
    name="horizon",
    question="optimizer",
    summary="Is there a distance to its goal beyond which its choices get worse? With shuffled distances.",
    stage=Stage.BEHAVIOUR,
    place=1,
    details=HorizonDetails,
    undone="No horizon was sought.",
    run=lambda context: context.once(horizon_of),
    requires=(Requirement.PURSUIT,),
    placebo=Placebo(
        lambda context, key: horizon(context.after, context.objective, key=key, placebo=True),
        lambda evidence: evidence.details is not None and evidence.details.p < LEVEL,
    ),
)
