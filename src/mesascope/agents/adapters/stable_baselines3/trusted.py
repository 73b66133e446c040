"""Agents of Stable-Baselines3, loaded by Stable-Baselines3 itself: for files of one's own."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import numpy as np

from mesascope.agents.adapters.stable_baselines3.description import choice_note
from mesascope.agents.adapters.stable_baselines3.fields import TRUSTED, Fields
from mesascope.agents.adapters.stable_baselines3.observations import Observations, Seen
from mesascope.agents.adapters.torch_hooks import HookedAgent, Hooks, answer_of
from mesascope.agents.probabilities import checked_probabilities
from mesascope.core.boundary import code_of_others
from mesascope.core.errors import AgentError, MissingExtraError, UntrustedModelError
from mesascope.core.text import quoted, shown

NOTE = "Its file was loaded with --trust-pickle: code in the file was run."


class TrustedStableBaselines3Agent(HookedAgent):
    """A model that Stable-Baselines3 has loaded: custom features and policies work, because their code is run.

    It is `Inspectable`: its sites are the modules of the policy that run while it chooses. Images and convolutions are
    shown channels last, `[B, H, W, C]`, though Stable-Baselines3 computes channels first; see `Hooks`.

    **Arguments:**

    - `name`: for people.
    - `model`: of one of the algorithms in `TRUSTED`, with discrete actions, on the CPU.
    - `observations`: prepares what it sees.
    - `actions`: how many there are.
    - `notes`: what a reader must know.
    """

    kind = "Stable-Baselines3 (pickle trusted)"

    def __init__(self, name: str, model: Any, observations: Observations, *, actions: int, notes: tuple[str, ...]):
        super().__init__(model.policy)
        self.name, self._model, self.observations, self.actions = name, model, observations, actions
        self._scores = next((net for net in ("q_net", "quantile_net") if hasattr(model.policy, net)), None)
        self.greedy = self._scores is not None
        self.notes = (NOTE, choice_note(type(model).__name__, greedy=self.greedy), *notes)
        self.memoryless = observations.frames == 1
        model.policy.set_training_mode(False)

    def initial_state(self, batch: int) -> Any:
        return None if self.memoryless else self.observations.initial_frames(batch)

    def sites(self) -> tuple[str, ...]:
        if self._fired is None:
            self.step(np.zeros((3, *self.observations.plainest), np.float32), self.initial_state(3))
        assert self._fired is not None
        return self._fired

    def asked(self, observations: np.ndarray, state: Any, hooks: Hooks | None) -> tuple[np.ndarray, Any]:
        seen = self.observations.see(observations, state or {})
        answer = checked_probabilities(
            self._scored(seen, hooks), name=self.name, rows=len(observations), actions=self.actions
        )
        return answer, None if self.memoryless else seen.frames

    def _scored(self, seen: Seen, hooks: Hooks | None) -> np.ndarray:
        import torch

        policy = self._model.policy
        own = self._own(seen)

        def ask() -> Any:
            tensor, _ = policy.obs_to_tensor(own)
            if self._scores is not None:
                scores = getattr(policy, self._scores)(tensor)
                return scores.mean(1) if scores.ndim == 3 else scores
            masks = {} if seen.masks is None else {"action_masks": seen.masks}
            return policy.get_distribution(tensor, **masks).distribution.logits

        rows = len(next(iter(seen.parts.values())))
        doing = f"(observation space {shown(self._model.observation_space)}) on a batch of {rows} observations"
        with code_of_others(f"Agent {quoted(self.name)}", doing, error=AgentError):
            scores = answer_of(torch, policy, ask, name=self.name, hooks=hooks)
            if self.greedy:
                return np.eye(self.actions)[scores.argmax(-1).cpu().numpy()]
            return torch.softmax(scores.double(), -1).cpu().numpy()

    def _own(self, seen: Seen) -> Any:
        """Observations in the form of the policy's own space."""
        space, parts = self._model.observation_space, {}
        for part in self.observations.space.parts:
            values = seen.parts[part.name]
            own = space.spaces[part.name] if self.observations.space.dictionary else space
            if part.counts:
                ends = np.cumsum(part.counts)[:-1]
                index = np.stack([one.argmax(-1) for one in np.split(values, ends, axis=-1)], axis=-1)
                parts[part.name] = index[:, 0] if part.kind == "Discrete" else index
            else:
                parts[part.name] = values if self.observations.normalizes(part.name) else values.astype(own.dtype)
        return parts if self.observations.space.dictionary else parts[""]


def load_trusted(
    path: Path, fields: Fields, observations: Observations, *, actions: int, notes: tuple[str, ...]
) -> TrustedStableBaselines3Agent:
    """Lets Stable-Baselines3 or sb3-contrib load a file, which runs code that is in it.

    **Arguments:**

    - `path`: the file.
    - `fields`: what it says, which tells the algorithm.
    - `observations`, `actions`, `notes`: as of the agent.

    **Raises:** `MissingExtraError` without the package, `UntrustedModelError` if it cannot be loaded.
    """
    algorithm = fields.algorithm
    if algorithm not in TRUSTED:
        known = ", ".join(TRUSTED)
        fields.refuse(f"it is of {algorithm}; with --trust-pickle {known} are loaded", "policy_class")
    package = TRUSTED[algorithm]
    try:
        library = importlib.import_module(package)
    except ImportError as error:
        raise MissingExtraError("Loading a file with --trust-pickle", "sb3", package) from error

    class Refused(UntrustedModelError):
        def __init__(self, reason: str):
            super().__init__(reason, path=path)

    with code_of_others(f"{package}'s {algorithm}", "when it loaded it", error=Refused):
        model = getattr(library, algorithm).load(path, device="cpu")
    policy = model.policy
    if not any(hasattr(policy, name) for name in ("q_net", "quantile_net", "get_distribution")):
        fields.refuse(
            f"its policy {quoted(type(policy).__name__)} has neither action probabilities nor action values",
            "policy_class",
        )
    return TrustedStableBaselines3Agent(path.stem, model, observations, actions=actions, notes=notes)
