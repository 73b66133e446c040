"""Claim E: agents that other people's code trained, audited from their files, have the returns that they really get.

For each of five environments Stable-Baselines3's PPO is trained and saved as `.zip`. Mesascope reads that file
without unpickling it, tabulates the policy over every reachable state of the enumerated levels and solves for its
return. Beside it the training object, still in memory, plays 1,000 episodes in the real environment through
Stable-Baselines3's own `predict`, with actions drawn from its policy. Neither side shares code with the other.

The return is the same on both sides: rewards discounted by the world's discount (0.99; 0.9 in the quick run) from the
first step on. Rewards are the environment's own, except that success in MiniGrid counts 1 whenever it comes: its own
`1 - 0.9 t / max_steps` depends on the time. Limits of time are no part of an enumerated level, so the episodes have
none either (`max_episode_steps=-1`, and `max_steps` out of reach in MiniGrid). They are cut off after H steps, when
rewards are discounted to a millionth, and what could still have come then, at most `discount ** H * largest reward /
(1 - discount)`, is added to the half-width. Episodes in MiniGrid draw their level at random from the training levels,
over which the exact return is a mean.

"Equal" means: inside the Monte-Carlo interval. The five comparisons are one family: each interval has level 1 - 0.01
/ 5 = 99.8 % (Bonferroni), so that all five hold at once with 99 % if every exact return is right.
"""

from __future__ import annotations

import math
import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# One thread: networks of this size are slower with more.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import jax
import numpy as np
from ledger import Claim, run
from scipy import stats

from mesascope.agents.resolve import resolve_agent
from mesascope.audit.policy import observations, policy_table
from mesascope.objectives.objective import compile_objectives
from mesascope.planning.evaluation import policy_values, returns
from mesascope.planning.value_iteration import optimal_action_values
from mesascope.worlds.catalogue import resolve_world

LEFT_OVER: float = 1e-6
"""Episodes are cut off when a reward is discounted to less than this."""

FAMILY_ERROR: float = 0.01
COMPETENT: float = 0.9


TABULAR: dict[str, Any] = {"policy_kwargs": {"net_arch": []}, "learning_rate": 0.02}
"""No hidden layers: the policy is a table over one-hot observations."""

CERTAIN: dict[str, Any] = {"learning_rate": 2e-3, "ent_coef": 0.0, "n_epochs": 4}
"""The ice is random enough to explore by itself."""


@dataclass(frozen=True)
class Recipe:
    """How an agent is trained, and in which world it is audited.

    **Arguments:**

    - `slug`: in the claims' ids.
    - `environment_id`, `wrapper`: what it is trained in; `wrapper` is one of MiniGrid's.
    - `options`: of the world, so that it shows what the wrapper does.
    - `steps`, `quick_steps`: of training; 0 leaves the agent out of the quick run.
    - `copies`, `rollout`: environments side by side, and steps of each between updates.
    - `largest_reward`: in absolute value, after which the cut-off is bounded.
    - `normalize_reward`: whether rewards are scaled during training.
    - `hyperparameters`: of PPO, where they are not the defaults below.
    """

    slug: str
    environment_id: str
    steps: int
    quick_steps: int
    largest_reward: float
    wrapper: str | None = None
    options: dict[str, str] = field(default_factory=dict)
    copies: int = 8
    rollout: int = 128
    normalize_reward: bool = False
    hyperparameters: dict[str, Any] = field(default_factory=dict)

    @property
    def minigrid(self) -> bool:
        """Whether it is a MiniGrid environment."""
        return self.environment_id.startswith("MiniGrid-")


RECIPES: tuple[Recipe, ...] = (
    Recipe("minigrid-empty", "MiniGrid-Empty-8x8-v0", 60_000, 12_000, 1.0, "ImgObsWrapper"),
    Recipe(
        "minigrid-doorkey",
        "MiniGrid-DoorKey-5x5-v0",
        120_000,
        0,
        1.0,
        "FlatObsWrapper",
        {"observation": "flat"},
        copies=16,
    ),
    Recipe("frozen-lake", "FrozenLake-v1", 150_000, 10_000, 1.0, copies=16, hyperparameters=CERTAIN),
    Recipe("cliff-walking", "CliffWalking-v1", 100_000, 4_000, 100.0, normalize_reward=True),
    Recipe("taxi", "Taxi-v4", 300_000, 10_000, 20.0, copies=16, normalize_reward=True, hyperparameters=TABULAR),
)


