"""Worlds, objectives and the shift to deployment, as they arrive as text."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mesascope.cli.options.kinds import MaybeName, Pairs
from mesascope.cli.options.output import options_of
from mesascope.core.errors import UnknownNameError, UsageError
from mesascope.core.text import quoted

if TYPE_CHECKING:
    from mesascope.worlds.streams.stream import Stream
    from mesascope.worlds.world import World


def pairs(texts: tuple[str, ...], *, option: str) -> dict[str, str]:
    """Returns `key=value` texts as a dictionary.

    **Arguments:**

    - `texts`: as given, one option each.
    - `option`: the command line option that they came with, for messages.

    **Raises:** `UsageError` for a text without `=`, or a key given twice with different values.
    """
    found: dict[str, str] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not (key and equals):
            raise UsageError(f"{option} {quoted(text)} is not of the form {option} KEY=VALUE.")
        if found.get(key, value) != value:
            raise UsageError(f"{option} {quoted(key)} is given twice, as {quoted(found[key])} and as {quoted(value)}.")
        found[key] = value
    return found


@dataclass(frozen=True)
class WorldOptions:
    """Where the agent was trained, and on what."""

    world: MaybeName = None
    """Where it was trained: built in, gym:<id>, or module:Class. An organism brings its own."""
    world_option: Pairs = ()
    """An option of the world."""
    base: MaybeName = None
    """The base objective; by default the world's own."""
    train: MaybeName = None
    """The distribution it was trained on; by default the world's first."""

    def stream(self, agent: str) -> Stream | None:
        """Returns the stream of a learner; `None` for an agent in a world.

        **Arguments:**

        - `agent`: as it was given; a recipe of a learner brings its own stream.

        **Raises:** `UsageError` for options that have no place there; as `resolve_stream`.
        """
        from mesascope.organisms.learners.catalogue import LEARNERS
        from mesascope.worlds.streams.catalogue import is_stream, resolve_stream

        own = agent in LEARNERS.names()
        if not own and (self.world is None or not is_stream(self.world)):
            return None
        taken = () if own else ("world", "world_option")
        for name, value in options_of(self):
            if value and name not in taken:
                whose = f"Learner '{agent}' brings its own stream" if own else f"{quoted(self.world)} is a stream"
                raise UsageError(f"{whose}, so --{name.replace('_', '-')} has no place.")
        return LEARNERS.load(agent).stream if own else resolve_stream(str(self.world), self._options())

    def _options(self) -> dict[str, str]:
        return pairs(self.world_option, option="--world-option")

    def chosen(self, agent: str, *, to: str) -> tuple[World, str | None]:
        """Returns the world of an agent and its base objective, `None` for the world's own.

        **Arguments:**

        - `agent`: as it was given; an organism brings its own world and base objective.
        - `to`: what the verb does (`"to audit"`), for messages.

        **Raises:** `UsageError` if the world is missing, or given beside an organism; as `chosen_world`.
        """
        from mesascope.organisms.catalogue import ORGANISMS

        if agent in ORGANISMS.names():
            for name, value in options_of(self):
                if value:
                    raise UsageError(
                        f"Organism '{agent}' brings its own world and base objective, so --{name.replace('_', '-')} "
                        f"has no place; name the file of a trained one instead: runs/{agent}-0/agent.safetensors."
                    )
            organism = ORGANISMS.load(agent)
            return organism.world, organism.objective
        if self.stream(agent) is not None:
            raise UsageError(f"{quoted(agent)} lives in a stream, in which one learns; `mesascope audit` is for those.")
        if self.world is None:
            from mesascope.organisms.learners.catalogue import LEARNERS

            known = ", ".join(ORGANISMS.names()[:8])
            near = difflib.get_close_matches(agent, [*ORGANISMS.names(), *LEARNERS.names()], n=1, cutoff=0.75)
            meant = f"Did you mean {quoted(near[0])}? " if near else ""
            raise UsageError(
                f"{meant}{to.capitalize()} {quoted(agent)}, name the world in which it was trained with --world; "
                f"`mesascope list` shows them. (Organisms need no --world; such are: {known}.)"
            )
        return chosen_world(self.world, self.world_option), self.base


@dataclass(frozen=True)
class DeploymentOptions:
    """Where the agent is deployed."""

    deploy: MaybeName = None
    """A distribution of the world, or another world; by default the world's last distribution."""
    deploy_option: Pairs = ()
    """An option of the world of deployment."""

    def chosen(self, world: World) -> tuple[World | None, str | None]:
        """Returns the world of deployment and the distribution in it, each `None` where the audit's default holds.

        **Arguments:**

        - `world`: of training. Options of deployment come on top of its own if it is the same.

        **Raises:** `UsageError` for what does not exist.
        """
        from mesascope.worlds.catalogue import WORLDS

        deploy = self.deploy
        if deploy is not None and (":" in deploy or deploy in WORLDS.names()):
            return chosen_world(deploy, self.deploy_option, option="--deploy-option"), None
        if deploy is not None and deploy not in world.distributions:
            raise UnknownNameError(
                f"distribution of world '{world.name}' and no world", deploy, [*world.distributions, *WORLDS.names()]
            )
        changed = pairs(self.deploy_option, option="--deploy-option")
        return (world.with_options(changed) if changed else None), deploy


def chosen_world(name: str, options: tuple[str, ...], *, option: str = "--world-option") -> World:
    """Returns the world of a name with its options.

    **Arguments:**

    - `name`: built in, `gym:<id>`, `module:Class`, or registered by another package.
    - `options`: `key=value` texts.
    - `option`: what they were given with.

    **Raises:** `UsageError` for an unknown name or option, `WorldError` if the world cannot be made.
    """
    from mesascope.worlds.catalogue import resolve_world

    return resolve_world(name, pairs(options, option=option))
