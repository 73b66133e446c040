"""What stands in the file of an agent that a recipe has grown, or a change of its training."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from mesascope.agents.files import save_agent
from mesascope.organisms.learners.learner_recipe import LearnerRecipe
from mesascope.organisms.organism import Organism
from mesascope.worlds.streams.stream import Stream
from mesascope.worlds.world import World

AGENT = "agent.safetensors"


def agent_content(organism: Organism | LearnerRecipe, network: Any, *, step: int, metadata: Mapping[str, str]) -> bytes:
    """Returns the content of an agent file: a network that a recipe or a change of it has grown.

    **Arguments:**

    - `organism`: the recipe, of an organism or a learner.
    - `network`: of its architecture.
    - `step`: updates behind it.
    - `metadata`: settings of its training.
    """
    place = organism.stream if isinstance(organism, LearnerRecipe) else organism.world
    answers = place.outputs if isinstance(place, Stream) else len(place.actions)
    with tempfile.TemporaryDirectory() as scratch:
        return save_agent(
            Path(scratch) / AGENT,
            network,
            organism.network,
            world_name=place.name,
            observation_shape=place.observation_shape,
            actions=answers,
            world_options=_options(place),
            base_objective=organism.objective,
            step=step,
            metadata=metadata,
        ).read_bytes()


def _options(place: World | Stream) -> dict[str, str]:
    # A built-in one is a dataclass whose fields are its options.
    fields = dataclasses.fields(cast(Any, place))
    return {
        field.name: str(getattr(place, field.name)) for field in fields if getattr(place, field.name) != field.default
    }
