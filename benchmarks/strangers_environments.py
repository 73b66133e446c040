"""Environments that nobody here made, a part of `strangers.py`: each with a shift, audited as a user would.

Each agent is made here: a softmax over the optimal values of what its levels show. The same policy then acts in the
environment itself, made by `gymnasium.make` and stepped by its own code: exact returns must lie in the 99 %
interval of what is sampled there.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import sys
import tempfile
import types
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import jax
import numpy as np
import scipy.stats
from ledger import Claim
from peers.environments import peer_python

from mesascope.agents.adapters.function import FunctionAgent
from mesascope.audit.policy import observations, policy_table
from mesascope.cli.main import main
from mesascope.objectives.objective import compile_objectives
from mesascope.planning.evaluation import policy_values, returns
from mesascope.planning.value_iteration import optimal_action_values
from mesascope.worlds.catalogue import resolve_world
from mesascope.worlds.gymnasium.making import literal

EPISODES: int = 1000
DISCOUNT: float = 0.95
"""Of every world here, so that what follows after `STEPS` steps is worth less than a millionth of it."""
STEPS: int = 300
LEVEL: float = 0.99
OBJECTIVES: tuple[str, ...] = ("return", "termination")
MODULE: str = "strangers_policies"

LAKE = '["SFFF", "FFFH", "FHFF", "HFFG"]'
FREE = '["00000", "01110", "00000", "01010", "00000"]'
WALL = '["00000", "11110", "00000", "01111", "00000"]'
COUNTERS = {"ignore": "step_count,last_action,last_reward", "levels": "4"}
FEW = {"levels": "4"}


@dataclass(frozen=True)
class Shift:
    """One environment before and after a shift.

    **Arguments:**

    - `before`, `after`: identifiers; without `after` the shift is one of options, or of seeds.
    - `options`: of both; `deploy_options`: after the shift.
    """

    before: str
    after: str | None = None
    options: dict[str, str] = field(default_factory=dict)
    deploy_options: dict[str, str] = field(default_factory=dict)


SHIFTS: dict[str, Shift] = {
    "lake_ice": Shift("FrozenLake-v1", deploy_options={"is_slippery": "False"}),
    "lake_map": Shift("FrozenLake-v1", deploy_options={"desc": LAKE}),
    "cliff_slippery": Shift("CliffWalking-v1", deploy_options={"is_slippery": "True"}),
    "taxi_rain": Shift("Taxi-v4", deploy_options={"is_rainy": "True"}),
    "taxi_fickle": Shift("Taxi-v4", deploy_options={"fickle_passenger": "True"}),
    "empty": Shift("MiniGrid-Empty-5x5-v0", "MiniGrid-Empty-6x6-v0"),
    "door_key": Shift("MiniGrid-DoorKey-5x5-v0", "MiniGrid-DoorKey-6x6-v0", FEW),
    "lava_gap": Shift("MiniGrid-LavaGapS5-v0", "MiniGrid-LavaGapS6-v0", FEW),
    "dist_shift": Shift("MiniGrid-DistShift1-v0", "MiniGrid-DistShift2-v0"),
    "crossing": Shift("MiniGrid-SimpleCrossingS9N1-v0", "MiniGrid-SimpleCrossingS9N2-v0", FEW),
    "unlock": Shift("MiniGrid-Unlock-v0", options=FEW),
    "go_to_door": Shift("MiniGrid-GoToDoor-5x5-v0", "MiniGrid-GoToDoor-6x6-v0", FEW),
    "simple_grid": Shift("gym_simplegrid:SimpleGrid-4x4-v0", options=COUNTERS),
    "simple_grid_walls": Shift(
        "gym_simplegrid:SimpleGrid-v0", options=COUNTERS | {"obstacle_map": FREE}, deploy_options={"obstacle_map": WALL}
    ),
    "level_maze": Shift(
        "multi_level_maze:MultiLevelMaze-v0", options={"ignore": "steps"}, deploy_options={"maze_seed": "2"}
    ),
}
QUICK: tuple[str, ...] = ("lake_ice", "cliff_slippery", "dist_shift")

OURS: frozenset[str] = frozenset({"levels", "ignore", "discount", "first_seed", "observation"})


def environments(quick: bool) -> list[Claim]:
    """Returns the claims: how many environments are audited, and how many exact returns hold.

    **Arguments:**

    - `quick`: three environments only, each in fewer episodes.
    """
    third_party = _third_party(build=not quick)
    names = [name for name in (QUICK if quick else SHIFTS) if third_party or ":" not in SHIFTS[name].before]
    made = {name: _policy(SHIFTS[name]) for name in names}
    module = types.ModuleType(MODULE)
    vars(module).update(made)
    sys.modules[MODULE] = module
    audited, held, compared, missed = [], 0, 0, []
    for name in names:
        code = _audit(name, SHIFTS[name])
        audited.append(code == 0)
        print(f"{name}: exit {code}", file=sys.stderr, flush=True)
        for place, objective, exact, sampled in _compare(SHIFTS[name], made[name], 200 if quick else EPISODES):
            low, high = _interval(sampled)
            compared += 1
            held += int(low <= exact <= high)
            if not low <= exact <= high:
                missed.append(f"{name} {place} {objective}: {exact:.5f} outside [{low:.5f}, {high:.5f}]")
    count = len(names)
    text = f"{count} Gymnasium environments with a shift, toy text, MiniGrid and two packages of others"
    low, high = scipy.stats.binomtest(sum(audited), count).proportion_ci(0.95)
    fair = float(scipy.stats.binom.ppf(0.999, compared, 1 - LEVEL))
    some = f"; outside: {'; '.join(missed)}" if missed else ""
    share = scipy.stats.binomtest(held, compared).proportion_ci(0.95)
    return [
        Claim(
            "strangers.environments-audited",
            f"Share of {text} that `mesascope audit` reports on (95 % interval)",
            sum(audited) / count,
            float(low),
            float(high),
            count,
            1.0,
            ">=",
        ),
        Claim(
            "strangers.environments-returns",
            f"Share of exact returns (reward and termination, before and after the shift) of {count} environments in "
            "the "
            f"99 % interval of {200 if quick else EPISODES} episodes in the environment itself; the target is what "
            f"chance misses in one of 1,000 such ledgers{some}",
            held / compared,
            float(share.low),
            float(share.high),
            compared,
            1 - fair / compared,
            ">=",
        ),
    ]


def _third_party(*, build: bool) -> bool:
    """Installs the packages of others into a virtual environment of their own, and lets this process import them."""
    python = peer_python("strangers-environments", build=build)
    if python is None:
        return False
    folder = next(python.parent.parent.glob("lib/python*/site-packages"))
    # Last, so that nothing of theirs stands before what is installed here.
    sys.path.append(str(folder))
    importlib.invalidate_caches()
    return True


def _world(shift: Shift, *, after: bool):
    name = shift.after if after and shift.after else shift.before
    options = shift.options | (shift.deploy_options if after else {}) | {"discount": str(DISCOUNT)}
    return resolve_world(f"gym:{name}", options), name, options


def _policy(shift: Shift) -> Callable[[np.ndarray], np.ndarray]:
    """Returns a softmax over the values of what the levels show, less sure of what is shown only after the shift.

    Without knowing those at all it would get there so seldom that a thousand episodes have next to nothing to say.
    """
    table: dict[bytes, np.ndarray] = {}
    by_seed = shift.after is None and not shift.deploy_options
    for after, sharpness in ((False, 4.0), (True, 2.0)):
        world, _, _ = _world(shift, after=after)
        distribution = "deploy" if after and by_seed else "train"
        if distribution in world.distributions:
            for shown, logits in _preferences(world, distribution).items():
                table.setdefault(shown, _softmax(sharpness * logits))
    uniform = np.full(len(world.actions), 1 / len(world.actions))

    def policy(shown: np.ndarray) -> np.ndarray:
        return np.stack([table.get(one.tobytes(), uniform) for one in np.asarray(shown, np.float32)])

    return policy


def _preferences(world, distribution: str) -> dict[bytes, np.ndarray]:
    """Returns for each observation of a distribution how good each action is on average, from -1 to 0."""
    count = world.distinct_levels(distribution) or 1
    levels = jax.device_get(world.sample(key=jax.random.key(0), distribution=distribution, count=count))
    value = optimal_action_values(levels, compile_objectives(world).select("return"))[0]
    seen = observations(world, levels)
    known: dict[bytes, list[np.ndarray]] = {}
    for level, state in np.argwhere(np.asarray(levels.reachable & ~levels.terminal)):
        row = value[level, state]
        scale = max(float(row.max() - row.min()), 1e-9)
        known.setdefault(seen[level, state].tobytes(), []).append((row - row.max()) / scale)
    return {shown: np.mean(rows, 0) for shown, rows in known.items()}


def _softmax(logits: np.ndarray) -> np.ndarray:
    weights = np.exp(logits - logits.max())
    return weights / weights.sum()


def _audit(name: str, shift: Shift) -> int:
    """Returns the exit code of the audit, as the command line gives it."""
    command = ["audit", f"{MODULE}:{name}", "--world", f"gym:{shift.before}", "--base", "return", "--json", "--quiet"]
    both = {**shift.options, "discount": str(DISCOUNT)}
    for option, value in both.items():
        command += ["--world-option", f"{option}={value}"]
    if shift.after:
        command += ["--deploy", f"gym:{shift.after}"]
    if shift.after or shift.deploy_options:
        for option, value in ({**both, **shift.deploy_options} if shift.after else shift.deploy_options).items():
            command += ["--deploy-option", f"{option}={value}"]
    with tempfile.TemporaryDirectory() as folder:
        with contextlib.redirect_stdout(io.StringIO()):
            code = main([*command, "--out", folder + "/report"])
        if code == 0:
            json.loads((Path(folder) / "report" / "report.json").read_text(encoding="utf-8"))
    return code


def _compare(shift: Shift, policy, episodes: int):
    """Yields place, objective, exact return and sampled returns, before and after the shift."""
    for place in ("before", "after"):
        world, identifier, options = _world(shift, after=place == "after")
        by_seed = place == "after" and shift.after is None and not shift.deploy_options
        seed = world.seeds("deploy" if by_seed else "train")[0]
        levels = jax.device_get(world.level(seed)).batch()
        agent = FunctionAgent("policy", policy, len(world.actions))
        seen = observations(world, levels)
        table = policy_table(agent, seen, np.asarray(levels.reachable & ~levels.terminal), actions=len(world.actions))
        objectives = compile_objectives(world).select(*OBJECTIVES)
        exact = returns(levels, policy_values(levels, table, objectives))[:, 0]
        sampled = _sampled(identifier, options, policy, seed, episodes, fixed="deploy" in world.distributions)
        for index, objective in enumerate(OBJECTIVES):
            yield place, objective, float(exact[index]), sampled[:, index]


def _sampled(identifier: str, options: dict, policy, seed: int, episodes: int, *, fixed: bool) -> np.ndarray:
    """Returns discounted reward and discounted termination of episodes in the environment itself, `[episodes, 2]`.

    `fixed`: whether the seed is the level; else every episode has a seed of its own.
    """
    import gymnasium

    module, _, name = identifier.rpartition(":")
    if module:
        importlib.import_module(module)
    settings = {option: literal(text) for option, text in options.items() if option not in OURS}
    minigrid = name.startswith("MiniGrid-")
    if minigrid:
        importlib.import_module("minigrid")
    environment = gymnasium.make(name, max_episode_steps=-1, disable_env_checker=True, **settings)
    if minigrid:
        environment = importlib.import_module("minigrid.wrappers").ImgObsWrapper(environment)
    random, known = np.random.default_rng(1), {}
    actions = int(environment.action_space.n)
    results = np.zeros((episodes, 2))
    for episode in range(episodes):
        observation, _ = environment.reset(seed=seed if fixed else episode)
        weight = 1.0
        for _ in range(STEPS):
            key = np.asarray(observation).tobytes()
            if key not in known:
                known[key] = policy(_shown(environment.observation_space, observation)[None])[0].cumsum()
            action = min(int((random.random() >= known[key]).sum()), actions - 1)
            observation, reward, over, truncated, _ = environment.step(action + int(environment.action_space.start))
            # In a level of MiniGrid success pays 1, whenever it comes.
            results[episode] += weight * np.array([float(reward > 0) if minigrid else reward, over])
            weight *= DISCOUNT
            if over or truncated:
                break
    return results


def _shown(space, observation) -> np.ndarray:
    """Returns what Stable-Baselines3 would show a network: whole numbers as one-hot vectors."""
    import gymnasium

    if isinstance(space, gymnasium.spaces.Box):
        return np.asarray(observation, np.float32).reshape(space.shape)
    return np.asarray(gymnasium.spaces.flatten(space, observation), np.float32)


def _interval(sampled: np.ndarray) -> tuple[float, float]:
    """Returns the 99 % interval of a mean; rounding is allowed for where all episodes are alike."""
    half = scipy.stats.norm.ppf((1 + LEVEL) / 2) * sampled.std(ddof=1) / np.sqrt(len(sampled))
    half += 1e-5 * max(1.0, float(np.abs(sampled).max()))
    return float(sampled.mean() - half), float(sampled.mean() + half)
