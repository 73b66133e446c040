from __future__ import annotations

import os
from pathlib import Path

import jax
import pytest

from mesascope.agents.files import save_agent
from mesascope.agents.networks.mlp import MLPSpec

SHAPE, ACTIONS = (7,), 4


@pytest.fixture(scope="session")
def agent_file(tmp_path_factory) -> Path:
    """A valid agent file of a small MLP."""
    spec = MLPSpec(widths=(6,))
    network = spec.build(SHAPE, ACTIONS, key=jax.random.key(0))
    path = tmp_path_factory.mktemp("agents") / "small.safetensors"
    return save_agent(path, network, spec, world_name="toy", observation_shape=SHAPE, actions=ACTIONS)


@pytest.fixture(scope="session")
def stable_baselines3_models(tmp_path_factory) -> dict[str, tuple[Path, object]]:
    """Untrained models of Stable-Baselines3 of each kind that is read, with their files, by name."""
    pytest.importorskip("stable_baselines3")
    import gymnasium
    import numpy as np
    import torch
    from stable_baselines3 import A2C, DQN, PPO

    class Toy(gymnasium.Env):
        action_space = gymnasium.spaces.Discrete(4)

        def __init__(self, observation_space):
            self.observation_space = observation_space

        def reset(self, seed=None, options=None):
            return self.observation_space.sample(), {}

        def step(self, action):
            return self.observation_space.sample(), 0.0, False, False, {}

    spaces = gymnasium.spaces
    vector = spaces.Box(-1, 1, (5,), np.float32)
    image = spaces.Box(0, 255, (7, 7, 3), np.uint8)
    photo = spaces.Box(0, 255, (36, 40, 3), np.uint8)
    small = {"features_extractor_kwargs": {"features_dim": 16}}
    relu = {"activation_fn": torch.nn.ReLU, "net_arch": {"pi": [8], "vf": []}}
    recipes = {
        "ppo-discrete": (PPO, "MlpPolicy", spaces.Discrete(16), {}),
        "ppo-image": (PPO, "MlpPolicy", image, {}),
        "ppo-image-not-divided": (PPO, "MlpPolicy", image, {"normalize_images": False}),
        "ppo-bytes": (PPO, "MlpPolicy", spaces.Box(0, 255, (6,), np.uint8), {}),
        "ppo-matrix": (PPO, "MlpPolicy", spaces.Box(-1, 1, (3, 2), np.float32), relu),
        "ppo-linear": (PPO, "MlpPolicy", vector, {"net_arch": []}),
        "ppo-convolutions": (PPO, "CnnPolicy", photo, small),
        "ppo-convolutions-apart": (PPO, "CnnPolicy", photo, {**small, "share_features_extractor": False}),
        "a2c-vector": (A2C, "MlpPolicy", vector, {}),
        "dqn-vector": (DQN, "MlpPolicy", vector, {"net_arch": [9]}),
        "dqn-discrete": (DQN, "MlpPolicy", spaces.Discrete(16), {}),
        "dqn-convolutions": (DQN, "CnnPolicy", photo, small),
    }
    folder = tmp_path_factory.mktemp("sb3")
    made: dict[str, tuple[Path, object]] = {}
    for name, (algorithm, policy, space, options) in recipes.items():
        settings = {"buffer_size": 8} if algorithm is DQN else {"n_steps": 8}
        if algorithm is PPO:
            settings["batch_size"] = 8
        model = algorithm(policy, Toy(space), policy_kwargs=options, seed=0, device="cpu", **settings)
        with torch.no_grad():
            # A new policy is nearly uniform, and would agree with almost anything.
            for parameter in model.policy.parameters():
                parameter.add_(0.1 * torch.randn(parameter.shape))
            if algorithm is not DQN:
                model.observation_space.seed(0)
                seen, _ = model.policy.obs_to_tensor(np.stack([model.observation_space.sample() for _ in range(50)]))
                spread = model.policy.get_distribution(seen).distribution.logits.std(0).mean()
                model.policy.action_net.weight.mul_(1.5 / spread)
        model.save(folder / name)
        made[name] = (folder / f"{name}.zip", model)
    return made


@pytest.fixture(scope="session")
def valid_archive(stable_baselines3_models) -> bytes:
    return stable_baselines3_models["ppo-discrete"][0].read_bytes()


@pytest.fixture
def canary(tmp_path) -> Path:
    """A file that a payload would write; the payload is proven to be alive first."""
    import pickle

    from tests.agents.hostile_files import payload

    path = tmp_path / "canary"
    pickle.loads(payload(path))
    assert path.exists(), "the payload would not have run anyway"
    os.unlink(path)
    return path
