"""A small network of every architecture, built once: what is asked of all of them shares what is compiled."""

from __future__ import annotations

import functools
from typing import Any

import equinox as eqx
import jax
import numpy as np

from mesascope.agents.network_agent import NetworkAgent, network_agent
from mesascope.agents.networks.centred_mlp import CentredMLPSpec
from mesascope.agents.networks.convnet import ConvNetSpec
from mesascope.agents.networks.coordinatewise_lstm import CoordinatewiseLSTMSpec
from mesascope.agents.networks.deliberator import DeliberatorSpec
from mesascope.agents.networks.drc import DRCSpec
from mesascope.agents.networks.gru import GRUSpec
from mesascope.agents.networks.linear_attention import LinearAttentionSpec
from mesascope.agents.networks.lstm import LSTMSpec
from mesascope.agents.networks.mesa_layer import MesaLayerSpec
from mesascope.agents.networks.mlp import MLPSpec
from mesascope.agents.networks.network import Network, NetworkSpec
from mesascope.agents.networks.option_scorer import OptionScorerSpec
from mesascope.agents.networks.planner import PlannerSpec
from mesascope.agents.networks.small_gpt import SmallGPTSpec
from mesascope.agents.networks.turing_machine import TuringMachineSpec
from mesascope.agents.networks.value_iteration_network import ValueIterationNetworkSpec

TRAINED: tuple[NetworkSpec, ...] = (
    MLPSpec(widths=(8,)),
    ConvNetSpec(channels=4, layers=2, hidden=8),
    GRUSpec(width=6, embedding=7),
    LSTMSpec(width=6),
    CentredMLPSpec(widths=(8, 8)),
    DRCSpec(channels=4, layers=1, ticks=2, hidden=8, readout="agent"),
    ValueIterationNetworkSpec(iterations=3, channels=6, hidden=8),
)
"""Of those that read images and are trained on them."""
LEARNING: tuple[NetworkSpec, ...] = (
    CoordinatewiseLSTMSpec(width=3),
    LinearAttentionSpec(context=3),
    MesaLayerSpec(width=3),
    SmallGPTSpec(layers=1, width=6, context=3),
    TuringMachineSpec(width=6, rows=4, columns=3),
)
"""Of those that are trained to learn within an episode."""
SMALL: dict[str, NetworkSpec] = {
    spec.architecture: spec
    for spec in (
        *TRAINED,
        *LEARNING,
        PlannerSpec(depth=3),
        DeliberatorSpec(objectives=2, depth=2),
        OptionScorerSpec(widths=(8,)),
    )
}
IMAGE, MOVES = (5, 6, 4), 5
MENU, OPTIONS = (10, 1, 32), 10
LISTED, NUMBERS = (13,), 5


def place_of(spec: NetworkSpec) -> tuple[tuple[int, ...], int]:
    """Returns what a network reads, and among how many actions it chooses."""
    if spec in LEARNING:
        return LISTED, NUMBERS
    return (MENU, OPTIONS) if spec.architecture in ("deliberator", "option-scorer") else (IMAGE, MOVES)


@eqx.filter_jit
def answers(network: Network, observations: jax.Array) -> tuple[jax.Array, Any]:
    """What a network answers in an episode of T observations, `[T, A]`, and its memories."""

    def step(memory, observation):
        answer, _, memory = network(observation, memory)
        return memory, (answer, memory)

    return jax.lax.scan(step, network.initial_memory(), observations)[1]


@functools.cache
def built(spec: NetworkSpec, seed: int = 0) -> Network:
    shape, actions = place_of(spec)
    return eqx.filter_jit(lambda key: spec.build(shape, actions, key=key))(jax.random.key(seed))


def small_agent(architecture: str) -> NetworkAgent:
    spec = SMALL[architecture]
    return network_agent(architecture, built(spec), spec, *place_of(spec))


def seen_by(architecture: str, count: int = 6, seed: int = 0) -> np.ndarray:
    shape, _ = place_of(SMALL[architecture])
    return np.random.default_rng(seed).normal(size=(count, *shape)).astype(np.float32)
