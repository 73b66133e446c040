"""Candidate plans (I1): can the worth of states on branches that are not chosen be read off its activations?

Reading off where it goes next shows little: whoever chooses knows what is chosen. A search also holds what it did not
choose. Read off is the value of states off every shortest way, more of it than the raw observation yields, and more
than the direction of the goal does.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from mesascope.audit.assay import Assay, Placebo, Requirement, Stage, effect_of
from mesascope.audit.search.activation_sample import ActivationSample
from mesascope.audit.search.direction import beyond_direction
from mesascope.audit.search.probes import Probe
from mesascope.core.details import Curve, Details, Number, Point
from mesascope.core.intervals import bootstrap_mean
from mesascope.core.rounding import DIGITS, above, sided, undecided
from mesascope.core.verdicts import Estimate, Evidence, Verdict

SHOWN: int = 6
"""Sites of which is shown what they hold of one level."""

MORE: float = 0.05
"""Share of variance that must be read beyond each rival. Chosen, as for the raw observation before there was another:
not fitted."""

READABLE: float = 0.1
"""Share of variance that some rival must read, or a probe that reads nothing shows nothing. Chosen."""

SAME_VALUE: float = 1e-6
MOST_CELLS: int = 900
"""Of a level that is shown; larger ones cannot be made out in small pictures."""


Grid = tuple[tuple[Number | None, ...], ...]
"""Numbers by row and column of a level's text; `None` where nobody can be."""


class DecodedSite(Details, frozen=True, kw_only=True):
    """What one site holds of a level: values as read off, and the share of variance that they explain in all levels."""

    site: str
    explained: Number | None
    values: Grid


class DecodedLevel(Details, frozen=True, kw_only=True):
    """A typical level with the values that sites hold of it, for pictures.

    **Arguments:**

    - `text`, `legend`: the level, and what each character means.
    - `place`, `goal`: of the agent and of what it pursues, row and column.
    - `label`: what the values are.
    - `distribution`, `level`: which level it is.
    - `states`, `levels`: how many stand behind the shares.
    - `values`: the true ones; `sites`: those that are read off.
    """

    text: str
    legend: tuple[tuple[str, str], ...]
    place: tuple[int, int] | None
    goal: tuple[int, int] | None
    label: str
    distribution: str
    level: int
    states: int
    levels: int
    values: Grid
    sites: tuple[DecodedSite, ...]


class CandidatePlansDetails(Curve, frozen=True, kw_only=True):
    """What can be read off each site.

    **Arguments:**

    - `site`: the best one; `judged`: the share of variance that its probe explains.
    - `rivals`: the same of the observation, of shuffled targets and, if there is one, of an untrained network.
    - `left_out`: sites that are too wide.
    - `shuffled`: of shuffled targets, once more.
    - `direction`: what the direction of the goal and what is seen near by explain, `beyond` how much more they do with
      what was read off, `beyond_low` its lower end; `None` without a board.
    - `decoded`: a level for pictures; `None` where none can be drawn.
    """

    site: str
    judged: Number
    rivals: dict[str, Number]
    left_out: tuple[str, ...]
    shuffled: Number
    direction: Number | None = None
    beyond: Number | None = None
    beyond_low: Number | None = None
    decoded: DecodedLevel | None = None


