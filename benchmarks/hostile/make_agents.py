"""Writes sound agent files into a folder: one of Mesascope, one of Stable-Baselines3, weights of torch."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

PLACE = Path(sys.argv[1])
SHAPE, ACTIONS = (9, 9, 3), 5
"""Of the world "corner", in which the files are audited."""


def of_mesascope() -> None:
    import jax

    from mesascope.agents.files import save_agent
    from mesascope.agents.networks.mlp import MLPSpec

    spec = MLPSpec(widths=(8,))
    network = spec.build(SHAPE, ACTIONS, key=jax.random.key(0))
    save_agent(
        PLACE / "agent.safetensors",
        network,
        spec,
        world_name="corner",
        observation_shape=SHAPE,
        actions=ACTIONS,
        base_objective="cheese",
    )


def of_others() -> None:
    import gymnasium as gym
    import numpy as np
    import torch
    from stable_baselines3 import DQN, PPO

    class Nowhere(gym.Env):
        observation_space = gym.spaces.Box(0, 1, SHAPE, np.float32)
        action_space = gym.spaces.Discrete(ACTIONS)

        def reset(self, *, seed=None, options=None):
            return np.zeros(SHAPE, np.float32), {}

        def step(self, action):
            return np.zeros(SHAPE, np.float32), 0.0, True, False, {}

    torch.manual_seed(0)
    small = {"net_arch": [8]}
    PPO("MlpPolicy", Nowhere(), policy_kwargs=small, n_steps=8, batch_size=8).save(PLACE / "ppo.zip")
    DQN("MlpPolicy", Nowhere(), policy_kwargs=small, buffer_size=8).save(PLACE / "dqn.zip")
    torch.save(torch.nn.Linear(4, 2).state_dict(), PLACE / "weights.pt")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    of_mesascope()
    try:
        of_others()
    except ImportError:
        print("the extra sb3 is not installed", file=sys.stderr)
