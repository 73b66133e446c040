"""A small network of every architecture, built once: what is asked of all of them shares what is compiled."""

from __future__ import annotations

import functools

import equinox as eqx
import jax
import numpy as np

from mesascope.agents.network_agent import NetworkAgent, network_agent
from mesascope.agents.networks.centred_mlp import CentredMLPSpec
from mesascope.agents.networks.convnet import ConvNetSpec
from mesascope.agents.networks.deliberator import DeliberatorSpec
from mesascope.agents.networks.drc import DRCSpec
from mesascope.agents.networks.gru import GRUSpec
from mesascope.agents.networks.lstm import LSTMSpec
from mesascope.agents.networks.mlp import MLPSpec
from mesascope.agents.networks.network import Network, NetworkSpec
from mesascope.agents.networks.option_scorer import OptionScorerSpec
from mesascope.agents.networks.planner import PlannerSpec
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
SMALL: dict[str, NetworkSpec] = {
    spec.architecture: spec
    for spec in (*TRAINED, PlannerSpec(depth=3), DeliberatorSpec(objectives=2, depth=2), OptionScorerSpec(widths=(8,)))
}
IMAGE, MOVES = (5, 6, 4), 5
MENU, OPTIONS = (10, 1, 32), 10


def place_of(spec: NetworkSpec) -> tuple[tuple[int, ...], int]:
    """Returns what a network reads, and among how many actions it chooses."""
    return (MENU, OPTIONS) if spec.architecture in ("deliberator", "option-scorer") else (IMAGE, MOVES)


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
