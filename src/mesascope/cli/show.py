"""`mesascope show`: levels of a world, the way an agent takes, and its policy as a vector field."""

from __future__ import annotations

import json as json_format
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import tyro

from mesascope.cli.console import Console
from mesascope.cli.options.agent import LoadingOptions
from mesascope.cli.options.kinds import MaybeAgent, MaybeFile, MaybeLevels, MaybeName, Name, Pairs, Seed
from mesascope.cli.options.output import PrintOptions, check_new
from mesascope.cli.options.world import chosen_world
from mesascope.core.errors import UsageError
from mesascope.core.files import write_atomically
from mesascope.core.quantities import Whole
from mesascope.core.text import quoted

if TYPE_CHECKING:
    import numpy as np

    from mesascope.worlds.level import Level
    from mesascope.worlds.world import World

MOST_LEVELS: int = 64
"""That are drawn beside one another."""
FORMATS: dict[str, Literal["svg", "png", "text"]] = {".svg": "svg", ".png": "png", ".txt": "text"}


@dataclass(frozen=True)
class Show:
    """Draws levels of a world; with --agent also its policy and the way it takes."""

    world: tyro.conf.Positional[Name] = "corner"
    """Built in, gym:<id>, or module:Class."""
    world_option: Pairs = ()
    """An option of the world."""
    distribution: MaybeName = None
    """Of the levels; by default the world's first."""
    levels: MaybeLevels = None
    """How many levels; by default 2."""
    agent: MaybeAgent = None
    """A file, module:attribute, or an organism that has been trained."""
    optimal_for: MaybeName = None
    """Draw an optimal policy of this objective instead of an agent's."""
    seed: Seed = 0
    """Of the levels."""
    out: MaybeFile = None
    """A file ending in .svg, .png or .txt; by default the terminal."""
    force: bool = False
    """Replace a file given with --out."""
    loading: LoadingOptions = LoadingOptions()
    output: PrintOptions = PrintOptions()

    def run(self, console: Console) -> int:
        form = "text" if self.out is None else FORMATS.get(self.out.suffix.lower())
        if form is None:
            raise UsageError(f"--out {quoted(self.out)} does not end in one of {', '.join(FORMATS)}.")
        if self.agent is not None and self.optimal_for is not None:
            raise UsageError("--agent and --optimal-for both name a policy to draw; give one of them.")
        if self.agent is None and any(self.loading.loading.values()):
            raise UsageError("How an agent is read is about the one that --agent names; name it.")
        Whole(1, MOST_LEVELS).check(self.levels or 1, "--levels")
        check_new(self.out, force=self.force)
        from mesascope.report.drawing import draw_levels

        world = chosen_world(self.world, self.world_option)
        levels, policy, paths = self._scene(world)
        encoding = "utf-8" if self.out is not None else console.encoding
        drawing = draw_levels(
            world,
            levels,
            policy=policy,
            path=paths,
            format=form,
            width=console.width,
            ascii_only=not _carries_unicode(encoding),
        )
        if self.out is not None:
            write_atomically(self.out, drawing, overwrite=self.force)
        if self.output.json:
            shown = [
                {"text": world.format(levels[index]), "path": None if paths is None else paths[index]}
                for index in range(levels.count)
            ]
            data = {"world": world.name, "file": None if self.out is None else str(self.out), "levels": shown}
            console.result(json_format.dumps(data, indent=2, ensure_ascii=False))
        else:
            console.result(str(drawing).rstrip("\n") if self.out is None else str(self.out))
        return 0

    def _scene(self, world: World) -> tuple[Level, np.ndarray | None, list[list[int]] | None]:
        import numpy as np

        from mesascope.audit.evaluation import evaluate_agent
        from mesascope.audit.level_set import sample_level_set
        from mesascope.core.random import root_key, stream
        from mesascope.objectives.objective import compile_objectives, continuations

        distribution = self.distribution or world.distributions[0]
        world.check_distribution(distribution)
        objectives = compile_objectives(world)
        drawn = objectives.select(self.optimal_for or world.base_objective)
        levels_key, agent_key = (stream(name, key=root_key(self.seed)) for name in ("levels", "agent"))
        agent = None
        if self.agent is not None:
            agent = self.loading.chosen(self.agent, world, seed=self.seed)
        level_set = sample_level_set(
            "shown", world, distribution, drawn, drawn.names[0], count=self.levels or 2, key=levels_key
        )
        levels = level_set.levels
        if agent is not None:
            policy = evaluate_agent(agent, level_set, key=agent_key).policy
            return levels, policy, _paths(levels, policy, None)
        if self.optimal_for is None:
            return levels, None, None
        policy = np.eye(levels.actions)[level_set.optimal_action_values[0].argmax(-1)]
        return levels, policy, _paths(levels, policy, np.asarray(continuations(drawn, levels))[..., 0] == 0)


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


def _carries_unicode(encoding: str | None) -> bool:
    from mesascope.report.text.level_text import UNICODE, glyphs_for

    return glyphs_for(encoding) is UNICODE
