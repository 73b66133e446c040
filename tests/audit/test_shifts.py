"""A shift may change how many states and outcomes a level has."""

from __future__ import annotations

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.agents.adapters.function import FunctionAgent
from mesascope.audit.audit import audit_agent
from mesascope.audit.watching import watched
from mesascope.worlds.catalogue import resolve_world
from mesascope.worlds.matrix import NAMED, MatrixWorld, world_from_matrix
from mesascope.worlds.world import World

SHIFTS = {
    "outcomes": ("gym:FrozenLake-v1", {}, "gym:FrozenLake-v1", {"is_slippery": "False"}),
    "states": ("gym:MiniGrid-Empty-5x5-v0", {}, "gym:MiniGrid-Empty-6x6-v0", {}),
}


@dataclass(frozen=True, eq=False)
class Corridor(MatrixWorld):
    """Shows where in ten parts of it the agent is, so that corridors of any length look alike."""

    @property
    def observation_shape(self) -> tuple[int, ...]:
        return (10,)

    def observe(self, level, state):
        return jax.nn.one_hot(state * 10 // len(self.channels), 10, dtype=jnp.float32)


def corridor(length: int, slips: float) -> Corridor:
    """Two ways to go, the wanted one unless it slips; the last cell pays, and is the end."""
    onward, back = (np.eye(length)[np.clip(np.arange(length) + step, 0, length - 1)] for step in (1, -1))
    ways = np.stack([(1 - slips) * onward + slips * back, (1 - slips) * back + slips * onward], axis=1)
    terminal = np.arange(length) == length - 1
    pays = np.zeros((length, 2, length))
    pays[:-1, :, -1] = 1
    one = world_from_matrix(
        ways, pays, discount=0.9, terminal=terminal, initial=np.eye(length)[0], name="corridor", actions=("on", "back")
    )
    return Corridor(one.name, one.distributions, one.levels, one.channels, one.actions, one.attributes)


def check_both_sides(world: World, deploy: World) -> None:
    actions = len(world.actions)
    rows = np.arange(1, actions + 1) / np.arange(1, actions + 1).sum()
    agent = FunctionAgent("leaning", lambda seen: np.tile(rows, (len(seen), 1)), actions)
    findings = audit_agent(watched(agent, world, deploy_world=deploy))
    assert set(findings.regret) == {"train", "deploy"}
    recovered = next(found for found in findings.evidence if found.assay == "recovery")
    # It leans alike whatever it sees: that is what is to be found out, on both sides, and no fault.
    assert "habit" in recovered.reason, recovered.reason


def test_levels_before_and_after_a_shift_may_differ_in_states_and_outcomes():
    world, deploy = corridor(NAMED + 1, 0.0), corridor(NAMED + 8, 0.2)
    assert (world.levels[0].successors.shape[-1], deploy.levels[0].successors.shape[-1]) == (1, 2)
    check_both_sides(world, deploy)


@pytest.mark.slow
@pytest.mark.parametrize("shift", SHIFTS.values(), ids=SHIFTS)
def test_so_may_those_of_environments_of_others(shift):
    pytest.importorskip("gymnasium", reason="needs the extra sb3")
    pytest.importorskip("minigrid", reason="needs the extra sb3")
    name, options, other, changed = shift
    check_both_sides(resolve_world(name, options), resolve_world(other, changed))
