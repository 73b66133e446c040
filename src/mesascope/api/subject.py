"""The agent and the world that a function of the public interface is given, as objects or as text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mesascope.agents.agent import Agent
from mesascope.core.boundary import code_of_others
from mesascope.core.errors import AgentError, UnknownNameError, UsageError
from mesascope.worlds.streams.stream import Stream
from mesascope.worlds.world import World

AgentLike = Agent | str | Callable[[Any], Any]
"""An agent; a function from observations `[B, ...]` to action probabilities `[B, A]`, or a torch module; or a text: a
file (`.safetensors`, `.zip`) or `"module:attribute"`."""


def world_of(world: World | str, options: Mapping[str, str] | None = None, argument: str = "world_options") -> World:
    """Returns the world that is meant.

    **Arguments:**

    - `world`: a world, or a text (`"corner"`, `"gym:FrozenLake-v1"`, `"module:Class"`).
    - `options`: of a world that is given as a text, as on the command line; `argument` is what they came as.

    **Raises:** `UsageError` for what is no world, or has no such options.
    """
    if isinstance(world, World):
        if options:
            raise UsageError(
                f"{argument} are for a world given as a text; set the options of the World itself instead."
            )
        return world
    if not isinstance(world, str):
        raise UsageError(f"A {type(world).__name__} is no world; give a World or the name of one.")
    from mesascope.worlds.catalogue import resolve_world

    return resolve_world(world, options or {})


def stream_of(world: World | Stream | str, options: Mapping[str, str] | None = None) -> Stream | None:
    """Returns the stream that is meant; `None` for a world.

    **Arguments:**

    - `world`: a world, a stream, or the name of one.
    - `options`: of one that is given as a text, as on the command line.

    **Raises:** `UsageError` as `resolve_stream`, or for options beside a stream that is no text.
    """
    from mesascope.worlds.streams.catalogue import is_stream, resolve_stream

    if isinstance(world, Stream) and options:
        raise UsageError(
            "world_options are for a stream given as a text; set the options of the Stream itself instead."
        )
    if isinstance(world, str) and is_stream(world):
        return resolve_stream(world, options or {})
    return world if isinstance(world, Stream) else None


def worlds_of(
    world: World | str,
    options: Mapping[str, str] | None = None,
    deploy_world: World | str | None = None,
    deploy_options: Mapping[str, str] | None = None,
) -> tuple[World, World | None]:
    """Returns the world of training and that of deployment; `None` for the same one.

    **Arguments:**

    - `world`, `options`: as of `world_of`.
    - `deploy_world`, `deploy_options`: another world, or other options of the same one, to be deployed in.

    **Raises:** as `world_of`.
    """
    trained = world_of(world, options)
    if deploy_world is not None:
        return trained, world_of(deploy_world, deploy_options, "deploy_options")
    if not deploy_options:
        return trained, None
    # The same world with some options changed: what is not named stays as in training.
    if isinstance(world, World):
        return trained, trained.with_options(deploy_options)
    return trained, world_of(world, {**(options or {}), **deploy_options}, "deploy_options")


def agent_of(
    agent: AgentLike, world: World | Stream, *, deterministic: bool = False, view: Sequence[str] = (), **loading: Any
) -> Agent:
    """Returns the agent that is meant.

    **Arguments:**

    - `agent`: as `AgentLike`.
    - `world`: in which it acts; a world, or a stream.
    - `deterministic`: the agent that always takes the likeliest action of this one.
    - `view`: steps by which it is shown the world otherwise; see `agents.view`.
    - `loading`: as of `resolve_agent`, for an agent that is given as a text.

    **Raises:** `AgentError` for what is no agent, `UntrustedModelError` for a file that is refused.
    """
    from mesascope.agents import resolve
    from mesascope.agents.view import parse_view, viewed
    from mesascope.agents.wrapped_agent import deterministic as always_likeliest

    if isinstance(agent, Agent) and isinstance(world, World):
        found = viewed(agent, parse_view(view, world))
    elif isinstance(agent, str):
        found = resolve.resolve_agent(agent, world=world, view=view, **loading)
    elif isinstance(agent, Agent):
        found = resolve.agent_of(agent, name=agent.name, world=world, view=view)
    else:
        with code_of_others("The agent", "when asked for its name", error=AgentError):
            name = str(getattr(agent, "__qualname__", type(agent).__name__))
        found = resolve.agent_of(agent, name=name, world=world, view=view)
    return always_likeliest(found) if deterministic else found


def check_named(world: World, *objectives: str | None) -> None:
    """Raises `UnknownNameError` unless a world has every objective that is named."""
    from mesascope.objectives.objective import compile_objectives

    known = compile_objectives(world).names
    for name in objectives:
        if name is not None and name not in known:
            raise UnknownNameError(f"objective of world '{world.name}'", name, known)
