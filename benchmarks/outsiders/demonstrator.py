"""Demonstrators: rewards planted over a world's attributes, a way of choosing, and the episodes that come of both.

Episodes are what `mesascope.demonstrations` reads: dictionaries of observations, actions, terminations and truncations.
The planning is numpy over the arrays that every level has, and uses none of Mesascope's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float

WAYS: tuple[str, ...] = ("soft", "noisy", "greedy", "slipping", "random", "biased")
"""How choices are made: soft-optimal (entropy counts), Boltzmann over optimal values, optimal with even ties, the same
with slips, evenly at random, and by a fixed preference among actions."""


@dataclass(frozen=True)
class Recorded:
    """What a demonstrator showed.

    **Arguments:**

    - `episodes`: as `mesascope.demonstrations` takes them.
    - `levels`: to be given along (`levels=`), or `None` where the world has finitely many.
    """

    episodes: list[dict[str, list[Any]]]
    levels: Any


@dataclass(frozen=True)
class Demonstrator:
    """Somebody whose reward is known.

    **Arguments:**

    - `name`: unique.
    - `world`, `world_options`: as for `mesascope.resolve_world`.
    - `weights`: the true reward, by attribute; all others weigh nothing. Empty for somebody who pursues nothing.
    - `stops`: attributes whose occurrence ends an episode, as for `mesascope.demonstrations`.
    - `way`: one of `WAYS`.
    - `temperature`: of `soft` and `noisy`, in units of reward and of value.
    - `slips`: of `slipping`: share of choices drawn anew.
    - `episodes`, `steps`: how many episodes, and how many steps they have at most (then they are truncated).
    - `levels`: in how many levels they take place, at most: those that look alike are one.
    - `seed`: of everything random.
    """

    name: str
    world: str
    weights: Mapping[str, float]
    stops: tuple[str, ...]
    way: str
    episodes: int
    levels: int
    seed: int
    temperature: float = 0.0
    slips: float = 0.0
    steps: int = 80
    world_options: Mapping[str, str] = field(default_factory=dict)

    @property
    def pursues(self) -> bool:
        """Whether there is anything that it is after."""
        return self.way not in ("random", "biased")

    def build(self) -> Recorded:
        """Returns the episodes; the same whenever it is called."""
        import jax

        import mesascope

        world = mesascope.resolve_world(self.world, dict(self.world_options))
        given = world.sample(key=jax.random.key(self.seed), distribution="train", count=self.levels)
        seen = np.asarray(jax.jit(jax.vmap(world.observe_states))(given))
        # Of levels that look alike one is kept: nobody could say in which of them an episode took place.
        different = sorted({one.tobytes(): place for place, one in reversed(list(enumerate(seen)))}.values())
        given, seen = given[np.array(different)], seen[different]
        arrays = jax.device_get(given)
        random = np.random.default_rng(self.seed)
        policies = [self.policy(world.attributes, arrays[index]) for index in range(len(different))]
        episodes = []
        for count in range(self.episodes):
            index = count % len(different)
            episodes.append(self._episode(world.attributes, arrays[index], policies[index], seen[index], random))
        endless = world.distinct_levels("train") is None
        return Recorded(episodes, given if endless else None)

    def policy(self, attributes: tuple[str, ...], level: Any) -> Float[np.ndarray, "S A"]:
        """Returns how it chooses in each state of one level."""
        states, actions = level.successors.shape[:2]
        even = np.full((states, actions), 1 / actions)
        if self.way == "random":
            return even
        if self.way == "biased":
            return np.tile(np.random.default_rng(self.seed).dirichlet(np.ones(actions)), (states, 1))
        worth = plan(level, *reward_of(level, attributes, self.weights, self.stops), self._entropy)
        if self.way in ("soft", "noisy"):
            weight = np.exp((worth - worth.max(-1, keepdims=True)) / self.temperature)
            return weight / weight.sum(-1, keepdims=True)
        best = worth >= worth.max(-1, keepdims=True) - 1e-9
        return (1 - self.slips) * best / best.sum(-1, keepdims=True) + self.slips * even

    @property
    def _entropy(self) -> float:
        return self.temperature if self.way == "soft" else 0.0

    def _episode(
        self,
        attributes: tuple[str, ...],
        level: Any,
        policy: np.ndarray,
        seen: np.ndarray,
        random: np.random.Generator,
    ) -> dict[str, list[Any]]:
        ends = [attributes.index(name) for name in self.stops]

        def shown(state: int) -> Any:
            # Toy-text environments show a number, which Mesascope takes for a one-hot vector.
            return int(seen[state].argmax()) if self.world in WHOLE else seen[state]

        state = _drawn(level.initial, random)
        observations, actions, terminations = [shown(state)], [], []
        while len(actions) < self.steps and not (terminations and terminations[-1]):
            action = _drawn(policy[state], random)
            outcome = _drawn(level.probabilities[state, action], random)
            happened = level.attributes[state, action, outcome]
            state = int(level.successors[state, action, outcome])
            observations.append(shown(state))
            actions.append(action)
            terminations.append(bool(level.terminal[state] or any(happened[end] > 0 for end in ends)))
        truncations = [False] * (len(actions) - 1) + [not terminations[-1]]
        return {
            "observations": observations,
            "actions": actions,
            "terminations": terminations,
            "truncations": truncations,
        }


WHOLE: tuple[str, ...] = ("gym:FrozenLake-v1", "gym:Taxi-v4")
"""Worlds whose observations are whole numbers."""


def _drawn(chances: np.ndarray, random: np.random.Generator) -> int:
    chances = np.asarray(chances, float)
    return int(random.choice(len(chances), p=chances / chances.sum()))


def reward_of(
    level: Any, attributes: tuple[str, ...], weights: Mapping[str, float], stops: tuple[str, ...]
) -> tuple[Float[np.ndarray, "S A K"], Float[np.ndarray, "S A K"]]:
    """Returns what each transition pays, and the factor on what follows it: 0 where an episode ends."""
    row = np.array([weights.get(name, 0.0) for name in attributes])
    paid = np.asarray(level.attributes, float) @ row
    ends = np.any([level.attributes[..., attributes.index(name)] > 0 for name in stops], axis=0) if stops else False
    over = ends | level.terminal[level.successors]
    return np.where(level.terminal[:, None, None], 0.0, paid), np.where(over, 0.0, float(level.discount))


def plan(
    level: Any, paid: Float[np.ndarray, "S A K"], onward: Float[np.ndarray, "S A K"], entropy: float
) -> Float[np.ndarray, "S A"]:
    """Returns the worth of each action, by sweeps until nothing changes any more.

    **Arguments:**

    - `level`: one level.
    - `paid`, `onward`: from `reward_of`.
    - `entropy`: what a nat of entropy is worth, 0 for the hard maximum.
    """
    chances = np.asarray(level.probabilities, float)
    now, later = (chances * paid).sum(-1), chances * onward
    worth = np.zeros(len(now))
    for _ in range(4000):
        action = now + (later * worth[level.successors]).sum(-1)
        high = action.max(-1)
        better = high + (entropy * np.log(np.exp((action - high[:, None]) / entropy).sum(-1)) if entropy else 0.0)
        if np.abs(better - worth).max() < 1e-10 * max(1.0, np.abs(better).max()):
            break
        worth = better
    return action
