"""`mesascope check fit`: does a world show an agent what it was trained on?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from mesascope.cli.console import Console
from mesascope.cli.options.world import chosen_world
from mesascope.core.errors import UsageError
from mesascope.core.text import quoted

if TYPE_CHECKING:
    from mesascope.cli.check import Check


def check_fit(command: Check, console: Console) -> int:
    """Prints how well a world fits an agent as shown and under changes, and returns the exit code.

    **Arguments:**

    - `command`: the arguments; its name is the agent.
    - `console`: where results go.

    **Returns:** 0 if it fits as shown, else 1.

    **Raises:** `UsageError` if no world is named; as `mesascope.check_fit`.
    """
    from mesascope.audit.fit.check_fit import check_fit as find
    from mesascope.audit.fit.fit import AS_SHOWN
    from mesascope.organisms.catalogue import ORGANISMS
    from mesascope.organisms.growth import AGENT
    from mesascope.organisms.population import folder_of

    agent, world = command.name, None
    if command.world is not None:
        world = chosen_world(command.world, command.world_option)
    if agent in ORGANISMS.names():
        world = ORGANISMS.load(agent).world if world is None else world
        agent = str(folder_of(agent, command.seed, Path("runs")) / AGENT)
    if command.world is None and command.world_option:
        raise UsageError("--world-option is about the world that --world names; name it.")
    if world is None:
        raise UsageError(f"In which world? Name it: mesascope check fit {quoted(agent)} --world NAME.")
    with console.progress(f"Checking {command.name}") as progress:
        found = find(
            agent,
            world,
            base_objective=command.base,
            train=command.train,
            levels=command.levels,
            seed=command.seed,
            progress=progress,
            **command.loading,
        )
    console.result(json.dumps(found.data(), indent=2) if command.json else str(found))
    return 0 if found.verdict == AS_SHOWN else 1
