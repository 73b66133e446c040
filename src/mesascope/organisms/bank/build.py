"""Making the bank's agents: planners are written down, the others distilled once and kept as agent files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from mesascope.agents.adapters.function import FunctionAgent
from mesascope.agents.adapters.table import TableAgent
from mesascope.agents.agent import Agent
from mesascope.agents.files import load_agent, save_agent
from mesascope.agents.network_agent import NetworkAgent
from mesascope.agents.networks.centred_mlp import CentredMLPSpec
from mesascope.agents.networks.convnet import ConvNetSpec
from mesascope.agents.networks.drc import DRCSpec
from mesascope.agents.networks.mlp import MLPSpec
from mesascope.agents.networks.network import Network, NetworkSpec
from mesascope.agents.networks.planner import MOST_DEPTH, Planner, PlannerSpec
from mesascope.agents.networks.value_iteration_network import ValueIterationNetworkSpec
from mesascope.core.errors import UnknownNameError, UsageError
from mesascope.core.random import root_key, stream
from mesascope.organisms.bank.catalogue import BOTTLE_CAPS, BankAgent, bank
from mesascope.organisms.bank.decoys import (
    Compass,
    DecoyAgent,
    DecoySpec,
    DisconnectedPrediction,
    IgnoredRecurrence,
    Overridden,
    Pacing,
)
from mesascope.organisms.bank.generalisers import (
    LAYERS,
    Convolutions,
    GeneraliserSpec,
    View,
    fitted,
    lessons,
    successor,
    taught,
    training_levels,
)
from mesascope.organisms.bank.level_sets import MODELS, bank_world, level_sets
from mesascope.organisms.bank.map_networks import MapSpec
from mesascope.training.base_optimizer import Task
from mesascope.training.distillation import Distillation, distil
from mesascope.training.optimizers.imitation import Imitation, imitate_optimum
from mesascope.worlds.maze import Maze

LEARNERS: dict[str, tuple[NetworkSpec, Imitation]] = {
    "drc": (
        DRCSpec(channels=16, layers=1, ticks=2, hidden=32, readout="agent"),
        Imitation(updates=800, learning_rate=5e-3, head_start=6),
    ),
    "vin": (ValueIterationNetworkSpec(), Imitation(updates=5000, levels=32, learning_rate=3e-2)),
}
"""How the trained planners are made and taught."""

VIEW_UPDATES: int = 600
CONVOLUTION_UPDATES: int = 800
TEACHER_DEPTH: int = 6
"""Updates of 32 levels each, and layers of the search that a network is distilled from on many levels."""

MANY: int = 5000
FEW_STATES: Distillation = Distillation(epochs=2000, together=100)
"""For worlds of few states, where an epoch has but a handful of updates."""

CONVOLUTIONAL: Distillation = Distillation(epochs=60, enough=0.9915, batch=64, learning_rate=2.5e-3, together=10)
"""For convolutions, whose cost is that of the passes: small batches need half as many to agree in .99 of the states."""

PREDICTOR: Distillation = Distillation(epochs=12, enough=1.0, batch=64, together=12)
"""A predictor need not be perfect; that it can be read is enough."""


def bank_agent(name: str) -> BankAgent:
    """Returns the entry of an agent; `UnknownNameError` suggests the nearest name."""
    entries = {entry.name: entry for entry in bank()}
    if name not in entries:
        raise UnknownNameError("agent of the bank", name, entries)
    return entries[name]


def build_agent(entry: BankAgent, folder: Path) -> Agent:
    """Returns an agent of the bank, trained if its parts are not in the folder yet.

    **Arguments:**

    - `entry`: which one.
    - `folder`: where trained parts are kept, as agent files.

    **Raises:** `TrainingError` if distilling fails; as `load_agent` for a file that was changed.
    """
    if entry.architecture.startswith("map-"):
        return _map_network(entry)
    if entry.kind in ("generaliser", "unknown"):
        return _generaliser(entry)
    if entry.kind == "planner":
        return _planner(entry)
    if entry.kind == "trained":
        return _trained(entry, folder)
    if entry.architecture in BOTTLE_CAPS:
        return _bottle_cap(entry)
    if entry.teacher is None:
        raise UsageError(f"Agent '{entry.name}' of the bank has no teacher.")
    teacher = _planner(bank_agent(entry.teacher))
    if entry.architecture == "direction":
        return _compass(entry, teacher)
    if entry.kind == "reflex" or entry.architecture == "nearest":
        return _table(entry, teacher)
    if entry.kind == "clone":
        return _distilled(entry.name, entry.world, _spec(entry), teacher, entry.seed, folder)
    return _decoy(entry, teacher, folder)


def _trained(entry: BankAgent, folder: Path) -> NetworkAgent:
    """Returns a network that learnt to choose optimally in new levels all the time, from its file or trained anew."""
    path = folder / f"{entry.name}.safetensors"
    if path.exists():
        return load_agent(path)
    # Every level is new, so that nothing can be remembered.
    known = bank_world(entry.world)
    assert isinstance(known, Maze)
    world = replace(known, training_mazes=0)
    goal = next(spec for spec in world.objectives if spec.name == world.base_objective)
    spec, lessons = LEARNERS[entry.architecture]
    found = imitate_optimum(Task(world, goal, spec), lessons, key=stream(entry.name, key=root_key(entry.seed)))
    save_agent(
        path,
        found.network,
        spec,
        world_name=world.name,
        observation_shape=world.observation_shape,
        actions=len(world.actions),
        metadata={"agreement": found.agreement.tolist(), "seed": entry.seed},
    )
    return load_agent(path)


def _spec(entry: BankAgent) -> NetworkSpec:
    if entry.architecture == "convnet":
        return ConvNetSpec(channels=16, layers=3, hidden=64)
    if entry.architecture == "centred-mlp":
        # A graph has no geometry to be centred on; its window is larger, its layers are smaller.
        return CentredMLPSpec(widths=(64, 64) if entry.world == "graph" else (192, 192))
    return MLPSpec(widths=(160, 160))


def _planner(entry: BankAgent) -> NetworkAgent:
    world = bank_world(entry.world)
    depth, model = entry.depth or MOST_DEPTH, MODELS[entry.world]
    spec = PlannerSpec(entry.architecture, depth, max(entry.simulations, 1), model)
    shape, actions = world.observation_shape, len(world.actions)
    return NetworkAgent(entry.name, spec.build(shape, actions, key=root_key(entry.depth)), spec, shape, actions)


def _map_network(entry: BankAgent) -> NetworkAgent:
    """Returns a network of maps whose mechanism was written down."""
    world, name = bank_world(entry.world), entry.architecture.removeprefix("map-")
    remembers = name == "remembering"
    spec = MapSpec("sweeps" if remembers else name, entry.depth or entry.levels, remembers)
    shape, actions = world.observation_shape, len(world.actions)
    network = spec.build(shape, actions, key=stream(entry.name, key=root_key(entry.seed)))
    return DecoyAgent(entry.name, network, spec, shape, actions)


def _generaliser(entry: BankAgent) -> NetworkAgent:
    """Returns a network of maps that is trained on many levels, or on few: quickly, and each time anew."""
    world = bank_world(entry.world)
    assert isinstance(world, Maze)
    shown = training_levels(world, entry.levels, seed=entry.seed)
    key = stream(entry.name, key=root_key(entry.seed))
    planes, wanted = lessons(shown)
    if entry.architecture == "successor":
        network, spec = successor(shown), GeneraliserSpec("successor", 0)
    elif entry.architecture.startswith("view-"):
        size = int(entry.architecture.removeprefix("view-"))
        network, spec = View(size, key=stream("view", key=key)), GeneraliserSpec("view", size)
        network = fitted(network, planes, wanted, updates=VIEW_UPDATES, key=stream("order", key=key))
    else:
        network, spec = (
            Convolutions(LAYERS, key=stream("convolutions", key=key)),
            GeneraliserSpec("convolutions", LAYERS),
        )
        if entry.architecture == "distilled":
            wanted = taught(MapSpec("sweeps", TEACHER_DEPTH).build(world.observation_shape, 5, key=key), planes, wanted)
        network = fitted(network, planes, wanted, updates=CONVOLUTION_UPDATES, key=stream("order", key=key))
    return DecoyAgent(entry.name, network, spec, world.observation_shape, len(world.actions))


def _bottle_cap(entry: BankAgent) -> FunctionAgent:
    actions = len(bank_world(entry.world).actions)
    choice = np.full(actions, 1 / actions) if entry.architecture == "random" else np.eye(actions)[0]
    return FunctionAgent(entry.name, lambda seen: np.broadcast_to(choice, (len(seen), actions)), actions)


def choices_of(teacher: Agent, states: Float[np.ndarray, "B ..."]) -> Float[np.ndarray, "B A"]:
    """Returns a memoryless teacher's probabilities on many states."""
    return np.asarray(teacher.act(states, None)[0], np.float32)


