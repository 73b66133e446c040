"""Recipes of learners that answer in numbers: in regression, of linear systems, in copying, and as optimizers."""

from __future__ import annotations

from dataclasses import replace

from mesascope.agents.networks.coordinatewise_lstm import CoordinatewiseLSTMSpec
from mesascope.agents.networks.linear_attention import LinearAttentionSpec
from mesascope.agents.networks.lstm import LSTMSpec
from mesascope.agents.networks.mesa_layer import MesaLayerSpec
from mesascope.agents.networks.small_gpt import SmallGPTSpec
from mesascope.agents.networks.turing_machine import TuringMachineSpec
from mesascope.organisms.learners.learner_recipe import LearnerRecipe
from mesascope.training.learning.perturbation import Perturbation
from mesascope.training.learning.unrolled_gradient import UnrolledGradient
from mesascope.worlds.streams.copying import Copying
from mesascope.worlds.streams.linear_systems import LinearSystems
from mesascope.worlds.streams.optimisees import QuadraticProblems
from mesascope.worlds.streams.regression import Regression

_FOUR = Regression(dimensions=4, examples=8, last_only=False, noise=0.5, tasks=4, law="normal")

ATTENTION = LearnerRecipe(
    "icl-linear-attention",
    Regression(),
    UnrolledGradient(updates=1500, episodes=256, learning_rate=5e-3),
    LinearAttentionSpec(),
)
DEEP_ATTENTION = LearnerRecipe(
    "icl-linear-attention-deep",
    Regression(),
    UnrolledGradient(updates=1200, episodes=256, learning_rate=1e-2),
    LinearAttentionSpec(layers=3),
)
FEW_TASKS = LearnerRecipe(
    "icl-gpt-few-tasks",
    _FOUR,
    UnrolledGradient(updates=1500, episodes=128, learning_rate=1e-3),
    SmallGPTSpec(),
)
MANY_TASKS = replace(FEW_TASKS, name="icl-gpt-many-tasks", stream=replace(_FOUR, tasks=4096))
MESA_LAYER = LearnerRecipe(
    "mesa-layer",
    LinearSystems(),
    UnrolledGradient(updates=1000, episodes=64, learning_rate=1e-2),
    MesaLayerSpec(),
)
OPTIMIZER = LearnerRecipe(
    "learned-optimizer",
    QuadraticProblems(),
    UnrolledGradient(updates=1000, episodes=64, learning_rate=5e-3, truncation=20),
    CoordinatewiseLSTMSpec(),
)
EVOLVED = LearnerRecipe(
    "learned-optimizer-evolved",
    QuadraticProblems(),
    Perturbation(updates=7500, pairs=16, episodes=4, spread=0.03, learning_rate=1e-2, truncation=20),
    CoordinatewiseLSTMSpec(width=8, layers=1),
)
TURING_MACHINE = LearnerRecipe(
    "turing-machine",
    Copying(),
    # Episodes of all lengths at once leave most seeds with a controller that remembers rows without the tape.
    UnrolledGradient(updates=3500, episodes=32, learning_rate=5e-3, horizons=(7,)),
    TuringMachineSpec(),
)
COPY_LSTM = LearnerRecipe(
    "copy-lstm",
    Copying(),
    UnrolledGradient(updates=2000, episodes=32, learning_rate=5e-3),
    LSTMSpec(width=96, input_gain=4.0),
)
