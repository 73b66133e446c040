"""Untrained agents of Stable-Baselines3 and sb3-contrib, made unlike uniform ones, and what their libraries answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np


def toy(space: Any, environments: int = 1) -> Any:
    """Returns a vectorized environment that shows samples of a space."""
    import gymnasium
    from stable_baselines3.common.vec_env import DummyVecEnv

    class Toy(gymnasium.Env):
        observation_space, action_space = space, gymnasium.spaces.Discrete(4)

        def reset(self, *, seed=None, options=None):
            return space.sample(), {}

        def step(self, action):
            return space.sample(), 1.0, False, False, {}

        def action_masks(self):
            return np.ones(4, bool)

    return DummyVecEnv([Toy] * environments)


def untrained(algorithm: str, policy: str, environment: Any, **options: Any) -> Any:
    """Returns a model whose answers differ between observations."""
    import sb3_contrib
    import stable_baselines3
    import torch

    family = getattr(stable_baselines3, algorithm, None) or getattr(sb3_contrib, algorithm)
    settings: dict[str, Any] = {
        "A2C": {"n_steps": 8},
        "ARS": {},
        "DQN": {"buffer_size": 8},
        "QRDQN": {"buffer_size": 8},
    }
    chosen = settings.get(algorithm, {"n_steps": 8, "batch_size": 8})
    model = family(policy, environment, policy_kwargs=options, seed=0, device="cpu", **chosen)
    with torch.no_grad():
        for parameter in model.policy.parameters():
            parameter.add_(0.2 * torch.randn(parameter.shape))
    return model


def samples(space: Any, rows: int) -> tuple[Any, np.ndarray]:
    """Returns observations as the library takes them, and as a world shows them."""
    from gymnasium import spaces

    space.seed(0)
    raw = [space.sample() for _ in range(rows)]
    if isinstance(space, spaces.Box):
        return np.stack(raw), np.stack(raw).astype(np.float32)
    shown = np.stack([np.asarray(spaces.flatten(space, one), np.float32) for one in raw])
    if isinstance(space, spaces.Dict):
        return {name: np.stack([one[name] for one in raw]) for name in space.spaces}, shown
    return np.stack(raw), shown


def answers(model: Any, raw: Any, **more: Any) -> np.ndarray:
    """Returns what the library answers: probabilities, or a one-hot choice where it has none."""
    import torch

    if not hasattr(model.policy, "get_distribution"):
        return np.eye(4)[model.predict(raw, deterministic=True)[0]]
    with torch.no_grad():
        tensor, _ = model.policy.obs_to_tensor(raw)
        return model.policy.get_distribution(tensor, **more).distribution.probs.numpy()


def saved(model: Any, folder: Path, name: str = "agent") -> Path:
    """Returns the file that the library writes."""
    folder.mkdir(parents=True, exist_ok=True)
    model.save(folder / name)
    return folder / f"{name}.zip"
