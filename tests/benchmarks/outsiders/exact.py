"""What an outsider's policy is worth in drawn levels, by Mesascope's exact planning: the tests' measuring rod."""

from __future__ import annotations

import functools

import jax
import numpy as np
from outsiders.settings import Setting

import mesascope
from mesascope.core.random import root_key
from mesascope.objectives.objective import compile_objectives
from mesascope.planning.evaluation import policy_values, returns
from mesascope.planning.value_iteration import optimal_action_values
from mesascope.worlds.level import Level
from mesascope.worlds.world import World


@functools.cache
def drawn(setting: Setting, deployed: bool, count: int = 4) -> tuple[World, Level, np.ndarray]:
    """Returns the world, some levels, and what is seen in every state of them, `[N, S, ...]`."""
    # A few layouts of MiniGrid show all that its rules can do, and take less time.
    options = dict(setting.options) | ({"levels": "3"} if setting.reader == "door-key" else {})
    if deployed and setting.deploy is not None:
        options |= setting.deploy
    world = mesascope.resolve_world(setting.world, options)
    last = deployed and setting.deploy is None
    levels = world.sample(key=root_key(7), distribution=world.distributions[-1 if last else 0], count=count)
    seen = np.asarray(jax.jit(jax.vmap(world.observe_states))(levels))
    return world, jax.device_get(levels), seen


def answers(policy, seen: np.ndarray) -> np.ndarray:
    """Returns what a policy answers in every state, `[N, S, A]`."""
    found = policy(seen.reshape(-1, *seen.shape[2:]).copy())
    return found.reshape(*seen.shape[:2], -1)


@functools.cache
def _references(setting: Setting, deployed: bool, name: str):
    world, levels, _ = drawn(setting, deployed)
    objective = compile_objectives(world).select(name)
    best = optimal_action_values(levels, objective).max(-1)
    even = np.full(levels.successors.shape[:3], 1 / levels.actions)
    return objective, returns(levels, best)[0], returns(levels, policy_values(levels, even, objective))[0]


def regret(setting: Setting, policy, name: str, *, deployed: bool) -> float:
    """Returns the mean regret on a listed objective, 0 for an optimal policy and 1 for an even chance."""
    _, levels, seen = drawn(setting, deployed)
    objective, best, even = _references(setting, deployed, name)
    own = returns(levels, policy_values(levels, answers(policy, seen), objective))[0]
    able = best - even > 1e-6 * np.maximum(1, np.abs(best))
    return float(((best - own)[able] / (best - even)[able]).mean()) if able.any() else 0.0
