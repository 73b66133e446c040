"""What is known before each choice between arms: the statistics that every learner of a bandit can use."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

REMEMBERED: int = 60
"""Rewards of an arm whose order is known; a bit each."""


@dataclass(frozen=True)
class BanditHistory:
    """What was seen before each of T choices in B episodes.

    **Arguments:**

    - `successes`, `failures`: pulls of each arm that paid and that did not, `[B, T, A]`.
    - `last`: the arm that was pulled last, `[B, T]`; -1 before the first.
    - `last_reward`: what it paid, `[B, T]`; 0 before the first.
    - `horizon`: pulls in a whole episode, at least T.
    - `order`: rewards of each arm as bits behind a leading one, the last reward lowest, the last `REMEMBERED` of them,
      `[B, T, A]`; `None` where nobody asks for it.
    """

    successes: Int[np.ndarray, "B T A"]
    failures: Int[np.ndarray, "B T A"]
    last: Int[np.ndarray, "B T"]
    last_reward: Float[np.ndarray, "B T"]
    horizon: int
    order: Int[np.ndarray, "B T A"] | None = None

    @classmethod
    def of(
        cls, choices: Int[np.ndarray, "B T"], rewards: Float[np.ndarray, "B T"], arms: int, horizon: int | None = None
    ) -> BanditHistory:
        """Returns the history before each choice.

        **Arguments:**

        - `choices`: arms that were pulled.
        - `rewards`: what they paid, each 0 or 1.
        - `arms`: how many there are.
        - `horizon`: pulls in a whole episode; by default T.

        **Raises:** `ValueError` for a reward that is neither 0 nor 1, an arm that does not exist or a horizon below T.
        """
        if not np.isin(rewards, (0, 1)).all():
            odd = rewards[~np.isin(rewards, (0, 1))][0]
            raise ValueError(f"a reward of {odd} was given, but arms pay 0 or 1 here")
        if choices.size and (choices.min() < 0 or choices.max() >= arms):
            raise ValueError(f"arms {choices.min()} to {choices.max()} were pulled, but arms are 0 to {arms - 1}")
        pulls = choices.shape[1] if horizon is None else horizon
        if pulls < choices.shape[1]:
            raise ValueError(f"horizon={pulls} is less than the {choices.shape[1]} pulls that were made")
        pulled = choices[..., None] == np.arange(arms)
        paid = pulled & (rewards[..., None] > 0)
        before = [np.cumsum(one, axis=1) - one for one in (paid, pulled & ~paid)]
        last, last_reward = np.full_like(choices, -1), np.zeros_like(rewards)
        last[:, 1:], last_reward[:, 1:] = choices[:, :-1], rewards[:, :-1]
        order = np.ones((choices.shape[1] + 1, len(choices), arms), int)
        for step in range(choices.shape[1]):
            order[step + 1] = extended(order[step], pulled[:, step], rewards[:, step, None] > 0)
        return cls(before[0], before[1], last, last_reward, pulls, order[:-1].swapaxes(0, 1))

    @property
    def arms(self) -> int:
        """How many arms there are."""
        return self.successes.shape[-1]

    @property
    def ordered(self) -> Int[np.ndarray, "B T A"]:
        """The order of rewards; **raises** `ValueError` where it is not known."""
        if self.order is None:
            raise ValueError("the history has no order of rewards, which is asked for; BanditHistory.of gives one")
        return self.order

    @property
    def done(self) -> Int[np.ndarray, "B T"]:
        """Pulls that were made before each choice."""
        return (self.successes + self.failures).sum(-1)


def extended(
    order: Int[np.ndarray, "*batch A"], pulled: Bool[np.ndarray, "*batch A"], paid: Bool[np.ndarray, "*batch #A"]
) -> Int[np.ndarray, "*batch A"]:
    """Returns the order of rewards after one more pull.

    **Arguments:**

    - `order`: before it.
    - `pulled`: which arm it was.
    - `paid`: whether it paid.
    """
    most = 1 << REMEMBERED
    longer = order << 1 | paid
    return np.where(pulled, np.where(longer < 2 * most, longer, longer % most + most), order)
