"""Look-ahead patching (I5): does what is active at squares of its future way carry its present choice?

After Jenner et al. (2024). A clean level is paired with one in which a far edit changes what is best and what the agent
does. Activations of the edited level are put into the clean run at a few squares only: at those of the clean way some
steps ahead, or at as many others equally far. Squares next to the edit are left alone, since there the edit itself is
seen. Where search goes over a board of states, the way ahead matters more.
"""

from __future__ import annotations

import numpy as np

from mesascope.agents.activations import Captured
from mesascope.agents.agent import Agent
from mesascope.agents.asking import ask
from mesascope.audit.assay import Assay, Requirement, Stage, effect_of
from mesascope.audit.policy import observations
from mesascope.audit.search.activation_sample import ActivationSample
from mesascope.audit.search.edits import EDITS, edits_of
from mesascope.audit.search.maps import Squares, squares_of
from mesascope.core.details import Details, Number
from mesascope.core.intervals import bootstrap_mean
from mesascope.core.random import RandomKey
from mesascope.core.rounding import above, sided
from mesascope.core.verdicts import Evidence, Verdict
from mesascope.planning.value_iteration import optimal_actions

FIRST, LAST = 2, 6
"""Steps ahead of the squares that are patched; nearer ones could be seen without looking ahead."""

FEWEST: int = 20
MOST_PAIRS: int = 400
ALL: str = "all together"

FLOOR: float = 1e-4
"""Probabilities are kept this far from 0 and 1, so that log-odds stay finite."""


class LookAheadDetails(Details, frozen=True, kw_only=True):
    """What patching costs.

    **Arguments:**

    - `site`: where it costs most.
    - `on_the_way`: log-odds lost there by patching squares ahead.
    - `by_site`: how much more that is than by patching others.
    - `pairs`: of a level and an edited one.
    """

    site: str
    on_the_way: Number
    by_site: dict[str, Number]
    pairs: int


def look_ahead(sample: ActivationSample, *, key: RandomKey) -> Evidence[LookAheadDetails]:
    """Patches squares ahead from an edited level and compares what the choice loses with equally far squares.

    **Arguments:**

    - `sample`: the sample.
    - `key`: of the edits; consumed.

    **Returns:** evidence whose effect is the log-odds of the clean choice lost by patching squares of its way, more
    than by patching as many others equally far.
    """
    boards = {site: squares_of(sample, site) for site in sample.few_sites}
    boards = {site: squares for site, squares in boards.items() if squares is not None}
    if not boards:
        return LOOK_AHEAD.nothing("no site has a place for every state")
    pairs = _pairs(sample, key)
    if pairs is None:
        return LOOK_AHEAD.nothing(f"far edits change its choice in fewer than {FEWEST} levels")
    clean, corrupted, level, action, ahead, aside = pairs
    runs = [sample.step(seen) for seen in (clean, corrupted)]
    start = _log_odds(runs[0].probabilities, action)
    half = np.isin(level, np.unique(level)[::2])
    best, found = None, {}
    together = {ALL: tuple(boards)} if len(boards) > 1 else {}
    for site, parts in ({site: (site,) for site in boards} | together).items():
        drops = []
        for states in (ahead, aside):
            patches = {part: _patched(runs[0], runs[1], part, boards[part], states) for part in parts}
            after = sample.step(clean, patches)
            drops.append(start - _log_odds(after.probabilities, action))
        found[site] = drops
        if best is None or above(_gain(drops, half), _gain(found[best], half)):
            best = site
    assert best is not None
    excess = bootstrap_mean((found[best][0] - found[best][1])[~half], clusters=level[~half])
    other = bootstrap_mean(found[best][1][~half], clusters=level[~half])
    details = LookAheadDetails(
        site=best,
        on_the_way=float(found[best][0][~half].mean()),
        by_site={site: _gain(drops, half) for site, drops in found.items()},
        pairs=len(clean),
    )
    text = (
        f"Patching squares {FIRST} to {LAST} steps ahead at site '{best}' costs its choice "
        f"{details.on_the_way:.2f} in log-odds, equally far ones {other.value:.2f}."
    )
    verdict, reason = sided(
        excess.interval,
        0.1,
        above_it=(Verdict.PASS, "what is active on the way ahead carries the choice"),
        below_it=(Verdict.FAIL, "squares ahead matter no more than others equally far"),
        between="the excess cannot be told from none",
    )
    return LOOK_AHEAD.found(verdict, text, reason, excess, other, details)


