"""Planners by construction keep what every network promises."""

from __future__ import annotations

import pytest
from planners.tree_qn import TreeQNSpec
from planners.universal_planning import UniversalPlanningSpec

from tests.agents.networks import test_networks as every_network

SPECS = [
    TreeQNSpec(encoder=(8,), width=16, reward_width=8),
    TreeQNSpec(encoder=(), width=16, reward_width=8, depth=1, backup="max", critic="linear"),
    UniversalPlanningSpec(encoder=(8,), latent=6, dynamics=(7,), horizon=3, steps=2),
]


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_acts_on_a_batch_nearly_uniformly_in_single_precision(spec):
    every_network.test_acts_on_a_batch_nearly_uniformly_in_single_precision(spec)


@pytest.mark.slow
@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_every_parameter_gets_a_finite_gradient_also_over_seeds(spec):
    every_network.test_every_parameter_gets_a_finite_gradient_also_over_seeds(spec)