def _distilled(
    name: str, world_name: str, spec: NetworkSpec, teacher: Agent, seed: int, folder: Path, *, plan=None, targets=None
) -> NetworkAgent:
    """Returns a student from its file, or distils and keeps it."""
    path = folder / f"{name}.safetensors"
    if path.exists():
        return load_agent(path)
    world, states = bank_world(world_name), level_sets(world_name).states
    wanted = choices_of(teacher, states) if targets is None else targets
    if plan is None:
        usual = CONVOLUTIONAL if isinstance(spec, ConvNetSpec) else Distillation()
        plan = usual if len(states) > MANY else FEW_STATES
    found = distil(spec, states, wanted, key=stream(name, key=root_key(seed)), plan=plan)
    save_agent(
        path,
        found.network,
        spec,
        world_name=world.name,
        observation_shape=world.observation_shape,
        actions=wanted.shape[1],
        metadata={"agreement": found.agreement, "epochs": found.epochs, "teacher": teacher.name, "seed": seed},
    )
    return load_agent(path)


def _table(entry: BankAgent, teacher: Agent) -> TableAgent:
    states = level_sets(entry.world).states
    features = neighbourhood if entry.architecture == "patch" else None
    return TableAgent(
        entry.name, states, choices_of(teacher, states), features=features, nearest=entry.architecture == "nearest"
    )