def _gain(drops: list[np.ndarray], rows: np.ndarray) -> float:
    """Returns by how much more what is ahead costs the choice than what is aside, mean over some rows."""
    return float((drops[0] - drops[1])[rows].mean())


def _patched(clean: Captured, edited: Captured, site: str, board: Squares, states: list) -> np.ndarray:
    """Returns clean activations of a site with those of some states, for each row, taken over from the edited level."""
    own = clean.activations[site]
    mask = np.zeros((len(own), own[0].size // board.size, board.size), bool)
    for row, some in enumerate(states):
        mask[row, board.of[some]] = True
    return np.where(mask.reshape(own.shape), edited.activations[site], own)


def _log_odds(probabilities: np.ndarray, action: np.ndarray) -> np.ndarray:
    chosen = np.clip(probabilities[np.arange(len(action)), action], FLOOR, 1 - FLOOR)
    return np.log(chosen / (1 - chosen))


def _pairs(sample: ActivationSample, key: RandomKey):
    """Returns clean and corrupted observations, levels, clean choices, and squares ahead and aside; `None` if few."""
    level_set, world = sample.evaluation.level_set, sample.evaluation.level_set.world
    made = edits_of(level_set, sample.objective, key=key)
    edited_at, flat, should = made.places, made.edited, optimal_actions(made.value)
    active = np.asarray(flat.reachable & ~flat.terminal)
    rows, which = [], []
    for row in np.flatnonzero(sample.level < made.originals.count):
        action = sample.captured.probabilities[row].argmax()
        options = sample.level[row] * EDITS + np.arange(EDITS)
        fits = active[options, sample.state[row]] & ~should[options, sample.state[row], action]
        rows += [row] * int(fits.sum())
        which += options[fits].tolist()
    if not rows:
        return None
    some = np.random.default_rng(0).permutation(len(rows))[: 4 * MOST_PAIRS]
    row, edit_of = np.array(rows)[some], np.array(which)[some]
    seen = observations(world, flat[np.unique(edit_of)])
    corrupted = seen[np.searchsorted(np.unique(edit_of), edit_of), sample.state[row]]
    action = sample.captured.probabilities[row].argmax(-1)
    agent = sample.agent
    assert isinstance(agent, Agent)
    after, _ = ask(agent, corrupted, agent.initial_state(len(corrupted)), actions=level_set.levels.actions)
    flipped = after.argmax(-1) != action
    kept, ahead, aside = [], [], []
    for index in np.flatnonzero(flipped):
        squares = _squares(sample, int(row[index]), edited_at[edit_of[index]])
        if squares is not None:
            kept.append(index)
            ahead.append(squares[0])
            aside.append(squares[1])
    kept, ahead, aside = np.array(kept[:MOST_PAIRS], int), ahead[:MOST_PAIRS], aside[:MOST_PAIRS]
    if len(np.unique(sample.level[row[kept]])) < FEWEST:
        return None
    return sample.seen[row[kept]], corrupted[kept], sample.level[row[kept]], action[kept], ahead, aside


def _squares(sample: ActivationSample, row: int, edited_at: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Returns states on a shortest way some steps ahead, and as many equally far ones that are on none."""
    distance, here, goal = sample.distances[sample.place[row]], sample.state[row], sample.goals[row]
    on_the_way = distance[here] + distance[:, goal] == distance[here, goal]
    level_set = sample.evaluation.level_set
    cells = level_set.cells(int(sample.level[row]))
    beside = (np.abs(cells - edited_at).max(-1) <= 1) & (cells[:, 0] >= 0)
    ahead, aside = [], []
    for steps in range(FIRST, LAST + 1):
        at = (distance[here] == steps) & ~beside
        one, other = np.flatnonzero(at & on_the_way), np.flatnonzero(at & ~on_the_way)
        count = min(len(one), len(other))
        ahead += one[:count].tolist()
        aside += other[:count].tolist()
    return (np.array(ahead, int), np.array(aside, int)) if ahead else None


LOOK_AHEAD = Assay(
    name="look-ahead",
    question="optimizer",
    summary="Do squares on its way ahead carry its choice? Against squares equally far.",
    stage=Stage.ACTIVATIONS,
    place=5,
    details=LookAheadDetails,
    undone="No look-ahead was patched.",
    run=lambda context: look_ahead(context.activations, key=context.stream("edits")),
    requires=(Requirement.PURSUIT, Requirement.ACTIVATIONS, Requirement.EDITS),
    measure=lambda evidence: min(max(effect_of(evidence).value / 4, 0.0), 1.0),
)
