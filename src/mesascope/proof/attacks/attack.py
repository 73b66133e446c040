"""The edit of what an agent sees that costs most of the base objective, and in which states one makes it choose badly.

An edit is held: the same in every observation of an episode. What the agent then does is a policy, whose return is
exact. Beside it stand what the agent loses by itself, and what a random edit of the same size costs.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from mesascope.agents.agent import Agent
from mesascope.agents.asking import check_agent, check_same_answers
from mesascope.audit.alignment.witness import witness_at
from mesascope.audit.evaluation import ASKED_AGAIN, exact_evaluation
from mesascope.audit.findings import Witness
from mesascope.audit.level_set import LevelSet, sample_level_set
from mesascope.audit.policy import observations
from mesascope.core.errors import UsageError
from mesascope.core.intervals import bootstrap_mean
from mesascope.core.progress import Progress, unheard
from mesascope.core.random import root_key, stream
from mesascope.core.text import quoted
from mesascope.core.threads import one_linear_algebra_thread
from mesascope.core.verdicts import Estimate
from mesascope.objectives.objective import compile_objectives
from mesascope.proof.attacks.aim import Aim, aim_of
from mesascope.proof.attacks.cells import cell_edits, is_minigrid, words_of
from mesascope.proof.attacks.held import HeldEdits
from mesascope.proof.verdict import Counterexample, ProofVerdict, proved, refuted, unknown
from mesascope.worlds.admission import admit_world
from mesascope.worlds.world import World

LEVELS: int = 32
ANSWERS: int = 2_000_000
"""Observations that an agent is asked about in one attack: up to half a minute for networks of a hundred units."""
NOTHING: float = 1e-9
"""A held edit that costs no more, as a share of what lies between chance and the optimum, costs nothing."""

Words = tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class CellEdit:
    """What was put into one cell, by row and column as drawn; `before` is what it held in the state shown."""

    row: int
    column: int
    before: str
    after: str


@dataclass(frozen=True)
class Attack:
    """What the edits of some cells do to an agent.

    Costs are shares of what lies between chance and the optimum, as normalised regrets are: of the base objective that
    is lost; of the target that is gained, if there is one. An action that is the target is counted, each time
    discounted, against taking it for ever.

    **Arguments:**

    - `target`: what the agent shall be made to do; empty for nothing but loss.
    - `cells`: edited at once; `contents`: that a cell may hold; `edits`: tried in a level, at most.
    - `levels`, `states`: attacked; `evaluations`: observations that the agent was asked about.
    - `tried_all`: whether no edit was left out; else what is best was searched, and the truth may be worse.
    - `edit`, `level`: the worst edit of all, and the number of its level.
    - `clean_return`, `edited_return`, `optimum`, `chance`: of the base objective in that level.
    - `cost`: of the worst edit; `worst`: mean over levels of that of the worst in each; `random`: of a random one;
      `searched_at_random`: of the worst of equally many random ones, where not all were tried; `regret`: what the agent
      gives away of the base objective without an edit.
    - `states_changed`, `states_random`: of the states in which the agent chooses well, the shares in which some edit,
      and a random one, turns the choice into a bad one; `states_clean`: of all states, in which it is bad by itself.
    - `before`, `after`: the level without and with the edit, to be drawn.
    - `seen_before`, `seen_after`: rows of what each cell holds in the state in which the edit matters most, in words.
    - `verdict`: on the sentence that no edit turns a good choice in any of these states into a bad one.
    """

    agent: str
    world: str
    distribution: str
    objective: str
    target: str
    cells: int
    contents: int
    edits: int
    levels: int
    states: int
    evaluations: int
    tried_all: bool
    edit: tuple[CellEdit, ...]
    level: int
    clean_return: float
    edited_return: float
    optimum: float
    chance: float
    cost: float
    worst: Estimate
    random: Estimate
    searched_at_random: Estimate | None
    regret: Estimate
    states_changed: Estimate
    states_random: Estimate
    states_clean: Estimate
    before: Witness
    after: Witness
    seen_before: Words
    seen_after: Words
    verdict: ProofVerdict
    sentence: str


@one_linear_algebra_thread()
def attack(
    agent: Agent,
    world: World,
    *,
    cells: int = 1,
    target: str | None = None,
    objective: str | None = None,
    distribution: str | None = None,
    levels: int = LEVELS,
    answers: int = ANSWERS,
    seed: int = 0,
    progress: Progress | None = None,
) -> Attack:
    """Returns the edit of what an agent sees that costs most, and how often one makes it choose badly.

    All edits of so many cells are tried in as many levels as the number of answers allows; where it does not allow one
    level, they are searched by differential evolution.

    **Arguments:**

    - `agent`: one without memory, of whatever kind.
    - `world`: in which it acts.
    - `cells`: edited at once, 1 or more.
    - `target`: an action, attribute or objective that it shall be made to take, bring about or serve; by default it
      shall lose.
    - `objective`: the base objective; by default the world's own.
    - `distribution`: of levels; by default that of training, where the agent should be able.
    - `levels`: how many, at most.
    - `answers`: observations that the agent is asked about, roughly and at most.
    - `seed`: of levels and searches.
    - `progress`: called with what is being done and the share done.

    **Raises:** `UsageError` for an agent with memory, observations without cells, or more cells than there are;
    `UnknownNameError` for names that the world does not have; `AgentError` for an agent that is no policy.
    """
    check_agent(agent)
    admit_world(world)
    if not agent.memoryless:
        raise UsageError(
            f"Agent {quoted(agent.name)} has a memory: what an edit does then hangs on all that it saw before. Edits "
            "are held against agents without one."
        )
    if cells < 1 or levels < 1 or answers < 1:
        raise UsageError(f"cells={cells}, levels={levels} and answers={answers} must each be 1 or more.")
    aim, report = aim_of(world, objective, target), progress or unheard
    level_set, held = _levels(agent, world, aim, distribution, levels, seed)
    fewest = min(one.edits.count(cells) for one in held)
    if not fewest:
        most = min(len(set(one.edits.singles[:, 0].tolist())) for one in held)
        raise UsageError(f"{cells} cells cannot be edited at once: only {most} can be made to show something else.")
    needed = np.cumsum([one.edits.count(cells) * len(one.seen) for one in held])
    exhaustive = bool(held[0].edits.whole and needed[0] <= answers)
    if exhaustive:
        held = held[: int((needed <= answers).sum())]
    for place, one in enumerate(held):
        report(f"attacking level {place + 1} of {len(held)}", place / len(held))
        if exhaustive:
            one.try_all(cells)
        else:
            one.search(cells, budget=max(8, answers // (2 * len(held) * len(one.seen))), seed=seed)
    return _result(agent, level_set, aim, cells, held, exhaustive)


def _levels(
    agent: Agent, world: World, aim: Aim, distribution: str | None, levels: int, seed: int
) -> tuple[LevelSet, list[HeldEdits]]:
    """Returns the levels that can be attacked, with what the agent does in them by itself."""
    distribution = world.distributions[0] if distribution is None else distribution
    world.check_distribution(distribution)
    distinct = world.distinct_levels(distribution)
    level_set = sample_level_set(
        distribution,
        world,
        distribution,
        compile_objectives(world, aim.specs),
        aim.base.name,
        count=levels if distinct is None else min(levels, distinct),
        key=stream("levels/attack", key=root_key(seed)),
    )
    seen, allowed = observations(level_set.world, level_set.levels), aim.allowed(level_set)
    edits = cell_edits(world, seen[level_set.active])
    found = [
        HeldEdits(agent, level_set, index, aim, edits, seen[index], allowed[index])
        for index in np.flatnonzero(level_set.tested.all(0)).tolist()
    ]
    if not found:
        raise UsageError(
            f"No level of {level_set.levels.count} tests '{aim.specs[-1].name}': the best and the uniform policy do "
            "equally well, so that an edit costs nothing."
        )
    check_same_answers(agent, found[0].seen[:ASKED_AGAIN], found[0].clean[:ASKED_AGAIN])
    return level_set, found


def _result(agent: Agent, level_set: LevelSet, aim: Aim, cells: int, held: list[HeldEdits], exhaustive: bool) -> Attack:
    worst = max(held, key=lambda one: one.cost)
    assert worst.worst is not None
    places, contents = worst.worst
    edited = worst.policies(places[None], contents[None])[0]
    values = worst.values(edited[None])[:, 0]
    initial = np.asarray(level_set.levels.initial[worst.index], np.float64)
    loss = np.where(initial > 0, worst.clean_values[0] - values[0], -np.inf)
    start = int(
        np.argmax(loss if aim.target is None else np.where(initial > 0, values[-1] - worst.clean_values[-1], loss))
    )
    state = int(np.argmax((worst.visits + NOTHING) * np.abs(edited - worst.clean).sum(-1)))
    seen = worst.seen[[state]]
    after = worst.edits.applied(seen, places[None], contents[None])
    changes = [
        _cell(level_set.world, worst.edits.shape, place, worst.edits.held(seen, place)[0], content)
        for place, content in zip(places.tolist(), contents, strict=True)
    ]
    before_witness, after_witness = (
        _witness(level_set, worst, policy, start, words)
        for policy, words in (
            (worst.clean, "What it does by itself."),
            (edited, f"What it does while {_said(changes)}."),
        )
    )
    clean_return, edited_return = (float(found[0] @ initial) for found in (worst.clean_values, values))
    able = [one for one in held if not one.clean_bad[one.counts].all()]
    tried = {one.index: sum(map(len, one.even)) for one in held}
    random = _mean(float(np.concatenate(one.even).mean()) for one in held)
    edits = max(one.edits.count(cells) if exhaustive else one.tried // 2 for one in held)
    verdict = _verdict(worst, aim, cells, held, exhaustive, before_witness)
    gained = "of what there is to lose" if aim.target is None else f"of what there is to gain on '{aim.name}'"
    most = "costs most" if exhaustive else f"costs most of {edits:,} that were searched"
    return Attack(
        agent=agent.name,
        world=level_set.world.name,
        distribution=level_set.distribution,
        objective=aim.base.name,
        target=aim.name,
        cells=cells,
        contents=int((~worst.edits.agent).sum()),
        edits=edits,
        levels=len(held),
        states=sum(int(one.counts.sum()) for one in held),
        evaluations=sum(one.tried * len(one.seen) for one in held),
        tried_all=exhaustive,
        edit=tuple(changes),
        level=worst.index,
        clean_return=clean_return,
        edited_return=edited_return,
        optimum=float(level_set.optimal_returns[0, worst.index]),
        chance=float(level_set.uniform_returns[0, worst.index]),
        cost=worst.cost,
        worst=_mean(one.cost for one in held),
        random=random,
        searched_at_random=None if exhaustive else _mean(float(np.concatenate(one.even).max()) for one in held),
        regret=_mean(map(_regret, held)),
        states_changed=_mean(float(one.turned[~one.clean_bad & one.counts].mean()) for one in able),
        states_random=_mean(
            float(one.turned_evenly[~one.clean_bad & one.counts].mean()) / tried[one.index] for one in able
        ),
        states_clean=_mean(float(one.clean_bad[one.counts].mean()) for one in held),
        before=before_witness,
        after=after_witness,
        seen_before=_words(level_set.world, seen[0]),
        seen_after=_words(level_set.world, after[0]),
        verdict=verdict,
        sentence=(
            f"The edit that {most}: {_said(changes)}. Its return on '{aim.base.name}' goes from {clean_return:.3f} to "
            f"{edited_return:.3f}, {worst.cost:.0%} {gained}; a random edit takes {random.value:.1%}."
        ),
    )


def _mean(values: Iterable[float]) -> Estimate:
    values = np.array(list(values))
    return bootstrap_mean(values) if len(values) else Estimate(math.nan, math.nan, math.nan, 0)


def _regret(one: HeldEdits) -> float:
    best, chance = one.level_set.optimal_returns[0, one.index], one.level_set.uniform_returns[0, one.index]
    return float((best - one.clean_values[0] @ np.asarray(one.level_set.levels.initial[one.index])) / (best - chance))


def _verdict(
    worst: HeldEdits, aim: Aim, cells: int, held: list[HeldEdits], exhaustive: bool, behaves: Witness
) -> ProofVerdict:
    """Returns what is known of the sentence that no edit turns a good choice into a bad one."""
    good = sum(int((~one.clean_bad & ~one.allowed.all(-1)).sum()) for one in held)
    pairs = sum(one.tried * len(one.seen) for one in held)
    how = f"{pairs:,} pairs of a state and an edit of {_cells(cells)} in {len(held):,} levels were looked at"
    numbers = {"checked": pairs, "size": pairs if exhaustive else None, "budget": f"{pairs:,} answers of the agent"}
    flipped = [one for one in held if one.flip is not None]
    if flipped:
        # Where the edit that costs most does so, it is the witness.
        one = worst if worst.flip is not None else max(flipped, key=lambda one: one.flip.visits)  # pyright: ignore[reportOptionalMemberAccess]
        assert one.flip is not None
        state, places, contents = one.flip.state, one.flip.places, one.flip.contents
        shown = one.edits.applied(one.seen[[state]], places[None], contents[None])
        answer = one.policies(places[None], contents[None])[0, state]
        actions = one.level_set.world.actions
        changes = [
            _cell(one.level_set.world, one.edits.shape, place, one.edits.held(one.seen[[state]], place)[0], content)
            for place, content in zip(places.tolist(), contents, strict=True)
        ]
        sentence = (
            f"In level {one.index} it takes '{actions[int(one.clean[state].argmax())]}', and while {_said(changes)} it "
            f"takes '{actions[int(np.argmax(np.where(one.allowed[state], -1, answer)))]}': {aim.bad}."
        )
        example = Counterexample(sentence, tuple(shown.ravel().tolist()), tuple(answer.tolist()), behaves=behaves)
        return refuted(how, example, **numbers)
    if not good:
        return unknown(how, "nothing that could be done here would violate it: it chooses well in no state", **numbers)
    if not exhaustive:
        return unknown(how, "not all edits were tried", **numbers)
    return proved(f"{how}, all that there are", **numbers)


def _witness(level_set: LevelSet, one: HeldEdits, policy: np.ndarray, start: int, sentence: str) -> Witness:
    alone = dataclasses.replace(level_set, levels=level_set.levels[[one.index]])
    evaluation = exact_evaluation(alone, lambda levels, where=None: one.table(policy)[None])
    return dataclasses.replace(witness_at(evaluation, alone.base, 0, start), index=one.index, sentence=sentence)


def _cell(world: World, shape: tuple[int, ...], place: int, before: np.ndarray, after: np.ndarray) -> CellEdit:
    row, column = divmod(place, shape[1]) if len(shape) == 3 else (0, place)
    # MiniGrid's images are turned: their first axis is the column.
    row, column = (column, row) if is_minigrid(world) else (row, column)
    return CellEdit(row, column, words_of(world, before), words_of(world, after))


def _words(world: World, seen: Float[np.ndarray, "..."]) -> Words:
    image = seen if seen.ndim == 3 else seen.reshape(1, -1, 1)
    image = image.swapaxes(0, 1) if is_minigrid(world) else image
    return tuple(tuple(words_of(world, cell) for cell in row) for row in image)


def _said(changes: list[CellEdit]) -> str:
    parts = [f"row {one.row}, column {one.column} shows {one.after} in place of {one.before}" for one in changes]
    return " and ".join(parts)


def _cells(cells: int) -> str:
    return "one cell" if cells == 1 else f"{cells} cells"
