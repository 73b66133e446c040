"""The witness of a refutation: the level with most violations, drawn beside the nearest in which there is none."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field, replace

import jax
import numpy as np

from mesascope.agents.agent import Agent
from mesascope.audit.alignment.witness import witness_at
from mesascope.audit.evaluation import Evaluation, exact_evaluation
from mesascope.audit.findings import Witness
from mesascope.audit.level_set import LevelSet
from mesascope.audit.policy import choices_in
from mesascope.objectives.objective import compile_objectives
from mesascope.planning.evaluation import policy_values
from mesascope.proof.judging import Judged, choices_of, judge
from mesascope.proof.lock_step import lock_step
from mesascope.proof.outcomes import chance_of
from mesascope.proof.property import ActionProperty, NeverHappens, Optimal, Property
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
    """Keeps, while parts of a set go by, the worst level and those in which the property holds."""

    worst: tuple[int, int, int] | None = None
    most: int = 0
    text: np.ndarray | None = None
    behaving: list[tuple[int, int, np.ndarray]] = field(default_factory=list)

    def look_at(self, number: int, part: Part, judged: Judged) -> None:
        """Takes notice of a part.

        **Arguments:**

        - `number`: of the part in its set.
        - `part`, `judged`: what it holds, and what was found there.
        """
        if part.levels is None:
            if self.worst is None and judged.violated.any():
                self.worst = (number, *np.argwhere(judged.violated)[0].tolist())
            return
        count = judged.violated.sum(-1)
        row = int(count.argmax())
        if count[row] > self.most:
            self.most, self.worst, self.text = int(count[row]), (number, row, -1), _texts(part, [row])[0]
        room = COMPARED if isinstance(part.levels.layout, GridLayout) else COMPARED_TEXTS
        rows = np.flatnonzero((count == 0) & ~judged.open.any(-1) & judged.counted.any(-1))[: room - len(self.behaving)]
        self.behaving += [(number, int(row), text) for row, text in zip(rows, _texts(part, rows), strict=True)]

    def counterexample(
        self, agent: Agent, wanted: Property, states: StateSet, taken_above: float | None
    ) -> Counterexample | None:
        """Returns the worst, asked again by itself; `None` if the agent does otherwise then.

        **Arguments:** as of `enumerate_states`.
        """
        assert self.worst is not None
        number, row, state = self.worst
        part = states.part(number)
        if part.levels is None:
            one = Part(part.seen[row : row + 1], part.there[row : row + 1])
            judged = judge(agent, wanted, one, start=states.start, taken_above=taken_above)
            outputs = choices_of(agent, one, one.there, taken_above).policy[0, state]
            words = f"Shown observation {number * part.seen.shape[0] + row:,} of the set, it {_not(wanted)}."
            inputs = tuple(one.seen[0, state].ravel().tolist())
            return Counterexample(words, inputs, tuple(outputs.tolist())) if judged.violated.any() else None
        nearest = self._nearest()
        rows = [(part, row), (part, row) if nearest is None else (states.part(nearest[0]), nearest[1])]
        some = [each.levels[place] for each, place in rows if each.levels is not None]
        levels = jax.tree.map(lambda *arrays: np.stack(arrays), *some)
        seen, there = (np.stack([getattr(each, name)[place] for each, place in rows]) for name in ("seen", "there"))
        both = Part(seen, there, levels, part.world)
        judged = judge(agent, wanted, both, start=states.start, taken_above=taken_above)
        if not judged.violated[0].any():
            return None
        drawn = _Drawn(agent, wanted, both, states.words, taken_above)
        start = drawn.telling(0, judged.violated[0])
        behaves = None
        if nearest is not None and not judged.violated[1].any():
            here = start if judged.counted[1, start] else int(judged.counted[1].argmax())
            behaves = replace(drawn.witness(1, here), sentence=f"In this level it {wanted.words}.")
        sentence = drawn.sentence(0, start)
        level = replace(drawn.witness(0, start), sentence=sentence)
        outputs = drawn.evaluation.policy[0, start]
        return Counterexample(sentence, outputs=tuple(outputs.tolist()), level=level, behaves=behaves)

    def _nearest(self) -> tuple[int, int] | None:
        if not self.behaving or self.text is None:
            return None
        rows = [(number, row, text) for number, row, text in self.behaving if text.shape == self.text.shape]
        if not rows:
            return self.behaving[0][:2]
        return rows[int(np.argmin((np.stack([text for _, _, text in rows]) != self.text).sum(-1)))][:2]


@dataclass(frozen=True, eq=False)
class _Drawn:
    """The worst level and the nearest that behaves, with all that drawings and sentences of them need."""

    agent: Agent
    wanted: Property
    part: Part
    words: str
    taken_above: float | None

    @functools.cached_property
    def evaluation(self) -> Evaluation:
        world, levels = self.part.world, self.part.levels
        assert world is not None
        assert levels is not None
        # Where it is about an objective, that is what the picture shows.
        names = self.wanted.objective.names if isinstance(self.wanted, Optimal) else (world.base_objective,)
        objectives = compile_objectives(world).select(*names)
        level_set = LevelSet(self.words, world, self.words, levels, objectives, 0)
        return exact_evaluation(level_set, lambda levels, where=None: choices_in(self.agent, world, levels, where))

    def telling(self, level: int, states: np.ndarray) -> int:
        """Returns the state of some in which the agent loses most of the objective."""
        level_set = self.evaluation.level_set
        gained = policy_values(level_set.levels, self.evaluation.policy, level_set.objectives)[0, level]
        loss = level_set.optimal_action_values[0, level].max(-1) - gained
        return int(np.where(states, np.round(loss, 9), -np.inf).argmax())

    def witness(self, level: int, start: int) -> Witness:
        """Returns the level with the agent's way from a start."""
        found = witness_at(self.evaluation, 0, level, start)
        if self.agent.memoryless:
            return found
        assert isinstance(self.wanted, ActionProperty)
        begins = np.zeros_like(self.part.there)
        begins[level, start] = True
        *_, path = lock_step(self.agent, self.wanted, self.part, begins)
        world, one = self.evaluation.level_set.world, self.evaluation.level_set.levels[level]
        places = (world.position(one, int(state[0])) for state in path)
        return replace(found, agent_path=tuple(place for place in places if place is not None))

    def sentence(self, level: int, state: int) -> str:
        """Returns what goes wrong, for people."""
        level_set, wanted = self.evaluation.level_set, self.wanted
        world, one, policy = level_set.world, level_set.levels[level], self.evaluation.policy
        place = world.position(one, state)
        where = "in the state drawn" if place is None else f"in row {place[0]}, column {place[1]}"
        things = []
        if isinstance(one.layout, GridLayout) and isinstance(world.unwrapped, LayoutWorld):
            signs = [world.legend[sign] for sign in world.unwrapped.limits()]
            for cell, kind in np.argwhere(one.layout.objects).tolist():
                row, column = world.unwrapped.grid.row_and_column(cell)
                things.append(f"the {signs[kind]} in row {row}, column {column}")
        begins = f"With {' and '.join(things)}, " if 0 < len(things) <= NAMED else ""
        if isinstance(wanted, NeverHappens):
            odds = chance_of(level_set.levels, policy, wanted.event(level_set.levels))[level, state]
            said = f"begun {where}, it does not: it ought to be so that it {wanted.words}"
            if self.agent.memoryless:
                said += f"; under its own probabilities the chance of '{wanted.attribute}' is {odds:.3g}"
        elif isinstance(wanted, ActionProperty) and self.agent.memoryless:
            choices = choices_of(self.agent, self.part, self.part.there, self.taken_above)
            fine = np.broadcast_to(wanted.allowed(level_set.levels), policy.shape)[level, state]
            names = [_called(world, one, action) for action in np.flatnonzero(choices.possible[level, state] & ~fine)]
            better = [_called(world, one, action) for action in np.flatnonzero(fine)]
            would = "would be optimal" if isinstance(wanted, Optimal) else "would be allowed"
            said = f"it chooses {' or '.join(names)} {where}; {' or '.join(better) or 'nothing'} {would}"
        else:
            said = f"begun {where}, it {_not(wanted)}"
        sentence = f"{begins}{said}."
        return sentence[0].upper() + sentence[1:]


def _not(wanted: Property) -> str:
    return f"breaks the property that it {wanted.words}"


def _called(world, level, action) -> str:
    text = getattr(world, "action_text", None)
    name = world.actions[action]
    return name if text is None else f"{name} ({text(level, int(action))})"


def _texts(part: Part, rows) -> list[np.ndarray]:
    """Returns levels as rows of characters, to be compared; those of layouts without making the text."""
    levels, world = part.levels, part.world
    assert levels is not None
    assert world is not None
    layout = levels.layout
    if isinstance(layout, GridLayout) and len(rows):
        kinds = (np.asarray(layout.objects)[rows] * (np.arange(layout.objects.shape[-1]) + 2)).sum(-1)
        inside = np.asarray(layout.walls)[rows][:, 1:-1, 1:-1].reshape(len(kinds), -1)
        return list((inside + kinds).astype(np.uint8))
    return [np.array(list(world.format(levels[int(row)]))) for row in rows]
