"""Network architectures, one per file, and the closed registry of those that a file may name."""

from __future__ import annotations

from mesascope.agents.networks.centred_mlp import CentredMLP as CentredMLP
from mesascope.agents.networks.centred_mlp import CentredMLPSpec as CentredMLPSpec
from mesascope.agents.networks.convnet import ConvNet as ConvNet
from mesascope.agents.networks.convnet import ConvNetSpec as ConvNetSpec
from mesascope.agents.networks.deliberator import Deliberator as Deliberator
from mesascope.agents.networks.deliberator import DeliberatorSpec as DeliberatorSpec
from mesascope.agents.networks.drc import DRC as DRC
from mesascope.agents.networks.drc import DRCSpec as DRCSpec
from mesascope.agents.networks.gru import GRU as GRU
from mesascope.agents.networks.gru import GRUSpec as GRUSpec
from mesascope.agents.networks.mlp import MLP as MLP
from mesascope.agents.networks.mlp import MLPSpec as MLPSpec
from mesascope.agents.networks.network import Memory as Memory
from mesascope.agents.networks.network import Network as Network
from mesascope.agents.networks.network import NetworkSpec as NetworkSpec
from mesascope.agents.networks.network import transplant as transplant
from mesascope.agents.networks.option_scorer import OptionScorer as OptionScorer
from mesascope.agents.networks.option_scorer import OptionScorerSpec as OptionScorerSpec
from mesascope.agents.networks.planner import Planner as Planner
from mesascope.agents.networks.planner import PlannerSpec as PlannerSpec
from mesascope.agents.networks.tree_qn import TreeQN as TreeQN
from mesascope.agents.networks.tree_qn import TreeQNSpec as TreeQNSpec
from mesascope.agents.networks.universal_planning import UniversalPlanningNetwork as UniversalPlanningNetwork
from mesascope.agents.networks.universal_planning import UniversalPlanningSpec as UniversalPlanningSpec
from mesascope.agents.networks.value_iteration_network import ValueIterationNetwork as ValueIterationNetwork
from mesascope.agents.networks.value_iteration_network import ValueIterationNetworkSpec as ValueIterationNetworkSpec

NETWORKS: dict[str, type[NetworkSpec]] = {
    spec.architecture: spec
    for spec in (
        MLPSpec,
        CentredMLPSpec,
        ConvNetSpec,
        GRUSpec,
        DRCSpec,
        PlannerSpec,
        TreeQNSpec,
        UniversalPlanningSpec,
        ValueIterationNetworkSpec,
        DeliberatorSpec,
        OptionScorerSpec,
    )
}
"""Architectures by name. Closed on purpose: a model file supplies numbers only, never code."""
