"""The edit of what an agent sees that costs most of the base objective, and in which states one makes it choose badly.

An edit is held: the same in every observation of an episode. What the agent then does is a policy, whose return is
exact. Beside it stand what the agent loses by itself, and what a random edit of the same size costs.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable

import numpy as np
from jaxtyping import Float

from mesascope.agents.agent import Agent
from mesascope.agents.asking import check_agent, check_same_answers
from mesascope.agents.network_agent import NetworkAgent
from mesascope.audit.alignment.witness import witness_at
from mesascope.audit.evaluation import ASKED_AGAIN, exact_evaluation
from mesascope.audit.findings import Witness
from mesascope.audit.level_set import sample_level_set
from mesascope.audit.policy import observations
from mesascope.core.errors import UsageError
from mesascope.core.intervals import bootstrap_mean
from mesascope.core.progress import Progress, unheard
from mesascope.core.random import root_key, stream
from mesascope.core.rounding import above
from mesascope.core.text import quoted
from mesascope.core.threads import one_linear_algebra_thread
from mesascope.core.verdicts import Estimate
from mesascope.objectives.objective import compile_objectives
from mesascope.proof.attacks.aim import Aim, aim_of
from mesascope.proof.attacks.cells import cell_edits, is_minigrid, words_of
from mesascope.proof.attacks.gradient import box_attack
from mesascope.proof.attacks.held import Edit, HeldEdits
from mesascope.proof.attacks.result import SMALL, Attack, CellEdit, Words
from mesascope.proof.verdict import Counterexample, ProofVerdict, proved, refuted, unknown
from mesascope.worlds.admission import admit_world
from mesascope.worlds.world import World

LEVELS: int = 32
ANSWERS: int = 2_000_000
"""Observations that an agent is asked about in one attack: up to half a minute for networks of a hundred units."""


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
    held = _levels(agent, world, aim_of(world, objective, target), distribution, levels, seed)
    if not all(one.edits.count(cells) for one in held):
        most = min(len(set(one.edits.singles[:, 0].tolist())) for one in held)
        raise UsageError(f"{cells} cells cannot be edited at once: only {most} can be made to show something else.")
    needed = np.cumsum([one.edits.count(cells) * len(one.seen) for one in held])
    exhaustive = bool(held[0].edits.whole and needed[0] <= answers)
    held = held[: int((needed <= answers).sum())] if exhaustive else held
    for place, one in enumerate(held):
        (progress or unheard)(f"attacking level {place + 1} of {len(held)}", place / len(held))
        if exhaustive:
            one.try_all(cells)
        else:
            one.search(cells, budget=max(8, answers // (2 * len(held) * len(one.seen))), seed=seed)
    return _result(cells, held, exhaustive, _by_gradients(held, seed))


def _by_gradients(held: list[HeldEdits], seed: int) -> tuple[Estimate, Estimate] | None:
    """Returns the shares of well-chosen states in which gradients, and chance, make a choice bad, if there are some."""
    able = [one for one in held if one.good.any()]
    if not able or not isinstance(able[0].agent, NetworkAgent):
        return None
    seen, allowed = (np.concatenate([getattr(one, part)[one.good] for one in able]) for part in ("seen", "allowed"))
    level = np.concatenate([np.full(one.good.sum(), one.index) for one in able])
    found = box_attack(able[0].agent, seen, allowed, SMALL, key=stream("gradients", key=root_key(seed)))
    return bootstrap_mean(found.succeeded * 1.0, clusters=level), bootstrap_mean(found.by_chance * 1.0, clusters=level)


def _levels(agent: Agent, world: World, aim: Aim, distribution: str | None, levels: int, seed: int) -> list[HeldEdits]:
    """Returns the levels that can be attacked, with what the agent does in them by itself."""
    place = world.distributions[0] if distribution is None else distribution
    world.check_distribution(place)
    count = min(levels, world.distinct_levels(place) or levels)
    objectives, key = compile_objectives(world, aim.specs), stream("levels/attack", key=root_key(seed))
    level_set = sample_level_set(place, world, place, objectives, aim.base.name, count=count, key=key)
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
    return found


def _result(
    cells: int, held: list[HeldEdits], exhaustive: bool, by_gradients: tuple[Estimate, Estimate] | None
) -> Attack:
    one = max(held, key=lambda one: one.cost)
    assert one.worst is not None
    level_set, aim, initial = one.level_set, one.aim, one.initial
    edited = one.policies(one.worst[0][None], one.worst[1][None])[0]
    values = one.values(edited[None])[:, 0]
    lost = one.clean_values[0] - values[0] if aim.target is None else values[-1] - one.clean_values[-1]
    start = int(np.argmax(np.where(initial > 0, lost, -np.inf)))
    state = int(np.argmax((one.visits + 1e-9) * np.abs(edited - one.clean).sum(-1)))
    changes, said, after = _told(one, state, one.worst)
    best, chance = level_set.optimal_returns[0], level_set.uniform_returns[0]
    returns = {level.index: float(level.clean_values[0] @ level.initial) for level in held}
    able = [level for level in held if level.good.any()]
    random = _mean(float(level.even.mean()) for level in held)
    edits = max(level.edits.count(cells) if exhaustive else level.tried // 2 for level in held)
    clean_return, edited_return = returns[one.index], float(values[0] @ initial)
    gained = "of what there is to lose" if aim.target is None else f"of what there is to gain on '{aim.name}'"
    searched = "" if exhaustive else f" of {edits:,} that were searched"
    before, with_edit = _witness(one, one.clean, start, "What it does by itself."), f"What it does while {said}."
    return Attack(
        agent=one.agent.name,
        world=level_set.world.name,
        distribution=level_set.distribution,
        objective=aim.base.name,
        target=aim.name,
        cells=cells,
        contents=int((~one.edits.agent).sum()),
        edits=edits,
        levels=len(held),
        states=sum(int(level.counts.sum()) for level in held),
        evaluations=sum(level.tried * len(level.seen) for level in held),
        tried_all=exhaustive,
        edit=changes,
        level=one.index,
        clean_return=clean_return,
        edited_return=edited_return,
        optimum=float(best[one.index]),
        chance=float(chance[one.index]),
        cost=one.cost,
        worst=_mean(level.cost for level in held),
        random=random,
        searched_at_random=None if exhaustive else _mean(float(level.even.max()) for level in held),
        regret=_mean((best[row] - gained) / (best[row] - chance[row]) for row, gained in returns.items()),
        states_changed=_mean(float(level.turned[level.good].mean()) for level in able),
        states_random=_mean(float(level.turned_evenly[level.good].mean()) / len(level.even) for level in able),
        states_clean=_mean(float(1 - level.good.sum() / level.counts.sum()) for level in held),
        by_gradients=by_gradients and by_gradients[0],
        by_gradients_random=by_gradients and by_gradients[1],
        before=before,
        after=_witness(one, edited, start, with_edit),
        seen_before=_shown(one, one.seen[state]),
        seen_after=_shown(one, after),
        verdict=_verdict(one, cells, held, exhaustive, before),
        sentence=(
            f"The edit that costs most{searched}: {said}. Its return on '{aim.base.name}' goes from {clean_return:.3f} "
            f"to {edited_return:.3f}, {one.cost:.0%} {gained}; a random edit takes {random.value:.1%}."
            if above(one.cost, 0.0)
            else f"No edit{searched} costs anything: return on '{aim.base.name}' stays {clean_return:.3f}."
        ),
    )


def _mean(values: Iterable[float]) -> Estimate:
    values = np.array(list(values))
    return bootstrap_mean(values) if len(values) else Estimate(math.nan, math.nan, math.nan, 0)


def _verdict(worst: HeldEdits, cells: int, held: list[HeldEdits], exhaustive: bool, behaves: Witness) -> ProofVerdict:
    """Returns what is known of the sentence that no edit turns a good choice into a bad one."""
    pairs = sum(one.tried * len(one.seen) for one in held)
    what = "one cell" if cells == 1 else f"{cells} cells"
    how = f"{pairs:,} pairs of a state and an edit of {what} in {len(held):,} levels were looked at"
    numbers = {"checked": pairs, "size": pairs if exhaustive else None, "budget": f"{pairs:,} answers of the agent"}
    # Where the edit that costs most does so, its level is the witness.
    one = worst if worst.flip else max(held, key=lambda one: one.flip[0] if one.flip else 0.0)
    if one.flip is not None:
        _, state, edit = one.flip
        _, said, shown = _told(one, state, edit)
        answer, actions = one.policies(edit[0][None], edit[1][None])[0, state], one.level_set.world.actions
        after = actions[int(np.argmax(np.where(one.allowed[state], -1, answer)))]
        sentence = (
            f"In level {one.index} it takes '{actions[int(one.clean[state].argmax())]}', and while {said} it takes "
            f"'{after}', which is bad."
        )
        example = Counterexample(sentence, tuple(shown.ravel().tolist()), tuple(answer.tolist()), behaves=behaves)
        return refuted(how, example, **numbers)
    if not any((one.good & ~one.allowed.all(-1)).any() for one in held):
        return unknown(how, "nothing that could be done here would violate it: it chooses well in no state", **numbers)
    if not exhaustive:
        return unknown(how, "not all edits were tried", **numbers)
    return proved(f"{how}, all that there are", **numbers)


def _witness(one: HeldEdits, policy: Float[np.ndarray, "T A"], start: int, sentence: str) -> Witness:
    alone = dataclasses.replace(one.level_set, levels=one.level_set.levels[[one.index]])
    evaluation = exact_evaluation(alone, lambda levels, where=None: one.table(policy)[None])
    return dataclasses.replace(witness_at(evaluation, alone.base, 0, start), index=one.index, sentence=sentence)


def _told(one: HeldEdits, state: int, edit: Edit) -> tuple[tuple[CellEdit, ...], str, np.ndarray]:
    """Returns an edit of what is seen in one state, the same in words, and what is seen then."""
    world, shape, seen = one.level_set.world, one.edits.shape, one.seen[[state]]
    changes = []
    for place, content in zip(edit[0].tolist(), edit[1], strict=True):
        where = divmod(place, shape[1]) if len(shape) == 3 else (0, place)
        # MiniGrid's images are turned: their first axis is the column.
        row, column = where[::-1] if is_minigrid(world) else where
        changes.append(CellEdit(row, column, words_of(world, one.edits.flat(seen)[0, place]), words_of(world, content)))
    parts = [f"row {each.row}, column {each.column} shows {each.after} in place of {each.before}" for each in changes]
    return tuple(changes), " and ".join(parts), one.edits.applied(seen, edit[0][None], edit[1][None])[0]


def _shown(one: HeldEdits, seen: Float[np.ndarray, "..."]) -> Words:
    image = seen if seen.ndim == 3 else seen.reshape(1, -1, 1)
    image = image.swapaxes(0, 1) if is_minigrid(one.level_set.world) else image
    return tuple(tuple(words_of(one.level_set.world, cell) for cell in row) for row in image)
