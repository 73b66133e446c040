"""What a remedy costs: labels, levels, steps and time."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Account:
    """What was spent on one agent so far. Only its remedy and its training add to it.

    **Arguments:**

    - `labels`: answers that an overseer gave.
    - `levels`: different levels from outside the recipe's training distribution that the agent was trained on.
    - `searched`: further levels in which it was only evaluated, to choose those.
    - `updates`: gradient steps.
    - `steps`: states in which the network was asked for a choice while it was trained; the exact gradient asks in
      every state of a level.
    - `seconds`: CPU seconds of remedy and training, all threads.
    """

    labels: int = 0
    levels: int = 0
    searched: int = 0
    updates: int = 0
    steps: int = 0
    seconds: float = 0.0
