"""What stands in the file of an agent that a recipe has grown, or a change of its training."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from mesascope.agents.files import save_agent
from mesascope.organisms.organism import Organism
from mesascope.worlds.world import World

AGENT = "agent.safetensors"


def agent_content(organism: Organism, network: Any, *, step: int, metadata: Mapping[str, str]) -> bytes:
    """Returns the content of an agent file: a network that a recipe or a change of it has grown.

    **Arguments:**

    - `organism`: the recipe.
    - `network`: of its architecture.
    - `step`: updates behind it.
    - `metadata`: settings of its training.
    """
    with tempfile.TemporaryDirectory() as scratch:
        return save_agent(
            Path(scratch) / AGENT,
            network,
            organism.network,
            world_name=organism.world.name,
            observation_shape=organism.world.observation_shape,
            actions=len(organism.world.actions),
            world_options=_options(organism.world),
            base_objective=organism.objective,
            step=step,
            metadata=metadata,
        ).read_bytes()


def _options(world: World) -> dict[str, str]:
    # A built-in world is a dataclass whose fields are its options.
    fields = dataclasses.fields(cast(Any, world))
    return {
        field.name: str(getattr(world, field.name)) for field in fields if getattr(world, field.name) != field.default
    }
