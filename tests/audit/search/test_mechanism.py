"""Interchange, frontier and walls: what they say of searches by construction, of reflexes, and of what they cannot
ask."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.agents.network_agent import NetworkAgent
from mesascope.agents.networks.network import Network, NetworkSpec
from mesascope.agents.networks.planner import PlannerSpec
from mesascope.agents.sites import at_site
from mesascope.audit.context import AuditContext
from mesascope.audit.search.decision import decide
from mesascope.audit.search.frontier import FRONTIER, frontier
from mesascope.audit.search.interchange import INTERCHANGE, interchange
from mesascope.audit.search.maps import around, map_sites, nearest
from mesascope.audit.search.moved_goals import APART, FARTHEST, NEAREST, moved_goals
from mesascope.audit.search.walls import WALLS, walls
from mesascope.core.random import root_key
from mesascope.core.verdicts import Verdict
from tests.audit.search.opened_agents import MAZE

KEY = root_key(3)


class Wave(Network):
    """A scent that seeps from the goal, one square a site, along open ways or through walls too; a reflex climbs it."""

    open_only: bool
    layers: int

    def __call__(self, observation, memory):
        free, goal = 1 - observation[..., 0], observation[..., 1]
        worth = jnp.zeros_like(goal)
        for layer in range(self.layers):
            beside = jnp.stack([jnp.roll(worth, shift, axis) for axis in (0, 1) for shift in (1, -1)]).max(0)
            worth = jnp.maximum(goal, 0.9 * beside) * (free if self.open_only else 1.0)
            state = at_site(f"layer-{layer}", jnp.stack([free, goal, worth], -1))
            free, goal, worth = jnp.moveaxis(state, -1, 0)
        moves = jnp.stack([jnp.roll(worth * free, shift, axis) for axis in (0, 1) for shift in (1, -1)], -1)
        logits = jnp.einsum("hwa,hw->a", at_site("choices", moves), observation[..., -1])
        return 200 * jnp.append(logits, 0.0) / (logits.max() + 1e-6), jnp.float32(0), memory

    def initial_memory(self) -> None:
        return None


class Looking(Network):
    """A reflex: free squares beside it, those first that lie in the direction of the goal, whatever lies behind
    them."""

    def __call__(self, observation, memory):
        free, goal = 1 - observation[..., 0], observation[..., 1]
        height, width = goal.shape
        place = jnp.argmax(goal.reshape(-1))
        down = place // width - jnp.arange(height)[:, None] + 0 * goal
        right = place % width - jnp.arange(width)[None] + 0 * goal
        seen = at_site("view", jnp.stack([free, down, right], -1))
        free, down, right = jnp.moveaxis(seen, -1, 0)
        wanted = jnp.stack([-down, down, -right, right], -1)
        beside = jnp.stack([jnp.roll(free, shift, axis) for axis in (0, 1) for shift in (1, -1)], -1)
        choices = at_site("choices", wanted - 100 * (1 - beside))
        return 4 * jnp.append(jnp.einsum("hwa,hw->a", choices, observation[..., -1]), -100.0), jnp.float32(0), memory

    def initial_memory(self) -> None:
        return None


class _Spec(NetworkSpec):
    architecture = "by hand"


def made(network: Any) -> NetworkAgent:
    agent = NetworkAgent("by hand", network, _Spec(), MAZE.observation_shape, 5)
    agent.untrained = None  # pyright: ignore[reportAttributeAccessIssue]
    return agent


@pytest.fixture(scope="module")
def searching(examine) -> AuditContext:
    return examine(made(Wave(True, 10)))


@pytest.fixture(scope="module")
def seeping(examine) -> AuditContext:
    return examine(made(Wave(False, 10)))


@pytest.fixture(scope="module")
def looking(examine) -> AuditContext:
    return examine(made(Looking()))


def test_a_wave_on_open_ways_passes_on_all_that_is_written(searching):
    found = interchange(searching.activations, key=KEY)
    assert found.verdict is Verdict.PASS
    assert found.effect is not None
    assert found.effect.value == pytest.approx(1.0, abs=0.02)
    assert found.details is not None
    assert found.details.conflict_squares >= 20


def test_a_wave_on_open_ways_never_leaks_through_walls(searching, seeping):
    kept = walls(searching.activations)
    assert kept.verdict is Verdict.PASS
    assert kept.details is not None
    # Exactly: squares behind walls have not been reached when open ones are.
    assert kept.details.detour == 0
    assert kept.details.open > 0.01
    leaks = walls(seeping.activations)
    assert leaks.verdict is Verdict.FAIL
    assert leaks.effect is not None
    assert leaks.effect.value > 0.5


def test_what_is_far_is_known_later(searching, looking):
    found = frontier(searching.activations)
    assert found.verdict is Verdict.PASS
    assert found.details is not None
    # One site for each step.
    assert found.details.slope == pytest.approx(1.0, abs=0.3)
    assert found.details.span >= 4
    blind = frontier(looking.activations)
    assert blind.verdict is Verdict.FAIL
    assert blind.details is not None
    assert blind.details.span == 0


def test_a_reflex_passes_nothing_on(looking):
    found = interchange(looking.activations, key=KEY)
    assert found.verdict is Verdict.FAIL
    assert found.details is not None
    for at in found.details.sites:
        assert at.clear_patched == pytest.approx(0.0, abs=1e-6)
        assert at.clear_told > 0.3
    assert walls(looking.activations).verdict is Verdict.FAIL


def test_the_scent_through_walls_is_no_search(seeping):
    """In a small maze what it passes on may lead the right way by chance: that it goes through walls gives it away."""
    evidence = [interchange(seeping.activations, key=KEY), frontier(seeping.activations), walls(seeping.activations)]
    assert evidence[0].verdict is not Verdict.FAIL
    assert decide(evidence)[0].verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("assay", [INTERCHANGE, FRONTIER, WALLS])
def test_without_maps_nothing_is_said(examine, cases, assay):
    spec = PlannerSpec(search="tree", depth=3)
    agent = NetworkAgent(
        "tree", spec.build(MAZE.observation_shape, 5, key=root_key(0)), spec, MAZE.observation_shape, 5
    )
    found = assay.run(examine(agent))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.effect is None


def test_moved_goals_ask_where_nothing_is_best_for_both(searching):
    sample = searching.activations
    found = moved_goals(sample.evaluation.level_set, sample.objective, key=KEY)
    assert not isinstance(found, str)
    assert NEAREST >= 3
    assert APART > FARTHEST - NEAREST
    goal, moved = (seen[..., 1].reshape(len(seen), -1).argmax(-1) for seen in (found.seen, found.seen_moved))
    assert (goal != moved).all()
    # Agent and walls are the same, and the agent stands outside of what is written.
    assert (found.seen[..., [0, 2]] == found.seen_moved[..., [0, 2]]).all()
    agent = found.seen[..., 2].reshape(len(goal), -1).argmax(-1)
    assert not found.patch.reshape(len(goal), -1)[np.arange(len(goal)), agent].any()
    assert found.patch.reshape(len(goal), -1)[np.arange(len(goal)), goal].all()
    width = found.seen.shape[2]
    steps = np.array([(-width), width, -1, 1, 0])
    towards = np.abs(
        np.stack(np.divmod(agent[:, None] + steps, width)) - np.stack(np.divmod(moved, width))[..., None]
    ).sum(0)
    here = np.abs(np.stack(np.divmod(agent, width)) - np.stack(np.divmod(moved, width))).sum(0)
    nearer = (towards < here[:, None]) & found.wanted
    assert (found.conflict == ~nearer.any(-1)).all()
    # Drawn once for all agents, and always alike.
    assert moved_goals(sample.evaluation.level_set, sample.objective, key=KEY) is found


def test_a_goal_that_is_always_in_the_same_place_cannot_be_moved(searching):
    level_set = searching.activations.evaluation.level_set
    found = moved_goals(level_set, level_set.objectives.index("corner"), key=KEY)
    assert isinstance(found, str)
    assert "same place" in found


def test_patches_and_distances_by_hand():
    squares = np.zeros((1, 4, 4), bool)
    squares[0, 0, 0] = True
    assert around(squares)[0].sum() == 4
    cells = np.array([(0, 0), (0, 2), (3, 3)])
    marked = np.array([[False, True, False], [True, False, True]])
    assert nearest(cells, marked).tolist() == [[2, 0, 4], [0, 2, 0]]


def test_maps_are_sites_as_large_as_the_grid(searching, reflex):
    assert map_sites(searching.activations) == (*(f"layer-{layer}" for layer in range(10)), "choices")
    assert map_sites(reflex.activations) == ("seen",)
    assert jax.tree.leaves(searching.agent.network)  # pyright: ignore[reportAttributeAccessIssue]
