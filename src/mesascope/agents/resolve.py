"""Which agent a text or an object means, and whether it fits a world."""

from __future__ import annotations

import difflib
import os
import sys
from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from mesascope.agents.adapters.function import FunctionAgent
from mesascope.agents.adapters.stable_baselines3 import load_stable_baselines3
from mesascope.agents.adapters.stable_baselines3.observations import Observations
from mesascope.agents.agent import Agent
from mesascope.agents.asking import ask, ask_numbers, check_agent
from mesascope.agents.files import load_agent
from mesascope.agents.network_agent import NetworkAgent, NumbersAgent
from mesascope.agents.view import ViewedAgent, parse_view, viewed
from mesascope.agents.wrapped_agent import deterministic as always_likeliest
from mesascope.core.boundary import code_of_others
from mesascope.core.errors import AgentError, UntrustedModelError, UsageError
from mesascope.core.random import root_key
from mesascope.core.registry import load_named_by_user
from mesascope.core.text import quoted, shown
from mesascope.worlds.admission import admit_world, draw_levels
from mesascope.worlds.streams.stream import Stream
from mesascope.worlds.world import World

PICKLES: tuple[str, ...] = (".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".joblib", ".bin")
"""Endings of files that run code when they are loaded."""
LISTED: int = 8
"""Options that a message lists."""


def resolve_agent(
    text: str,
    *,
    world: World | Stream,
    trust_pickle: bool = False,
    deterministic: bool = False,
    vecnormalize: str | None = None,
    frame_stack: int | None = None,
    view: Sequence[str] = (),
) -> Agent:
    """Returns the agent that a text means, checked to fit a world.

    **Arguments:**

    - `text`: a `.safetensors` file of Mesascope, a `.zip` file of Stable-Baselines3, or `module:attribute` (a function,
      a `torch.nn.Module` or an `Agent`), which may lie in the current folder.
    - `world`: in which it shall act; a world, or a stream.
    - `trust_pickle`: let Stable-Baselines3 load its file, which runs code that is in it.
    - `deterministic`: audit the agent that always takes the likeliest action of this one.
    - `vecnormalize`, `frame_stack`: what is not in a file of Stable-Baselines3; see
      `agents.adapters.stable_baselines3.load_stable_baselines3`.
    - `view`: steps by which it is shown the world otherwise than the world shows itself; see `agents.view`.

    **Raises:** `UsageError` if there is no such thing or it does not fit the world, `UntrustedModelError` for a file
    that is refused, `AgentError` for an agent that cannot act.
    """
    suffix = Path(text).suffix.lower()
    if suffix in (".safetensors", ".zip") or suffix in PICKLES:
        _check_exists(text)
    given = {"--vecnormalize": vecnormalize, "--frame-stack": frame_stack}
    if suffix != ".zip" and (named := [option for option, value in given.items() if value is not None]):
        raise UsageError(f"{' and '.join(named)} are for .zip files of Stable-Baselines3; the agent is {quoted(text)}.")
    if suffix == ".safetensors":
        agent = load_agent(text)
    elif suffix == ".zip":
        agent = load_stable_baselines3(
            text, trust_pickle=trust_pickle, vecnormalize=vecnormalize, frame_stack=frame_stack
        )
    elif suffix in PICKLES:
        raise UntrustedModelError(
            f"loading a {suffix} file can run code that is in it. If you trust it, load it in a module of your own, "
            "`policy = MyNetwork(); policy.load_state_dict(torch.load(..., weights_only=True))`, and bring the result "
            "as my_module:policy; a pickle of numpy arrays is read without running anything by "
            "mesascope.load_pickled_arrays. Networks of Mesascope are saved with mesascope.agents.files.save_agent.",
            path=text,
        )
    elif ":" in text:
        agent = agent_of(load_named_by_user(text), name=text, world=world, view=view)
        return always_likeliest(agent) if deterministic else agent
    elif Path(text).exists():
        raise UsageError(
            f"{quoted(text, limit=200)} is neither a .safetensors file of Mesascope nor a .zip file of "
            "Stable-Baselines3. Bring other agents as module:attribute, a function from observations to probabilities; "
            "weights that are a pickle of numpy arrays are read there by mesascope.load_pickled_arrays, and nothing in "
            "them is run."
        )
    else:
        raise UsageError(
            f"There is no agent {quoted(text, limit=200)}: no file of that name{_nearest(text)}. Give a "
            ".safetensors or .zip file, or module:attribute."
        )
    # Files of one name lie in many folders: it is called what the user typed.
    agent.name = shown(text)
    agent = _fitted(agent, world, view)
    if not isinstance(agent, NetworkAgent):
        # What its file does not state has to be tried; networks of ours are tried when they are read, if need be.
        _try_once(agent, world)
    return always_likeliest(agent) if deterministic else agent


def agent_of(found: object, *, name: str, world: World | Stream, view: Sequence[str] = ()) -> Agent:
    """Returns an object as an agent, tried on one observation of a world.

    **Arguments:**

    - `found`: an `Agent`, a `torch.nn.Module` that returns logits, or a function of a batch of observations that
      returns probabilities.
    - `name`: for people.
    - `world`: in which it shall act.
    - `view`: as of `resolve_agent`.

    **Raises:** `UsageError` if it is none of these, `AgentError` if it cannot act.
    """
    # An object of others may act when it is looked at, too.
    with code_of_others(f"Agent {quoted(name)}", "when it was looked at", error=AgentError):
        agent = _as_agent(found, name, world)
    agent = _fitted(agent, world, view)
    _try_once(agent, world)
    # A module of others shows whether it remembers anything when it is asked.
    inner = getattr(agent, "agent", None) if isinstance(agent, ViewedAgent) else None
    agent.memoryless = agent.memoryless if inner is None else inner.memoryless
    return agent


def _fitted(agent: Agent, world: World | Stream, view: Sequence[str]) -> Agent:
    if isinstance(world, World):
        agent = viewed(agent, parse_view(view, world))
    elif view:
        raise UsageError(
            f"A view ({quoted(view[0])}) turns what a world shows; stream '{world.name}' is shown as it is."
        )
    _check_fits(agent, world)
    # A network of ours answers in logits, unless numbers are asked for.
    return NumbersAgent.of(agent) if isinstance(agent, NetworkAgent) and not world.actions else agent


def _as_agent(found: object, name: str, world: World | Stream) -> Agent:
    if isinstance(found, Agent):
        return found
    if isinstance(found, type):
        raise UsageError(f"'{name}' is a class; name an instance of it: `agent = {found.__name__}(...)`.")
    # An object cannot be a module of a torch that nobody has imported.
    if torch := sys.modules.get("torch"):
        of_torch = isinstance(found, torch.nn.Module) or isinstance(getattr(found, "__self__", None), torch.nn.Module)
        if of_torch:
            from mesascope.agents.adapters.torch_module import torch_agent

            if isinstance(world, Stream) and not world.actions:
                return torch_agent(name, found, world.outputs, output="numbers")
            return torch_agent(name, found, len(world.actions))
    if not world.actions:
        raise UsageError(
            f"'{name}' is a {type(found).__name__}; in stream '{world.name}', where answers are numbers, bring a "
            "mesascope.Agent whose `act` returns them, or a torch.nn.Module that does."
        )
    if callable(found):
        return FunctionAgent(name, found, len(world.actions))
    raise UsageError(
        f"'{name}' is a {type(found).__name__}, not an agent. Bring a function from a batch of observations "
        "[B, ...] to action probabilities [B, A], a torch.nn.Module that returns logits, or a mesascope Agent."
    )


def _check_exists(text: str) -> None:
    # lexists, because a broken link is refused as a link.
    if not os.path.lexists(text):
        raise UsageError(f"There is no file {quoted(text, limit=200)}{_nearest(text)}.")


def _nearest(text: str) -> str:
    folder = Path(text).parent
    try:
        names = [entry.name for entry in folder.iterdir()]
    except OSError:
        return f" (there is no folder {quoted(folder, limit=200)} that could be read)"
    nearest = difflib.get_close_matches(Path(text).name, names, n=1, cutoff=0.6)
    return f" (did you mean {quoted(folder / nearest[0], limit=200)}?)" if nearest else ""


def _check_fits(agent: Agent, world: World | Stream) -> None:
    shape, actions = tuple(world.observation_shape), len(world.actions)
    if isinstance(agent, ViewedAgent):
        agent, shape = agent.agent, agent.view.shape
    trained = ""
    if isinstance(agent, NetworkAgent):
        if agent.origin:
            place = agent.origin["world"]
            # What a file says is shown as data; nobody shall paste it into a shell.
            options = [quoted(f"{name}={value}") for name, value in place["options"].items()]
            more = ", …" if len(options) > LISTED else ""
            given = f" with {', '.join(options[:LISTED])}{more}" if options else ""
            trained = f" Its file says that it was trained in world {quoted(place['name'])}{given}."
        if agent.observation_shape != shape:
            raise UsageError(
                f"Agent '{agent.name}' reads observations of shape {list(agent.observation_shape)}; world "
                f"'{world.name}' shows {list(shape)}.{trained} Choose the world that fits with --world, and its "
                "options with --world-option KEY=VALUE; or ask `mesascope check fit` which view of it would."
            )
    observations = getattr(agent, "observations", None)
    if isinstance(observations, Observations) and not observations.reads(shape):
        raise UsageError(
            f"Agent '{agent.name}' reads {observations.expected()}; world '{world.name}' shows observations of shape "
            f"{list(shape)}.{_advice(observations, world) if isinstance(world, World) else ''}"
        )
    masks = isinstance(observations, Observations) and observations.actions and not observations.masked(shape)
    if masks and isinstance(world, World):
        _check_masks(agent, world)
    wanted = getattr(agent, "actions", None)
    if isinstance(world, Stream) and not actions:
        actions = world.outputs
    if wanted is not None and wanted != actions:
        raise UsageError(
            f"Agent '{agent.name}' chooses among {wanted} actions; world '{world.name}' has {actions}: "
            f"{', '.join(world.actions)}.{trained}"
        )


def _check_masks(agent: Agent, world: World) -> None:
    """Refuses an agent that was trained with masks of actions, in a world that has masks and does not show them."""
    level = world.sample(key=root_key(0), distribution=world.distributions[0], count=1)
    if world.legal(level) is None:
        agent.notes = (*agent.notes, "It takes masks of actions, and this world has none: every action is allowed.")
        return
    shows = is_dataclass(world) and "action_masks" in {field.name for field in fields(world)}
    how = "--world-option action_masks=true" if shows else "at the end of a flat observation, one number for each"
    raise UsageError(
        f"Agent '{agent.name}' was trained with masks of actions (MaskablePPO), and world '{world.name}' allows only "
        f"some actions in each state. Show them to it: {how}."
    )


def _advice(observations: Observations, world: World) -> str:
    """What a user can do who has an agent of Stable-Baselines3 and a world that shows something else."""
    frames = observations.frames_in(world.observation_shape)
    if frames is not None:
        return f" If it was trained on {frames} stacked frames (VecFrameStack), say so: --frame-stack {frames}."
    if is_dataclass(world) and "observation" in {field.name for field in fields(world)}:
        return " Choose another world, or another encoding with --world-option observation=..."
    return " Choose a world that shows what it was trained on."


def _try_once(agent: Agent, world: World | Stream) -> None:
    """Shows the agent one observation, so that one that cannot act is told so before anything long begins."""
    check_agent(agent)
    if isinstance(world, Stream):
        # Whatever is shown first is likely to be empty, and costs no compiling.
        seen, memory = np.zeros((1, *world.observation_shape), np.float32), agent.initial_state(1)
        if world.actions:
            ask(agent, seen, memory, actions=len(world.actions))
        else:
            ask_numbers(agent, seen, memory, outputs=world.outputs)
        return
    admit_world(world)
    # Drawn as levels of an audit are: a program of its own for one level took longer than all that follows.
    drawn = draw_levels(world, world.distributions[0], key=root_key(0), count=1)
    # Worlds work on JAX arrays.
    level = jax.tree.map(jnp.asarray, drawn[0])
    seen = np.asarray(world.observe(level, jnp.argmax(level.initial)))[None]
    # What overflows is said by the check of the answer, once.
    with np.errstate(all="ignore"):
        ask(agent, seen, agent.initial_state(1), actions=len(world.actions))