def make(recipe: Recipe, *, training: bool) -> Any:
    """Returns one instance of a recipe's environment, with its limit of time only in training."""
    import gymnasium

    if not recipe.minigrid:
        # CliffWalking has no limit of its own, and an agent that knows nothing never leaves.
        return gymnasium.make(recipe.environment_id, max_episode_steps=200 if training else -1)
    import minigrid.wrappers

    arguments = {} if training else {"max_steps": 10**9}
    environment = gymnasium.make(recipe.environment_id, **arguments)
    return getattr(minigrid.wrappers, recipe.wrapper)(environment)


def train(recipe: Recipe, *, steps: int, seed: int = 0) -> Any:
    """Returns Stable-Baselines3's PPO after `steps` steps of training."""
    import torch
    from stable_baselines3 import PPO
    from stable_baselines3.common.vec_env import DummyVecEnv, VecNormalize

    torch.set_num_threads(1)
    environments: Any = DummyVecEnv([lambda: make(recipe, training=True)] * recipe.copies)
    if recipe.normalize_reward:
        environments = VecNormalize(environments, norm_obs=False, gamma=0.99)
    settings = {"learning_rate": 1e-3, "ent_coef": 0.01, "n_epochs": 6, "batch_size": 256, **recipe.hyperparameters}
    model = PPO("MlpPolicy", environments, n_steps=recipe.rollout, gamma=0.99, seed=seed, device="cpu", **settings)
    return model.learn(steps)


@dataclass(frozen=True)
class Exact:
    """Exact returns of the agent, of the best and of the uniform policy, each a mean over the levels of `seeds`."""

    agent: float
    best: float
    uniform: float
    seeds: tuple[int, ...]


def audit_return(path: Path, recipe: Recipe, *, discount: float) -> Exact:
    """Reads an agent from its file and solves for its return, the way that `mesascope audit` does."""
    world = resolve_world(f"gym:{recipe.environment_id}", {**recipe.options, "discount": str(discount)})
    agent = resolve_agent(str(path), world=world)
    levels = jax.device_get(
        world.sample(key=jax.random.key(0), distribution="train", count=world.distinct_levels("train"))
    )
    objectives = compile_objectives(world).select("return")
    active = np.asarray(levels.reachable & ~levels.terminal)
    policy = policy_table(agent, observations(world, levels), active, actions=levels.actions)
    uniform = np.full_like(policy, 1 / levels.actions)
    best = optimal_action_values(levels, objectives).max(-1)
    return Exact(
        agent=float(returns(levels, policy_values(levels, policy, objectives)).mean()),
        best=float(returns(levels, best).mean()),
        uniform=float(returns(levels, policy_values(levels, uniform, objectives)).mean()),
        seeds=tuple(int(seed) for seed in np.asarray(levels.layout.seed)),
    )


def horizon_of(discount: float) -> int:
    """Returns the number of steps after which episodes are cut off."""
    return math.ceil(math.log(LEFT_OVER) / math.log(discount))


