"""Levels drawn, from Python, with the way an agent takes and its policy as a vector field."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float

from mesascope.api.subject import AgentLike, agent_of, world_of
from mesascope.core.errors import UsageError
from mesascope.worlds.level import Level
from mesascope.worlds.world import World

FEW: int = 2


@dataclass(frozen=True)
class Drawing:
    """Levels with what is done in them.

    **Arguments:**

    - `world`: that the levels belong to.
    - `levels`: a batch of N levels.
    - `policy`: action probabilities, `[N, S, A]`; `None` if nobody acts.
    - `paths`: the likeliest states in each level, from its start, in order; `None` if nobody acts.
    """

    world: World
    levels: Level
    policy: Float[np.ndarray, "N S A"] | None
    paths: list[list[int]] | None

    def drawn(
        self, format: Literal["text", "svg", "png"] = "text", *, width: int = 100, ascii_only: bool = False
    ) -> str | bytes:
        """Returns the drawing; as `mesascope.report.drawing.draw_levels`."""
        from mesascope.report.drawing import draw_levels

        return draw_levels(
            self.world,
            self.levels,
            policy=self.policy,
            path=self.paths,
            format=format,
            width=width,
            ascii_only=ascii_only,
        )

    def __str__(self) -> str:
        return str(self.drawn())


def show(
    world: World | str = "corner",
    *,
    agent: AgentLike | None = None,
    optimal_for: str | None = None,
    distribution: str | None = None,
    levels: int = FEW,
    seed: int = 0,
) -> Drawing:
    """Draws levels of a world; with an agent or an objective also a policy and the way it takes.

    **Arguments:**

    - `world`: a world, or the name of one.
    - `agent`: whose policy is drawn; as of `audit`.
    - `optimal_for`: an objective, of which an optimal policy is drawn instead.
    - `distribution`: of the levels; by default the world's first.
    - `levels`: how many, 1 to 64.
    - `seed`: of the levels.

    **Returns:** the levels, ready to be drawn: `print(show("maze"))`.

    **Raises:** `UsageError` if two policies are named; `UnknownNameError` for what the world does not have; as `audit`.
    """
    from mesascope.audit.evaluation import evaluate_agent
    from mesascope.audit.level_set import sample_level_set
    from mesascope.core.random import root_key, stream
    from mesascope.objectives.objective import compile_objectives, continuations

    if agent is not None and optimal_for is not None:
        raise UsageError("An agent and an objective both name a policy to draw; give one of them.")
    where = world_of(world)
    name = distribution or where.distributions[0]
    where.check_distribution(name)
    objective = compile_objectives(where).select(optimal_for or where.base_objective)
    levels_key, agent_key = (stream(what, key=root_key(seed)) for what in ("levels", "agent"))
    asked = None if agent is None else agent_of(agent, where)
    level_set = sample_level_set("shown", where, name, objective, objective.names[0], count=levels, key=levels_key)
    drawn = level_set.levels
    if asked is not None:
        policy = evaluate_agent(asked, level_set, key=agent_key).policy
        return Drawing(where, drawn, policy, _paths(drawn, policy, None))
    if optimal_for is None:
        return Drawing(where, drawn, None, None)
    policy = np.eye(drawn.actions)[level_set.optimal_action_values[0].argmax(-1)]
    over = np.asarray(continuations(objective, drawn))[..., 0] == 0
    return Drawing(where, drawn, policy, _paths(drawn, policy, over))


def _paths(levels: Level, policy: np.ndarray, over: np.ndarray | None) -> list[list[int]]:
    """The likeliest way through each level, from the first state with the longest one."""
    paths = []
    for index in range(levels.count):
        starts = levels.initial[index].nonzero()[0].tolist()
        ways = [_way(levels[index], start, policy[index], None if over is None else over[index]) for start in starts]
        paths.append(max(ways, key=len))
    return paths


def _way(level: Level, state: int, policy: np.ndarray, over: np.ndarray | None) -> list[int]:
    """The likeliest states from one state until the episode ends or comes back to where it has been."""
    way = [state]
    while not level.terminal[state]:
        action = int(policy[state].argmax())
        outcome = int(level.probabilities[state, action].argmax())
        ended = over is not None and bool(over[state, action, outcome])
        state = int(level.successors[state, action, outcome])
        if state in way:
            break
        way.append(state)
        if ended:
            break
    return way