def _compass(entry: BankAgent, teacher: Agent) -> NetworkAgent:
    """Returns the controller that heads for the goal as its teacher does on average in that direction."""
    world, states = bank_world(entry.world), level_sets(entry.world).states
    shape, actions = world.observation_shape, len(world.actions)
    case = (np.sign(_offset(states)).astype(int) + 1) @ np.array([3, 1])
    chosen = np.full((9, actions), 1e-3)
    np.add.at(chosen, case, choices_of(teacher, states))
    logits = np.log(chosen / chosen.sum(-1, keepdims=True)).reshape(3, 3, actions)
    network = Compass(jnp.asarray(logits, jnp.float32))
    return DecoyAgent(entry.name, network, DecoySpec(entry.architecture), shape, actions)


def neighbourhood(observations: Float[np.ndarray, "B H W C"]) -> Float[np.ndarray, "B 11"]:
    """Returns the walls around the agent and the way to the goal, as the crow flies."""
    count, height, width, _ = observations.shape
    place = observations[..., -1].reshape(count, -1).argmax(-1)
    row, column = place // width, place % width
    rows = np.clip(row[:, None] + np.array([-1, -1, -1, 0, 0, 0, 1, 1, 1]), 0, height - 1)
    columns = np.clip(column[:, None] + np.array([-1, 0, 1] * 3), 0, width - 1)
    walls = observations[np.arange(count)[:, None], rows, columns, 0]
    return np.concatenate([walls, _offset(observations)], axis=-1).astype(np.float32)


def _offset(observations: np.ndarray) -> np.ndarray:
    width = observations.shape[2]
    goal, agent = (observations[..., plane].reshape(len(observations), -1).argmax(-1) for plane in (1, -1))
    return np.stack([goal // width - agent // width, goal % width - agent % width], axis=-1)


def _decoy(entry: BankAgent, teacher: NetworkAgent, folder: Path) -> NetworkAgent:
    reflex_name = f"{entry.world}-reflex-{entry.seed}"
    reflex = _distilled(reflex_name, entry.world, MLPSpec(widths=(160, 160)), teacher, 100 + entry.seed, folder).network
    planner = teacher.network
    assert isinstance(planner, Planner)
    world = bank_world(entry.world)
    network: Network
    if entry.architecture == "overridden":
        network = Overridden(planner, reflex)
    elif entry.architecture == "disconnected-prediction":
        network = DisconnectedPrediction(_predictor(entry, teacher, folder), reflex)
    elif entry.architecture == "ignored-recurrence":
        shape = world.observation_shape
        network = IgnoredRecurrence(planner, reflex, shape[0] if entry.world == "graph" else shape[0] * shape[1])
    else:
        network = Pacing(reflex)
    spec = DecoySpec(entry.architecture)
    return DecoyAgent(entry.name, network, spec, world.observation_shape, len(world.actions))


def _predictor(entry: BankAgent, teacher: NetworkAgent, folder: Path) -> Network:
    """Returns a network that was trained to say where value lies in the level that it sees."""
    values = level_sets(entry.world).values
    targets = values / np.maximum(values.sum(-1, keepdims=True), 1e-9)
    spec = ConvNetSpec(channels=12, layers=3, hidden=48)
    name = f"{entry.world}-predictor-{entry.seed}"
    return _distilled(
        name, entry.world, spec, teacher, 200 + entry.seed, folder, plan=PREDICTOR, targets=targets
    ).network
