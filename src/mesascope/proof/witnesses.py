"""The witness of a refutation: the level with most violations, drawn beside the nearest in which there is none."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import jax
import numpy as np

from mesascope.agents.agent import Agent
from mesascope.audit.alignment.witness import witness_at
from mesascope.audit.evaluation import Evaluation, exact_evaluation
from mesascope.audit.findings import Witness
from mesascope.audit.level_set import LevelSet
from mesascope.audit.policy import choices_in
from mesascope.core.rounding import settled
from mesascope.objectives.objective import compile_objectives
from mesascope.planning.evaluation import policy_values
from mesascope.proof.abstract_property import ActionProperty, Property, possible_actions
from mesascope.proof.judging import Judged, choices_of, judge
from mesascope.proof.lock_step import lock_step
from mesascope.proof.outcomes import chance_of
from mesascope.proof.property import AlwaysHappens, NeverHappens, Optimal
from mesascope.proof.state_set import Part, StateSet
from mesascope.proof.verdict import Counterexample
from mesascope.worlds.grid_world import GridLayout, LayoutWorld

COMPARED: int = 200_000
"""Layouts in which it behaves, among which the nearest is looked for."""
COMPARED_TEXTS: int = 1024
"""Other levels, whose texts take longer to make."""
NAMED: int = 3
"""Objects whose places a sentence names."""


@dataclass
class Search:
    """Keeps, while the parts of a set go by, the worst level and those in which the property holds."""

    worst: tuple[int, int, int] | None = None
    most: int = 0
    text: np.ndarray = field(default_factory=lambda: np.zeros(0))
    behaving: list[tuple[int, int, np.ndarray]] = field(default_factory=list)

    def look_at(self, number: int, part: Part, judged: Judged) -> None:
        """Takes notice of a part.

        **Arguments:**

        - `number`: of the part in its set.
        - `part`, `judged`: what it holds, and what was found there.
        """
        count = judged.violated.sum(-1)
        row = int(count.argmax())
        if count[row] > self.most:
            self.most, self.worst = int(count[row]), (number, row, int(judged.violated[row].argmax()))
            self.text = _text(part, row)
        if part.levels is not None:
            room = COMPARED if isinstance(part.levels.layout, GridLayout) else COMPARED_TEXTS
            fine = (count == 0) & ~judged.open.any(-1) & judged.counted.any(-1)
            rows = np.flatnonzero(fine)[: room - len(self.behaving)].tolist()
            self.behaving += [(number, one, _text(part, one)) for one in rows]

    def counterexample(
        self, agent: Agent, wanted: Property, states: StateSet, taken_above: float | None
    ) -> Counterexample | None:
        """Returns the worst, asked again by itself; `None` if the agent does otherwise then.

        **Arguments:** as of `enumeration.enumerate_states`.
        """
        assert self.worst is not None
        number, row, state = self.worst
        part, near = states.part(number), self._nearest()
        other, beside = (part, row) if near is None else (states.part(near[0]), near[1])
        seen, there = (np.stack([getattr(part, name)[row], getattr(other, name)[beside]]) for name in ("seen", "there"))
        both = Part(seen, there)
        if part.levels is not None and other.levels is not None:
            levels = jax.tree.map(lambda *arrays: np.stack(arrays), part.levels[row], other.levels[beside])
            both = replace(both, levels=levels, world=part.world)
        judged = judge(agent, wanted, both, start=states.start, taken_above=taken_above)
        if not judged.violated[0].any():
            return None
        if part.levels is None:
            place, policy = number * len(part.seen) + row, choices_of(agent, both, there, None).policy[0, 0]
            sentence = f"Shown observation {place:,} of the set, it is false that it {wanted.words}."
            return Counterexample(sentence, tuple(seen[0, 0].ravel().tolist()), tuple(policy.tolist()))
        evaluation = _evaluation(agent, wanted, both, states.words)
        level_set = evaluation.level_set
        loss = level_set.optimal_action_values[0].max(-1) - policy_values(
            level_set.levels, evaluation.policy, level_set.objectives
        ).squeeze(0)
        # Of several states the one that costs most.
        state = int(np.where(judged.violated[0], settled(loss[0]), -np.inf).argmax())
        sentence = _sentence(agent, wanted, both, evaluation, state, taken_above)
        level = replace(_witness(agent, wanted, both, evaluation, 0, state), sentence=sentence)
        behaves = None
        if near is not None and not judged.violated[1].any():
            here = state if judged.counted[1, state] else int(judged.counted[1].argmax())
            behaves = _witness(agent, wanted, both, evaluation, 1, here)
            behaves = replace(behaves, sentence=f"In this level it {wanted.words}.")
        outputs = tuple(evaluation.policy[0, state].tolist())
        return Counterexample(sentence, outputs=outputs, level=level, behaves=behaves)

    def _nearest(self) -> tuple[int, int] | None:
        """Returns the part and row of the level that fewest characters tell from the worst."""
        rows = [one for one in self.behaving if one[2].shape == self.text.shape]
        if not rows:
            return self.behaving[0][:2] if self.behaving else None
        return rows[int((np.stack([text for *_, text in rows]) != self.text).sum(-1).argmin())][:2]


def _evaluation(agent: Agent, wanted: Property, part: Part, words: str) -> Evaluation:
    """Returns what pictures are drawn from; of agents with memory, its first choices."""
    world, levels = part.world, part.levels
    assert world is not None
    assert levels is not None
    names = wanted.objective.names if isinstance(wanted, Optimal) else (world.base_objective,)
    level_set = LevelSet(words, world, words, levels, compile_objectives(world).select(*names), 0)
    return exact_evaluation(level_set, lambda levels, where=None: choices_in(agent, world, levels, where))


def _witness(agent: Agent, wanted: Property, part: Part, evaluation: Evaluation, level: int, start: int) -> Witness:
    found = witness_at(evaluation, 0, level, start)
    if agent.memoryless or part.world is None or part.levels is None:
        return found
    assert isinstance(wanted, ActionProperty)
    begins = np.zeros_like(part.there)
    begins[level, start] = True
    states = [int(state[0]) for state in lock_step(agent, wanted, part, begins)[2]]
    places = (part.world.position(part.levels[level], state) for state in states)
    return replace(found, agent_path=tuple(place for place in places if place is not None))


def _sentence(
    agent: Agent, wanted: Property, part: Part, evaluation: Evaluation, state: int, taken_above: float | None
) -> str:
    """Returns what goes wrong in the first level, for people."""
    world, levels, policy = evaluation.level_set.world, evaluation.level_set.levels, evaluation.policy[0, state]
    one, place, inner = levels[0], world.position(levels[0], state), world.unwrapped
    where = "in the state shown" if place is None else f"in row {place[0]}, column {place[1]}"
    things = []
    if isinstance(one.layout, GridLayout) and isinstance(inner, LayoutWorld):
        names = [world.legend[sign] for sign in inner.limits()]
        for cell, kind in np.argwhere(one.layout.objects).tolist():
            things.append("the {} in row {}, column {}".format(names[kind], *inner.grid.row_and_column(cell)))
    begins = f"with {' and '.join(things)}, " if 0 < len(things) <= NAMED else ""
    if not agent.memoryless or not isinstance(wanted, ActionProperty):
        said = f"{where} it is false that it {wanted.words}"
    elif isinstance(wanted, NeverHappens):
        chance = chance_of(levels, evaluation.policy, wanted.event(levels))[0, state]
        what = "need not" if isinstance(wanted, AlwaysHappens) else "can"
        tied = " by actions that tie with its likeliest" if (possible_actions(policy, taken_above).sum() > 1) else ""
        own = f"its chance under the agent's own probabilities is {chance:.3g}"
        said = f"begun {where}, '{wanted.attribute}' {what} happen{tied}; {own}"
    else:
        told = getattr(world, "action_text", lambda level, action: world.actions[action])
        fine = np.broadcast_to(wanted.allowed(levels), (*part.there.shape, len(policy)))[0, state]
        wrong, right = (
            " or ".join(told(one, int(action)) for action in np.flatnonzero(some)) or "nothing"
            for some in (possible_actions(policy, taken_above) & ~fine, fine)
        )
        said = f"it chooses {wrong} {where}; {right} would be {'optimal' if isinstance(wanted, Optimal) else 'allowed'}"
    return f"{begins}{said}."[:1].upper() + f"{begins}{said}."[1:]


def _text(part: Part, row: int) -> np.ndarray:
    """Returns a level as characters, to be compared; one of a layout without making the text."""
    if part.levels is None or part.world is None:
        return np.zeros(0)
    layout = part.levels.layout
    if isinstance(layout, GridLayout):
        objects = np.asarray(layout.objects[row])
        return np.asarray(layout.walls[row])[1:-1, 1:-1].ravel() + objects @ (np.arange(objects.shape[-1]) + 2)
    return np.array(list(part.world.format(part.levels[row])))
