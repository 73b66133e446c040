"""Agents of Stable-Baselines3, loaded by Stable-Baselines3 itself: for files of one's own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from mesascope.agents.activations import Activations, Captured, checked_patches
from mesascope.agents.adapters.stable_baselines3 import GREEDY, SEPARATE
from mesascope.agents.adapters.torch_evaluation import answer_of
from mesascope.agents.adapters.torch_hooks import Hooks, submodules_of
from mesascope.agents.agent import Agent
from mesascope.agents.probabilities import checked_probabilities
from mesascope.core.errors import AgentError, MissingExtraError, UntrustedModelError

NOTE = "Its file was loaded with --trust-pickle: code in the file was run."
ROWS_AT_ONCE: int = 4096
"""Observations in one call; bounds memory, not results."""


class TrustedStableBaselines3Agent(Agent):
    """A model that Stable-Baselines3 has loaded: custom features and policies work, because their code is run.

    It is `Inspectable`: its sites are the modules of the policy that run while it chooses. Images and convolutions are
    shown channels last, `[B, H, W, C]`, though Stable-Baselines3 computes channels first; see `Hooks`.

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
        self._fired: tuple[str, ...] | None = None
        model.policy.set_training_mode(False)

    def initial_state(self, batch: int) -> None:
        return None

    def act(self, observations: Float[np.ndarray, "B ..."], state: Any) -> tuple[Float[np.ndarray, "B A"], Any]:
        return self._checked([self._act_on(part) for part in _parts(observations)], len(observations)), None

    def sites(self) -> tuple[str, ...]:
        """Returns the names of the modules whose outputs can be read and replaced, in the order in which they run."""
        if self._fired is None:
            space = self._model.observation_space
            shape = (1,) if type(space).__name__ == "Discrete" else space.shape
            self.step(np.zeros((3, *shape), np.float32), None)
        assert self._fired is not None
        return self._fired

    def step(
        self, observations: Float[np.ndarray, "B ..."], state: Any, patches: Mapping[str, np.ndarray] | None = None
    ) -> Captured:
        """Acts once, reading all sites; see `Inspectable`."""
        import torch

        policy = self._model.policy
        checked = checked_patches(self, patches, rows=len(observations), sites=submodules_of(policy))
        answers, seen, start = [], [], 0
        for part in _parts(observations):
            rows = slice(start, start + len(part))
            replaced = {site: patch[rows] for site, patch in checked.items()}
            hooks = Hooks(torch, policy, replaced, agent=self.name, rows=len(part))
            answers.append(self._act_on(part, hooks))
            seen.append(hooks.activations())
            start += len(part)
        self._fired = tuple(seen[0])
        found = {site: np.concatenate([part[site] for part in seen]) for site in self._fired}
        activations = Activations(found, agent=self.name, unreadable=seen[0].unreadable)
        return Captured(self._checked(answers, len(observations)), None, activations)

    def _checked(self, answers: list[np.ndarray], rows: int) -> np.ndarray:
        return checked_probabilities(np.concatenate(answers), name=self.name, rows=rows, actions=self.actions)

    def _act_on(self, observations: np.ndarray, hooks: Hooks | None = None) -> np.ndarray:
        import torch

        policy, space = self._model.policy, self._model.observation_space
        if type(space).__name__ == "Discrete":
            one_hot = observations.shape[1:] == (int(space.n),)
            shown = observations.argmax(-1) if one_hot else np.rint(observations[:, 0]).astype(np.int64)
        else:
            shown = observations.astype(space.dtype)
            if shown.shape[1:] != space.shape and shown.ndim == 2:
                shown = shown.reshape(-1, *space.shape)

        def ask() -> Any:
            tensor, _ = policy.obs_to_tensor(shown)
            return policy.q_net(tensor) if self._greedy else policy.get_distribution(tensor).distribution.logits

        try:
            scores = answer_of(torch, policy, ask, name=self.name, hooks=hooks)
            if self._greedy:
                return np.eye(self.actions)[scores.argmax(-1).cpu().numpy()]
            return torch.softmax(scores.double(), -1).cpu().numpy()
        except AgentError:
            raise
        except Exception as error:
            raise AgentError(
                f"Agent '{self.name}' (observation space {space}) raised {type(error).__name__} on a batch of "
                f"observations of shape {list(observations.shape)}: {error}"
            ) from error


def _parts(observations: np.ndarray) -> list[np.ndarray]:
    return [observations[start : start + ROWS_AT_ONCE] for start in range(0, max(len(observations), 1), ROWS_AT_ONCE)]


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