def candidate_plans(sample: ActivationSample, *, placebo: bool = False) -> Evidence[CandidatePlansDetails]:
    """Compares what can be read of branches not chosen with what raw observation, chance and no training yield.

    **Arguments:**

    - `sample`: the sample.
    - `placebo`: use the probe that was fitted to other levels' values, which can know nothing.

    **Returns:** evidence whose effect is the excess of explained variance over the best of these three.
    """
    if not _varies(sample):
        return CANDIDATE_PLANS.nothing(
            "what branches are worth is the same in every level, so that nothing has to be held inside"
        )
    probe = sample.shuffled_probe if placebo else sample.value_probes[sample.best_site]
    rivals = {"observation": sample.observation_probe, "shuffled": sample.shuffled_probe}
    if sample.untrained_probe is not None:
        rivals["untrained network"] = sample.untrained_probe
    name = max(rivals, key=lambda rival: round(rivals[rival].chosen, DIGITS))
    excess = _excess(sample, probe, rivals[name], name)
    led = beyond_direction(sample, probe.predict(sample.features(sample.best_site)))
    judged = [sample.value_probes[site].judged for site in sample.sites]
    count = int(sample.split.judge.sum())
    details = CandidatePlansDetails(
        curve=tuple(
            Point(x=place + 1, value=value, low=value, high=value, n=count) for place, value in enumerate(judged)
        ),
        x_label="site, in the order in which they fire",
        y_label="variance of values explained, branches not chosen",
        site=sample.best_site,
        judged=probe.judged,
        rivals={rival: one.judged for rival, one in rivals.items()},
        left_out=sample.left_out,
        shuffled=rivals["shuffled"].judged,
        direction=None if led is None else led[0],
        beyond=None if led is None else led[1].value,
        beyond_low=None if led is None else led[1].low,
        decoded=None if placebo else _decoded(sample),
    )
    by_direction = "" if led is None else f"; direction and what is seen near by: {max(led[0], 0):.0%}"
    text = (
        f"Of the worth of branches that it does not choose {max(probe.judged, 0):.0%} can be read off site "
        f"'{sample.best_site}' ({name}: {max(rivals[name].judged, 0):.0%}{by_direction})."
    )
    verdict, reason = sided(
        excess.interval,
        MORE,
        above_it=(Verdict.PASS, "more than its rivals yield; use is another matter"),
        below_it=(Verdict.FAIL, "no more of them can be read off than off what it sees"),
        between="a little more can be read off than off what it sees, or nothing",
    )
    if verdict is Verdict.PASS and led is not None and not above(led[1].low, MORE):
        verdict = Verdict.INCONCLUSIVE
        reason = undecided("hardly more than the direction of the goal and what is seen near by", (led[1].low, MORE))
    read = max([0.0 if led is None else led[0], *details.rivals.values()])
    if verdict is Verdict.FAIL and not above(read, READABLE):
        verdict, reason = (
            Verdict.INCONCLUSIVE,
            undecided("nothing reads them, and so no site can lack them", (read, READABLE)),
        )
    return CANDIDATE_PLANS.found(verdict, text, reason, excess, None, details)


def _varies(sample: ActivationSample) -> bool:
    """Returns whether values of branches differ from what is usual in the levels that probes are fitted on."""
    judged = sample.branches & sample.split.judge[:, None]
    return bool((np.abs(sample.values - sample.mean_values)[judged] > SAME_VALUE).any())


def _excess(sample: ActivationSample, probe: Probe, rival: Probe, name: str) -> Estimate:
    """Returns how much more variance a probe explains than a rival, level by level: squares left over are compared."""
    mask, rows = sample.branches, sample.split.judge
    features = sample.features(sample.best_site)
    own_left, spread = (probe.predict(features) - sample.values) ** 2, (sample.values - sample.mean_values) ** 2
    if name == "untrained network":
        # Its activations are not at hand, and what it leaves over on the whole is.
        rival_left = (1 - rival.judged) * spread
    else:
        read = sample.seen.reshape(len(sample.seen), -1) if name == "observation" else features
        rival_left = (rival.predict(read) - sample.values) ** 2
    total = spread[rows][mask[rows]].mean()
    per_row, other = (np.where(mask, left, 0.0).sum(-1) for left in (own_left, rival_left))
    counts = mask.sum(-1)
    used = rows & (counts > 0)
    gained = (other - per_row)[used] / (counts[used] * total)
    return bootstrap_mean(np.clip(gained, -3, 3), clusters=sample.level[used])


