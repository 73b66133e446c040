"""Agent files: one safetensors file of numbers, and JSON that names the architecture they belong to.

The architecture is code of ours, chosen by name from a closed registry; the file supplies numbers only. Whatever is
in it, reading it gives an agent or an `UntrustedModelError`.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import msgspec
import numpy as np
import safetensors
import safetensors.numpy

from mesascope.agents.header import SCHEMA, AgentHeader, Listed, TrainedIn, parse_header, read_tensor_list
from mesascope.agents.network_agent import NetworkAgent, network_agent
from mesascope.agents.networks.network import MAXIMUM_PARAMETERS, Network, NetworkSpec
from mesascope.agents.reading import MAXIMUM_BYTES, read_model_file
from mesascope.core.errors import UntrustedModelError, UsageError
from mesascope.core.files import write_atomically
from mesascope.core.text import quoted, shown

LARGE: float = 1e4
"""Weights beyond this are tried: trained networks have none, and products of such may overflow."""


def save_agent(
    path: str | os.PathLike,
    network: Network,
    spec: NetworkSpec,
    *,
    world_name: str,
    observation_shape: tuple[int, ...],
    actions: int,
    world_options: Mapping[str, str] | None = None,
    base_objective: str | None = None,
    step: int | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> Path:
    """Writes a network as an agent file, whole or not at all.

    **Arguments:**

    - `path`: ends in `.safetensors`.
    - `network`: one network (not a stack of seeds).
    - `spec`: what it was built from.
    - `world_name`: where it was trained.
    - `observation_shape`: of one observation there.
    - `actions`: how many there are there.
    - `world_options`: the options of that world that are not its defaults, as text.
    - `base_objective`: what it was trained on.
    - `step`: of training.
    - `metadata`: anything else, JSON-ready.

    **Returns:** the path.

    **Raises:** `UsageError` if the network is not what the spec builds, or has numbers that are not finite;
    `OutputError` if the file cannot be written.
    """
    path = Path(path)
    if path.suffix != ".safetensors":
        raise UsageError(f"An agent file ends in .safetensors; '{path}' does not.")
    tensors = {name: np.asarray(leaf) for name, leaf in _named(network).items()}
    expected = _named(_template(spec, tuple(observation_shape), actions))
    given = {name: (array.shape, str(array.dtype)) for name, array in tensors.items()}
    if given != {name: (leaf.shape, str(leaf.dtype)) for name, leaf in expected.items()}:
        raise UsageError(
            f"The network to be saved is not what {spec} builds for observations {list(observation_shape)} and "
            f"{actions} actions. If it is a stack of seeds, save one of them."
        )
    for name, array in tensors.items():
        if not np.isfinite(array).all():
            raise UsageError(f"The network to be saved has numbers in '{name}' that are not finite; training diverged.")
    header = AgentHeader(
        schema=SCHEMA,
        architecture=spec.architecture,
        spec=asdict(spec),
        observation_shape=tuple(observation_shape),
        actions=actions,
        world=TrainedIn(world_name, dict(world_options or {})),
        base_objective=base_objective,
        step=step,
        sha256=_digest(tensors),
        metadata=dict(metadata or {}),
    )
    text = json.dumps(header, sort_keys=True, default=msgspec.structs.asdict)
    return write_atomically(path, safetensors.numpy.save(tensors, metadata={"mesascope": text}))


def load_agent(path: str | os.PathLike, *, maximum_bytes: int = MAXIMUM_BYTES) -> NetworkAgent:
    """Reads an agent file.

    **Arguments:**

    - `path`: the file.
    - `maximum_bytes`: the cap.

    **Raises:** `UsageError` if it cannot be read; `UntrustedModelError` if it is anything but a file that `save_agent`
    could have written: it says which part is wrong.
    """
    path = Path(path)
    content = read_model_file(path, maximum_bytes=maximum_bytes)
    listed, metadata = read_tensor_list(content, path=path)
    header, spec = parse_header(metadata, path=path)
    try:
        template = _template(spec, header.observation_shape, header.actions)
    except UsageError as error:
        raise UntrustedModelError(str(error), path=path, field="spec") from error
    expected = _named(template)
    size = sum(leaf.size for leaf in expected.values())
    if size > MAXIMUM_PARAMETERS:
        reason = f"its architecture would have {size:,} parameters; at most {MAXIMUM_PARAMETERS:,} are built."
        raise UntrustedModelError(reason, path=path, field="spec")
    if missing := sorted(expected.keys() - listed.keys()):
        raise UntrustedModelError(f"the tensor '{missing[0]}' is missing.", path=path, field=missing[0])
    if excess := sorted(listed.keys() - expected.keys()):
        reason = f"it holds a tensor {quoted(excess[0])} that its architecture lacks."
        raise UntrustedModelError(reason, path=path, field=excess[0])
    for name, leaf in expected.items():
        if listed[name] != Listed("F32", leaf.shape):
            given = f"{shown(listed[name].dtype, limit=20)} {shown(list(listed[name].shape), limit=80)}"
            reason = f"this tensor is {given}; its architecture implies F32 {list(leaf.shape)}."
            raise UntrustedModelError(reason, path=path, field=name)
    try:
        tensors = safetensors.numpy.load(content)
    except (safetensors.SafetensorError, ValueError, KeyError, OverflowError, MemoryError) as error:
        raise UntrustedModelError(
            f"it is not a valid safetensors file: {shown(error, limit=200)}", path=path
        ) from error
    for name, array in tensors.items():
        if not np.isfinite(array).all():
            raise UntrustedModelError("this tensor has numbers that are not finite.", path=path, field=name)
    if _digest(tensors) != header.sha256:
        reason = "the numbers in it are not those that were saved: its checksum differs. Get the file again."
        raise UntrustedModelError(reason, path=path, field="sha256")
    leaves = [jnp.asarray(tensors[name]) for name in expected]
    network = jax.tree.unflatten(jax.tree.structure(template), leaves)
    agent = network_agent(
        path.stem, network, spec, header.observation_shape, header.actions, origin=msgspec.to_builtins(header)
    )
    name = max(tensors, key=lambda name: np.abs(tensors[name]).max(initial=0))
    if np.abs(tensors[name]).max() > LARGE and not _acts(agent):
        largest = float(np.abs(tensors[name]).max())
        reason = f"it holds numbers as large as {largest:.2g}: what it computes from them is not finite."
        raise UntrustedModelError(reason, path=path, field=name)
    return agent


def _acts(agent: NetworkAgent) -> bool:
    """Returns whether a network with large weights answers with numbers, before an audit has begun."""
    shape = (4, *agent.observation_shape)
    seen = np.concatenate([np.ones(shape), np.random.default_rng(0).normal(size=shape)]).astype(np.float32)
    with np.errstate(all="ignore"):
        probabilities, _ = agent.act(seen, agent.initial_state(len(seen)))
    return bool(np.isfinite(probabilities).all())


@functools.lru_cache(maxsize=64)
def _template(spec: NetworkSpec, observation_shape: tuple[int, ...], actions: int) -> Network:
    """Returns a network of shapes without numbers."""
    return eqx.filter_eval_shape(spec.build, observation_shape, actions, key=jax.random.key(0))


def _named(network: Network) -> dict[str, Any]:
    """Returns the arrays of a network by the names of the fields that lead to them."""
    leaves = jax.tree_util.tree_leaves_with_path(network)
    return {jax.tree_util.keystr(path, simple=True, separator="."): leaf for path, leaf in leaves}


def _digest(tensors: Mapping[str, np.ndarray]) -> str:
    digest = hashlib.sha256()
    for name in sorted(tensors):
        digest.update(np.ascontiguousarray(tensors[name]).data)
    return digest.hexdigest()
