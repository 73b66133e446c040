"""Which agent a text means, where an organism must have been trained before, and how it is read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypedDict

from mesascope.cli.options.kinds import Steps, option
from mesascope.core.errors import UsageError
from mesascope.core.quantities import TEXT, Whole

if TYPE_CHECKING:
    from mesascope.agents.agent import Agent
    from mesascope.worlds.streams.stream import Stream
    from mesascope.worlds.world import World


class Loading(TypedDict):
    """How an agent is read; see `mesascope.agents.resolve.resolve_agent`."""

    trust_pickle: bool
    deterministic: bool
    vecnormalize: str | None
    frame_stack: int | None


@dataclass(frozen=True)
class LoadingOptions:
    """How the agent is read, and how the world is shown to it."""

    trust_pickle: bool = False
    """Load a model file although that runs code in it."""
    deterministic: bool = False
    """Take the likeliest action always, as predict(deterministic=True) of Stable-Baselines3 does."""
    vecnormalize: Annotated[str | None, *option(TEXT, "FILE")] = None
    """The statistics that VecNormalize saved; "none" for none. By default they are looked for beside the .zip file."""
    frame_stack: Annotated[int | None, *option(Whole(1, 1000), "INT")] = None
    """How many observations VecFrameStack stacked for a .zip file; by default as a config.yml beside it says, or 1."""
    view: Steps = ()
    """Show the agent the world otherwise: scale=1/255, channels-first, ... as `mesascope check fit` recommends."""

    @property
    def loading(self) -> Loading:
        """How it is read, to be handed on."""
        return Loading(
            trust_pickle=self.trust_pickle,
            deterministic=self.deterministic,
            vecnormalize=self.vecnormalize,
            frame_stack=self.frame_stack,
        )

    def resolved(self, text: str, world: World | Stream) -> Agent:
        """Returns the agent that a text means, organisms aside; as `mesascope.agents.resolve.resolve_agent`."""
        from mesascope.agents.resolve import resolve_agent

        return resolve_agent(text, world=world, view=self.view, **self.loading)

    def chosen(self, text: str, world: World, *, seed: int) -> Agent:
        """Returns the agent that a text means.

        **Arguments:**

        - `text`: a file, `module:attribute`, or an organism, which is looked for where `mesascope train` puts it.
        - `world`: in which it acts.
        - `seed`: of the organism.

        **Raises:** `UsageError` if the organism has not been trained; as `resolve_agent`.
        """
        from mesascope.organisms.catalogue import ORGANISMS
        from mesascope.organisms.train import AGENT, folder_of, intact

        if text not in ORGANISMS.names():
            return self.resolved(text, world)
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
        agent = self.resolved(str(file), world)
        # Its file is called agent, like every organism's.
        agent.name = text
        return agent
