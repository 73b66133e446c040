"""The main job from Python: an agent, a world and a base objective go in, a report comes out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mesascope.agents.agent import Agent
from mesascope.core.boundary import code_of_others
from mesascope.core.errors import AgentError, UsageError
from mesascope.core.provenance import Stopwatch, provenance
from mesascope.core.quantities import LEVELS, SEED
from mesascope.report.report import Report
from mesascope.worlds.function_objective import with_candidate
from mesascope.worlds.world import World

Progress = Callable[[str, float], None]
"""Called with what is being done and the share that is done, in [0, 1]."""


def audit(
    agent: Agent | str | Callable[[Any], Any],
    world: World | str,
    *,
    base_objective: str | None = None,
    train: str | None = None,
    deploy: str | None = None,
    world_options: Mapping[str, str] | None = None,
    deploy_world: World | str | None = None,
    deploy_options: Mapping[str, str] | None = None,
    objective: Callable[..., Any] | str | None = None,
    seed: int = 0,
    levels: int | None = None,
    view: Sequence[str] = (),
    trust_pickle: bool = False,
    deterministic: bool = False,
    vecnormalize: str | None = None,
    frame_stack: int | None = None,
    progress: Progress | None = None,
    command: list[str] | None = None,
) -> Report:
    """Audits an agent: is it an optimizer, what is its objective, is it aligned (RFLO §1.2, §1.3)?

    **Arguments:**

    - `agent`: an agent; a function from observations `[B, ...]` to action probabilities `[B, A]`, or a torch module;
      or a text: a file (`.safetensors`, `.zip`) or `"module:attribute"`.
    - `world`: where it was trained: a world, or a text (`"corner"`, `"gym:FrozenLake-v1"`, `"module:Class"`).
    - `base_objective`: what it was trained on; by default the world's own.
    - `train`, `deploy`: names of the distributions; by default the world's first, and the last of the
      world of deployment.
    - `world_options`: options of a world that is given as a text, as on the command line.
    - `deploy_world`, `deploy_options`: another world, or other options of the same one, to be deployed in.
    - `objective`: one more candidate objective: a function of observations, actions and next observations, as an object
      or as `"module:function"`; it is named as the function is.
    - `seed`: of everything random; the same seed gives the same report.
    - `levels`: how many levels of each distribution; by default the audit's own number.
    - `view`: steps by which the agent is shown the world otherwise than the world shows itself (`"scale=1/255"`,
      `"channels-first"`, ...), as `check_fit` recommends; see `agents.view`.
    - `trust_pickle`: load files that can run code when they are loaded.
    - `deterministic`: audit the agent that always takes the likeliest action of this one.
    - `vecnormalize`, `frame_stack`: of a file of Stable-Baselines3: the statistics that `VecNormalize` saved (`"none"`
      for none), by default looked for beside it, and how many observations `VecFrameStack` stacked.
    - `progress`: called as the audit goes on.
    - `command`: the command line for the provenance; by default this process's.

    **Returns:** the report.

    **Raises:** `UsageError` for names and options that do not exist, `AgentError` for an agent that is no policy,
    `UntrustedModelError` for a file that is refused.
    """
    from mesascope.audit.audit import audit_agent

    watch = Stopwatch()
    SEED.check(seed, "seed")
    if levels is not None:
        LEVELS.check(levels, "levels")
    trained = _world(world, world_options, "world_options")
    if deploy_world is None and deploy_options:
        # The same world with some options changed: what is not named stays as in training.
        deployed = trained.with_options(deploy_options) if isinstance(world, World) else None
        if deployed is None:
            deployed = _world(world, {**(world_options or {}), **deploy_options}, "deploy_options")
    else:
        deployed = None if deploy_world is None else _world(deploy_world, deploy_options, "deploy_options")
    trained = with_candidate(trained, objective)
    deployed = None if deployed is None else with_candidate(deployed, objective)
    findings = audit_agent(
        _agent(
            agent,
            trained,
            deterministic,
            view,
            trust_pickle=trust_pickle,
            vecnormalize=vecnormalize,
            frame_stack=frame_stack,
        ),
        trained,
        base_objective=base_objective,
        train=train,
        deploy=deploy,
        deploy_world=deployed,
        seed=seed,
        progress=progress,
        **({} if levels is None else {"levels": levels}),
    )
    return Report(findings, provenance(seed=seed, watch=watch, command=command))


def _world(world: World | str, options: Mapping[str, str] | None, argument: str) -> World:
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


def _agent(
    agent: Agent | str | Callable[[Any], Any], world: World, deterministic: bool, view: Sequence[str], **loading: Any
) -> Agent:
    from mesascope.agents.adapters.viewed import viewed
    from mesascope.agents.deterministic import deterministic as always_likeliest
    from mesascope.agents.resolve import agent_of, resolve_agent
    from mesascope.agents.view import parse_view

    if isinstance(agent, Agent):
        found = viewed(agent, parse_view(view, world))
    elif isinstance(agent, str):
        found = resolve_agent(agent, world=world, view=view, **loading)
    else:
        with code_of_others("The agent", "when asked for its name", error=AgentError):
            name = str(getattr(agent, "__qualname__", type(agent).__name__))
        found = agent_of(agent, name=name, world=world, view=view)
    return always_likeliest(found) if deterministic else found
