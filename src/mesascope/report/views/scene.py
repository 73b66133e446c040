"""A scene: one level with paths, goals and arrows, ready to be drawn in characters or as a figure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from mesascope.audit.findings import Witness
from mesascope.report.views.words import plain
from mesascope.worlds.level import Level
from mesascope.worlds.world import World

Place = tuple[int, int]
LARGEST_SIDE = 100
"""Levels with more rows or columns are shown as text only."""
_COMPASS = {
    "up": (-1, 0),
    "north": (-1, 0),
    "down": (1, 0),
    "south": (1, 0),
    "left": (0, -1),
    "west": (0, -1),
    "right": (0, 1),
    "east": (0, 1),
    "stay": (0, 0),
    "wait": (0, 0),
}


@dataclass(frozen=True)
class Arrow:
    """What a policy does in one place.

    **Arguments:**

    - `place`: row and column in the text.
    - `step`: rows and columns that the likeliest action moves, each -1, 0 or 1; `None` if it is not a move.
    - `label`: the action's name.
    - `probability`: of that action, in [0, 1].
    """

    place: Place
    step: Place | None
    label: str
    probability: float


@dataclass(frozen=True)
class Scene:
    """One level and what happens in it; places are rows and columns of the text, and lie inside it.

    **Arguments:**

    - `rows`: the level in text form, without the agent.
    - `legend`: what each character means.
    - `start`: where the episode begins.
    - `agent_path`, `base_path`: places visited by the agent, and under the base objective.
    - `agent_goal`, `base_goal`: where the two objectives are fulfilled.
    - `arrows`: a policy as a vector field, one arrow a place.
    """

    rows: tuple[str, ...]
    legend: tuple[tuple[str, str], ...]
    start: Place | None = None
    agent_path: tuple[Place, ...] = ()
    base_path: tuple[Place, ...] = ()
    agent_goal: tuple[Place, ...] = ()
    base_goal: tuple[Place, ...] = ()
    arrows: tuple[Arrow, ...] = ()

    @property
    def is_grid(self) -> bool:
        """Whether the text is a rectangle of cells small enough to draw, rather than lines to read."""
        widths = {len(row) for row in self.rows}
        return len(widths) == 1 and 1 < max(len(self.rows), *widths) <= LARGEST_SIDE and len(self.rows) > 1

    @property
    def cells(self) -> list[tuple[Place, str]]:
        """Every place of the text and the character in it."""
        return [((i, j), character) for i, row in enumerate(self.rows) for j, character in enumerate(row)]

    def meaning(self, character: str) -> str | None:
        """Returns what a character stands for, or `None` if the legend does not say."""
        return dict(self.legend).get(character)

    def is_wall(self, character: str) -> bool:
        """Returns whether a character is drawn as a wall."""
        return character == "#" or self.meaning(character) == "wall"

    def is_floor(self, character: str) -> bool:
        """Returns whether nothing lies in a place with this character."""
        return character in ". " or self.meaning(character) in ("floor", "free", "empty")


def scene_of_witness(witness: Witness) -> Scene:
    """Returns the scene of a witness; places outside its text are left out."""
    rows = rows_of(witness.text)
    actions = {action for _, _, action, _ in witness.arrows}
    best: dict[Place, Arrow] = {}
    for row, column, action, probability in witness.arrows:
        # Several states can share a place (a key in hand or not); the surest one is drawn.
        if (row, column) not in best or probability > best[row, column].probability:
            best[row, column] = Arrow((row, column), step_of_name(action, actions), plain(action), probability)
    return Scene(
        rows=rows,
        legend=tuple((plain(character), plain(meaning)) for character, meaning in witness.legend),
        start=witness.start if witness.start is not None and inside(rows, witness.start) else None,
        agent_path=visible(rows, witness.agent_path),
        base_path=visible(rows, witness.base_path),
        # Where both goals are the same there is no goal of the agent's own to point at.
        agent_goal=() if witness.agent_goal == witness.base_goal else visible(rows, witness.agent_goal),
        base_goal=visible(rows, witness.base_goal),
        arrows=tuple(arrow for place, arrow in sorted(best.items()) if inside(rows, place)),
    )


def scene_of_level(
    world: World,
    level: Level,
    *,
    policy: Float[np.ndarray, "S A"] | None = None,
    path: Sequence[int] | None = None,
) -> Scene:
    """Returns the scene of a (not batched) level.

    **Arguments:**

    - `world`: that the level belongs to.
    - `level`: to be drawn.
    - `policy`: action probabilities in every state, drawn as a vector field.
    - `path`: states visited, in order.
    """
    rows = rows_of(world.format(level))
    places = {state: world.position(level, state) for state in (path or ())}
    visited = [place for state in (path or ()) if (place := places[state]) is not None]
    return Scene(
        rows=rows,
        legend=tuple((character, plain(meaning)) for character, meaning in world.legend.items()),
        start=visited[0] if visited else None,
        agent_path=visible(rows, visited),
        arrows=() if policy is None else _arrows(world, level, np.asarray(policy), rows),
    )


def _arrows(world: World, level: Level, policy: np.ndarray, rows: tuple[str, ...]) -> tuple[Arrow, ...]:
    likeliest = policy.argmax(axis=-1)
    outcome = np.asarray(level.probabilities).argmax(axis=-1)
    successors, terminal = np.asarray(level.successors), np.asarray(level.terminal)
    best: dict[Place, Arrow] = {}
    for state in np.flatnonzero(np.asarray(level.reachable)).tolist():
        place = world.position(level, state)
        if terminal[state] or place is None or not inside(rows, place):
            continue
        action = int(likeliest[state])
        target = world.position(level, int(successors[state, action, outcome[state, action]]))
        name, probability = world.actions[action], float(policy[state, action])
        # A blocked move is still a move of that name: the picture shows what the agent tries.
        step = step_between(place, target) if target not in (None, place) else step_of_name(name, world.actions)
        if place not in best or probability > best[place].probability:
            best[place] = Arrow(place, step, plain(name), probability)
    return tuple(arrow for _, arrow in sorted(best.items()))


def step_between(place: Place, target: Place | None) -> Place | None:
    """Returns the direction between two places, rows and columns each -1, 0 or 1; `None` if there is no second one."""
    if target is None:
        return None
    return _sign(target[0] - place[0]), _sign(target[1] - place[1])


def _sign(number: int) -> int:
    return (number > 0) - (number < 0)


def step_of_name(name: str, names: Iterable[str]) -> Place | None:
    """Returns rows and columns that an action moves by its name, each -1, 0 or 1; `None` if it does not name a move.

    **Arguments:**

    - `name`: of the action.
    - `names`: of all actions.
    """
    # Where an agent can go forward, left and right are turns on the spot.
    turns = any("forward" in other.lower() for other in names)
    word = name.lower().removeprefix("move ").removeprefix("go ")
    return None if turns and word in ("left", "right") else _COMPASS.get(word)


def rows_of(text: str) -> tuple[str, ...]:
    """Returns the rows of a level in text form, every character of them harmless."""
    return tuple(plain(text.strip("\n"), lines=True).split("\n"))


def inside(rows: Sequence[str], place: Place) -> bool:
    """Returns whether a place lies in a text."""
    return 0 <= place[0] < len(rows) and 0 <= place[1] < len(rows[place[0]])


def visible(rows: Sequence[str], places: Iterable[Place]) -> tuple[Place, ...]:
    """Returns the places that lie in a text."""
    return tuple((row, column) for row, column in places if inside(rows, (row, column)))
