"""Agents of Stable-Baselines3, loaded by Stable-Baselines3 itself: for files of one's own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from mesascope.agents.adapters.stable_baselines3 import GREEDY, SEPARATE
from mesascope.agents.agent import Agent
from mesascope.agents.probabilities import checked_probabilities
from mesascope.core.errors import AgentError, MissingExtraError, UntrustedModelError

NOTE = "Its file was loaded with --trust-pickle: code in the file was run."
ROWS_AT_ONCE: int = 4096
"""Observations in one call; bounds memory, not results."""


class TrustedStableBaselines3Agent(Agent):
    """A model that Stable-Baselines3 has loaded: custom features and policies work, because their code is run.

    **Arguments:**

    - `name`: for people.
    - `model`: PPO, A2C or DQN with discrete actions, on the CPU.
    """

    kind = "Stable-Baselines3 (pickle trusted)"
    memoryless = True

    def __init__(self, name: str, model: Any):
        self.name, self._model = name, model
        self._greedy = hasattr(model.policy, "q_net")
        self.actions = int(model.action_space.n)
        self.notes = (NOTE, *((GREEDY,) if self._greedy else ()), SEPARATE)
        model.policy.set_training_mode(False)

    def initial_state(self, batch: int) -> None:
        return None

    def act(self, observations: Float[np.ndarray, "B ..."], state: Any) -> tuple[Float[np.ndarray, "B A"], Any]:
        parts = [
            self._act_on(observations[start : start + ROWS_AT_ONCE])
            for start in range(0, max(len(observations), 1), ROWS_AT_ONCE)
        ]
        answer = np.concatenate(parts)
        return checked_probabilities(answer, name=self.name, rows=len(observations), actions=self.actions), None

    def _act_on(self, observations: np.ndarray) -> np.ndarray:
        import torch

        policy, space = self._model.policy, self._model.observation_space
        if type(space).__name__ == "Discrete":
            one_hot = observations.shape[1:] == (int(space.n),)
            shown = observations.argmax(-1) if one_hot else np.rint(observations[:, 0]).astype(np.int64)
        else:
            shown = observations.astype(space.dtype)
            if shown.shape[1:] != space.shape and shown.ndim == 2:
                shown = shown.reshape(-1, *space.shape)
        try:
            with torch.no_grad():
                tensor, _ = policy.obs_to_tensor(shown)
                if self._greedy:
                    return np.eye(self.actions)[policy.q_net(tensor).argmax(-1).cpu().numpy()]
                logits = policy.get_distribution(tensor).distribution.logits.double()
                return torch.softmax(logits, -1).cpu().numpy()
        except Exception as error:
            raise AgentError(
                f"Agent '{self.name}' (observation space {space}) raised {type(error).__name__} on a batch of "
                f"observations of shape {list(observations.shape)}: {error}"
            ) from error


def load_trusted(path: Path, data: bytes) -> TrustedStableBaselines3Agent:
    """Lets Stable-Baselines3 load a file, which runs code that is in it.

    **Arguments:**

    - `path`: the file.
    - `data`: its member `data`, which tells the algorithm.

    **Raises:** `MissingExtraError` without Stable-Baselines3, `UntrustedModelError` if it cannot be loaded.
    """
    try:
        import stable_baselines3
    except ImportError as error:
        raise MissingExtraError("Loading a file with --trust-pickle", "sb3", "stable_baselines3") from error
    try:
        fields = json.loads(data)
        algorithm = "PPO" if "clip_range" in fields else "DQN" if "exploration_rate" in fields else "A2C"
        model = getattr(stable_baselines3, algorithm).load(path, device="cpu")
    except Exception as error:
        reason = f"Stable-Baselines3 cannot load it: {type(error).__name__}: {error}"
        raise UntrustedModelError(reason, path=path) from error
    if type(model.action_space).__name__ != "Discrete":
        reason = f"its actions are {model.action_space}; only a Discrete space can be audited."
        raise UntrustedModelError(reason, path=path, field="action_space")
    if not hasattr(model.policy, "q_net") and not hasattr(model.policy, "get_distribution"):
        reason = f"its policy {type(model.policy).__name__} has neither action probabilities nor action values."
        raise UntrustedModelError(reason, path=path, field="policy_class")
    return TrustedStableBaselines3Agent(path.stem, model)