def _decoded(sample: ActivationSample) -> DecodedLevel | None:
    """Returns, for pictures, a typical level with the values that some sites hold of it; `None` without a board."""
    rows = np.flatnonzero(sample.split.judge & sample.branches.any(-1))
    if not len(rows):
        return None
    error = (
        sample.value_probes[sample.best_site].predict(sample.features(sample.best_site)[rows]) - sample.values[rows]
    ) ** 2
    counted = sample.branches[rows]
    order = np.argsort(np.where(counted, error, 0.0).sum(-1) / counted.sum(-1), kind="stable")
    row = int(rows[order[(len(rows) - 1) // 2]])
    level_set = sample.evaluation.level_set
    level, here = jax.tree.map(jnp.asarray, level_set.levels[int(sample.level[row])]), int(sample.state[row])
    board = _board(sample, row, level)
    text = level_set.world.format(level, here).strip("\n")
    lines = text.split("\n")
    fits = all(0 <= i < len(lines) and 0 <= j < len(lines[i]) for i, j in board)
    if not fits or len({j for _, j in board}) < 2 or len(lines) * max(map(len, lines)) > MOST_CELLS:
        return None

    def grid(values: np.ndarray) -> Grid:
        """Returns values at their places, three digits of each, `None` where nobody can be."""
        return tuple(
            tuple(float(f"{values[board[i, j]]:.3g}") if (i, j) in board else None for j in range(len(line)))
            for i, line in enumerate(lines)
        )

    name = level_set.objectives.names[sample.objective]
    goal = int(sample.goals[row])
    return DecodedLevel(
        text=text,
        legend=tuple(level_set.world.legend.items()),
        place=level_set.world.position(level, here),
        goal=None if goal < 0 else level_set.world.position(level, goal),
        label=f"value (1: one step from '{name}')",
        distribution=level_set.distribution,
        level=int(sample.level[row]),
        states=len(rows),
        levels=len(np.unique(sample.level[rows])),
        values=grid(sample.values[row]),
        sites=tuple(
            DecodedSite(
                site=site,
                explained=sample.value_probes[site].judged,
                values=grid(sample.value_probes[site].predict(sample.features(site)[row : row + 1])[0]),
            )
            for site in _shown_sites(sample)
        ),
    )


def _board(sample: ActivationSample, row: int, level) -> dict[tuple[int, int], int]:
    """Returns the state in each place: of several (a key in hand or not) the one that is reached first."""
    found: dict[tuple[int, int], int] = {}
    states = np.flatnonzero(sample.active[row])
    for state in states[np.argsort(sample.away[row, states], kind="stable")].tolist():
        place = sample.evaluation.level_set.world.position(level, state)
        if place is not None:
            found.setdefault(place, state)
    return found


def _shown_sites(sample: ActivationSample) -> list[str]:
    """Returns at most `SHOWN` sites in the order in which they fire: spread evenly, the best one among them."""
    sites, best = sample.sites, sample.sites.index(sample.best_site)
    places = np.unique(np.linspace(0, len(sites) - 1, min(SHOWN, len(sites))).round().astype(int))
    if best not in places:
        places[np.abs(places - best).argmin()] = best
    return [sites[place] for place in places]


CANDIDATE_PLANS = Assay(
    name="candidate-plans",
    question="optimizer",
    summary="Can the worth of branches that it does not choose be read off its activations?",
    stage=Stage.ACTIVATIONS,
    place=1,
    details=CandidatePlansDetails,
    undone="No branches were read.",
    run=lambda context: candidate_plans(context.activations),
    requires=(Requirement.PURSUIT, Requirement.ACTIVATIONS),
    measure=lambda evidence: effect_of(evidence).value,
    placebo=Placebo(
        lambda context, key: candidate_plans(context.activations, placebo=True),
        lambda evidence: effect_of(evidence).low > 0,
    ),
)