def play(
    model: Any, environments: list[Any], *, first_seeds: Iterable[int], discount: float, success_pays_one: bool
) -> np.ndarray:
    """Returns the discounted return of one episode in each environment, all stepped side by side.

    **Arguments:**

    - `model`: Stable-Baselines3's, which chooses by `predict`.
    - `environments`: one for each episode, without a limit of time.
    - `first_seeds`: that each is reset with.
    - `discount`: of rewards.
    - `success_pays_one`: whether a positive reward counts as 1.
    """
    totals = np.zeros(len(environments))
    seen = [environment.reset(seed=seed)[0] for environment, seed in zip(environments, first_seeds, strict=True)]
    going = np.arange(len(environments))
    for step in range(horizon_of(discount)):
        if not len(going):
            break
        actions, _ = model.predict(np.stack([seen[index] for index in going]), deterministic=False)
        ended = np.zeros(len(going), bool)
        for place, index in enumerate(going):
            seen[index], reward, terminated, truncated, _ = environments[index].step(int(actions[place]))
            if truncated:
                raise RuntimeError("an episode was cut off by a limit of time that should have been out of reach")
            reward = float(reward > 0) if success_pays_one else float(reward)
            totals[index] += discount**step * reward
            ended[place] = terminated
        going = going[~ended]
    return totals


def compare(recipe: Recipe, *, quick: bool, folder: Path) -> list[Claim]:
    """Trains, audits and plays; returns the claims about one environment."""
    about = f"{recipe.environment_id}: exact return of the trained agent, 0 = uniform policy, 1 = the best there is"
    not_quick = "measured in the full run only, which trains to competence"
    if quick and not recipe.quick_steps:
        return [
            Claim.unmeasured(
                f"real-agents.{recipe.slug}",
                f"{recipe.environment_id}: distance from real episodes; {not_quick}",
                1.0,
                "<=",
            ),
            Claim.unmeasured(f"competence.{recipe.slug}", f"{about}; {not_quick}", COMPETENT, ">="),
        ]
    # An agent that knows little wanders on for long; a lower discount makes that affordable.
    episodes, discount = (100, 0.9) if quick else (1_000, 0.99)
    model = train(recipe, steps=recipe.quick_steps if quick else recipe.steps)
    path = folder / f"{recipe.slug}.zip"
    model.save(path)
    exact = audit_return(path, recipe, discount=discount)
    generator = np.random.default_rng(1)
    seeds = generator.choice(exact.seeds, episodes) if recipe.minigrid else generator.integers(2**31, size=episodes)
    model.set_random_seed(2)
    totals = play(
        model,
        [make(recipe, training=False) for _ in range(episodes)],
        first_seeds=[int(seed) for seed in seeds],
        discount=discount,
        success_pays_one=recipe.minigrid,
    )
    error = totals.std(ddof=1) / math.sqrt(episodes)
    half = float(stats.t.ppf(1 - FAMILY_ERROR / len(RECIPES) / 2, episodes - 1) * error)
    half += discount ** horizon_of(discount) * recipe.largest_reward / (1 - discount)
    # An agent and an environment without chance have no spread; what is left is rounding in single precision.
    half = max(half, 1e-5 * max(1.0, abs(exact.agent)))
    distance = abs(float(totals.mean()) - exact.agent) / half
    competence = (exact.agent - exact.uniform) / (exact.best - exact.uniform)
    agreement = Claim(
        f"real-agents.{recipe.slug}",
        f"{recipe.environment_id}: distance of the exact return ({exact.agent:.4f}, from the .zip) from the mean of "
        f"{episodes:,} real episodes ({totals.mean():.4f} +- {half:.4f}), in half-widths of the 99.8 % interval; low "
        "and high: when the mean moves by a half-width",
        distance,
        max(0.0, distance - 1),
        distance + 1,
        episodes,
        1.0,
        "<=",
    )
    if quick:
        return [agreement, Claim.unmeasured(f"competence.{recipe.slug}", f"{about}; {not_quick}", COMPETENT, ">=")]
    found = Claim(
        f"competence.{recipe.slug}",
        f"{about}; exact, so low and high are the value, over {len(exact.seeds)} levels",
        competence,
        competence,
        competence,
        len(exact.seeds),
        COMPETENT,
        ">=",
    )
    return [agreement, found]


def measure(quick: bool) -> list[Claim]:
    """Returns the claims about every environment."""
    with tempfile.TemporaryDirectory() as folder:
        return [claim for recipe in RECIPES for claim in compare(recipe, quick=quick, folder=Path(folder))]


if __name__ == "__main__":
    run("real_agents", measure)
