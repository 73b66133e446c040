"""The main job from Python: an agent, a world and a base objective go in, a report comes out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mesascope.api.subject import AgentLike, agent_of, stream_of, worlds_of
from mesascope.audit.assay import Assay
from mesascope.core.errors import UsageError
from mesascope.core.progress import Progress
from mesascope.core.provenance import Stopwatch, provenance
from mesascope.core.quantities import LEVELS, SEED
from mesascope.report.data.audit_report import Report
from mesascope.worlds.function_objective import with_candidate
from mesascope.worlds.world import World


def audit(
    agent: AgentLike,
    world: World | str,
    *,
    base_objective: str | None = None,
    train: str | None = None,
    deploy: str | None = None,
    world_options: Mapping[str, str] | None = None,
    deploy_world: World | str | None = None,
    deploy_options: Mapping[str, str] | None = None,
    objective: Callable[..., Any] | str | None = None,
    assays: Sequence[Assay] = (),
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
    - `assays`: of your own, put to the agent beside Mesascope's; see `Assay`.
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
    from mesascope.audit.watching import watched

    watch = Stopwatch()
    SEED.check(seed, "seed")
    if levels is not None:
        LEVELS.check(levels, "levels")
    loading = {"trust_pickle": trust_pickle, "vecnormalize": vecnormalize, "frame_stack": frame_stack}
    if (stream := stream_of(world)) is not None:
        raise UsageError(
            f"'{stream.name}' is a stream, in which one learns within an episode: call mesascope.audit_learner instead."
        )
    trained, deployed = worlds_of(world, world_options, deploy_world, deploy_options)
    trained = with_candidate(trained, objective)
    deployed = None if deployed is None else with_candidate(deployed, objective)
    context = watched(
        agent_of(agent, trained, deterministic=deterministic, view=view, **loading),
        trained,
        base_objective=base_objective,
        train=train,
        deploy=deploy,
        deploy_world=deployed,
        levels=levels,
        seed=seed,
        progress=progress,
    )
    findings = audit_agent(context, assays=assays, progress=progress)
    return Report(findings, provenance(seed=seed, watch=watch, command=command))
