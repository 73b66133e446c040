"""Which agent a text means, where an organism must have been trained before."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mesascope.core.errors import UsageError

if TYPE_CHECKING:
    from mesascope.agents.agent import Agent
    from mesascope.worlds.world import World


def chosen_agent(text: str, world: World, *, seed: int, trust_pickle: bool) -> Agent:
    """Returns the agent that a text means.

    **Arguments:**

    - `text`: a file, `module:attribute`, or an organism, which is looked for where `mesascope train` puts it.
    - `world`: in which it acts.
    - `seed`: of the organism.
    - `trust_pickle`: load files that can run code when they are loaded.

    **Raises:** `UsageError` if the organism has not been trained; as `resolve_agent`.
    """
    from mesascope.agents.resolve import resolve_agent
    from mesascope.organisms.catalogue import ORGANISMS
    from mesascope.organisms.growth import AGENT, intact
    from mesascope.organisms.population import folder_of

    if text in ORGANISMS.names():
        file = folder_of(text, seed, Path("runs")) / AGENT
        if not file.exists():
            raise UsageError(
                f"Organism '{text}' has not been trained with seed {seed} ('{file}' is missing). Train it first: "
                f"mesascope train {text} --seed {seed}"
            )
        if not intact(file.parent):
            raise UsageError(
                f"'{file}' is not as it was when it was trained (its checksum differs, or nothing says what it is). "
                f"Make it again: mesascope train {text} --seed {seed}"
            )
        agent = resolve_agent(str(file), world=world)
        # Its file is called agent, like every organism's.
        agent.name = text
        return agent
    return resolve_agent(text, world=world, trust_pickle=trust_pickle)
