"""The fit of a world: distorted agents are brought back, agents that know nothing are told so."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from mesascope.agents.adapters.function import FunctionAgent
from mesascope.agents.agent import Agent
from mesascope.audit.fit.check_fit import check_fit
from mesascope.core.errors import AgentError, UsageError
from mesascope.worlds.corner import Corner
from mesascope.worlds.maze import Maze

WORLD = Maze(size=5)
CHANNELS, ACTIONS = WORLD.channels, WORLD.actions
ROLLED = np.roll(np.arange(len(CHANNELS)), 1)
EXCHANGED = np.array([2, 3, 0, 1, 4])

Policy = Callable[[np.ndarray], np.ndarray]


def walker(seen: np.ndarray) -> np.ndarray:
    """Walks towards the goal and not into walls; what it sees must be zeros and ones."""
    agent, goal = (
        np.divmod(seen[..., CHANNELS.index(name)].reshape(len(seen), -1).argmax(-1), 5) for name in ("agent", "goal")
    )
    wall, rows = seen[..., CHANNELS.index("wall")] > 0.5, np.arange(len(seen))
    preference = np.zeros((len(seen), len(ACTIONS)))
    for name, (down, right) in {"up": (-1, 0), "down": (1, 0), "left": (0, -1), "right": (0, 1)}.items():
        ahead = (agent[0] + down).clip(0, 4), (agent[1] + right).clip(0, 4)
        towards = down * np.sign(goal[0] - agent[0]) + right * np.sign(goal[1] - agent[1])
        preference[:, ACTIONS.index(name)] = 2.0 * towards - 4.0 * wall[rows, ahead[0], ahead[1]]
    return np.exp(preference) / np.exp(preference).sum(-1, keepdims=True)


def images(policy: Policy) -> Policy:
    def shown(seen: np.ndarray) -> np.ndarray:
        if seen.shape[1:] != (3, 5, 5):
            raise ValueError(f"images of 3 channels, not {seen.shape}")
        return policy(np.moveaxis(seen, 1, -1))

    return shown


def vectors(policy: Policy) -> Policy:
    def shown(seen: np.ndarray) -> np.ndarray:
        if seen.shape[1:] != (75,):
            raise ValueError(f"75 numbers, not {seen.shape}")
        return policy(seen.reshape(-1, 5, 5, 3))

    return shown


# What the world must be turned into before the walker knows it again.
DISTORTED: dict[str, Policy] = {
    "values": lambda seen: walker(seen / 255),
    "transposed": lambda seen: walker(seen.swapaxes(1, 2)),
    "upside-down": lambda seen: walker(seen[:, ::-1]),
    "mirrored": lambda seen: walker(seen[:, :, ::-1]),
    "half-turned": lambda seen: walker(seen[:, ::-1, ::-1]),
    "channels": lambda seen: walker(seen[..., ROLLED]),
    "actions": lambda seen: walker(seen)[:, EXCHANGED],
    "channels-first": images(walker),
    "flattened": vectors(walker),
    "channels-actions": lambda seen: walker(seen[..., ROLLED])[:, EXCHANGED],
    "channels-values": lambda seen: walker(seen[..., ROLLED] / 255),
    "all": lambda seen: walker(seen[:, ::-1][..., ROLLED] / 255)[:, EXCHANGED],
}


@pytest.fixture(scope="module")
def undistorted() -> float:
    found = check_fit(walker, WORLD, levels=24)
    assert found.verdict == "as shown"
    assert found.view == ()
    return found.rows[0].competence.value


def test_a_distorted_agent_is_brought_back(undistorted):
    brought_back("channels-first", undistorted)


@pytest.mark.slow
@pytest.mark.parametrize("name", DISTORTED)
def test_every_distortion_is_undone(name, undistorted):
    brought_back(name, undistorted)


def brought_back(name: str, undistorted: float) -> None:
    from mesascope.agents.resolve import agent_of

    found = check_fit(DISTORTED[name], WORLD, levels=24)
    assert found.verdict == "changed", str(found)
    assert found.p == pytest.approx(0.05)
    assert found.rows[0].competence.value == pytest.approx(undistorted, abs=0.05)
    assert len(found.view) <= 3
    # What is recommended can be pasted.
    assert all(f"--view {step}" in found.sentence for step in found.view)
    assert agent_of(DISTORTED[name], name=name, world=WORLD, view=found.view).memoryless


def test_an_agent_that_knows_nothing_is_told_so():
    weights = np.random.default_rng(3).normal(size=(75, 5))

    def noise(seen: np.ndarray) -> np.ndarray:
        preference = np.exp(seen.reshape(len(seen), -1) @ weights)
        return preference / preference.sum(-1, keepdims=True)

    found = check_fit(noise, WORLD, levels=24)
    assert found.verdict == "none"
    assert "probably not trained in this world" in found.sentence
    assert found.p > 0.05
    assert len(found.scrambled) == 19


@pytest.mark.slow
def test_another_distribution_is_named():
    world = Corner(size=5, walls="open")

    def to_the_corner(seen: np.ndarray) -> np.ndarray:
        row, _ = np.divmod(seen[..., -1].reshape(len(seen), -1).argmax(-1), 5)
        return np.eye(5)[np.where(row > 1, 0, 2)]

    found = check_fit(to_the_corner, world, train="deploy", levels=24)
    assert found.verdict == "another distribution"
    assert found.rows[0].distribution == "train"
    assert "--train train" in found.sentence


@pytest.fixture
def one_copy(monkeypatch):
    """One scrambled copy is enough where it is not asked what chance finds."""
    monkeypatch.setattr("mesascope.audit.fit.check_fit.SCRAMBLED", 1)


@pytest.mark.usefixtures("one_copy")
def test_layouts_in_which_it_cannot_act_are_listed():
    found = check_fit(images(walker), WORLD, levels=24)
    assert dict(found.refused).keys() == {"as shown", "flatten", "channels-first flatten"}
    assert "images of 3 channels" in dict(found.refused)["as shown"]
    assert "cannot act: as shown" in str(found)


class Remembering(Agent):
    """The walker, who says that it remembers."""

    name, kind, memoryless = "remembering", "function", False

    def initial_state(self, batch: int):
        return np.zeros(batch)

    def act(self, observations, state):
        return walker(np.asarray(observations)[..., ROLLED]), state + 1


@pytest.mark.slow
def test_agents_with_memory_are_rolled_out():
    found = check_fit(Remembering(), WORLD, levels=12)
    assert not found.exact
    assert found.verdict == "changed"
    assert found.view == ("channels=agent,wall,goal",) or "channels" in found.view[0]


def test_what_cannot_be_asked_is_said():
    def broken(seen):
        raise RuntimeError("no sensor")

    with pytest.raises(AgentError, match=r"under no layout.*no sensor"):
        check_fit(broken, WORLD)
    with pytest.raises(UsageError, match="at least 2"):
        check_fit(walker, WORLD, levels=1)
    with pytest.raises(UsageError, match="There is no file"):
        check_fit("none.safetensors", WORLD)
    with pytest.raises(UsageError, match="no distribution"):
        check_fit(walker, WORLD, train="nowhere")


@pytest.mark.slow
def test_the_same_seed_finds_the_same():
    agent = FunctionAgent("walker", walker, 5)
    assert check_fit(agent, WORLD, levels=6) == check_fit(agent, WORLD, levels=6)


@pytest.mark.slow
def test_a_layout_under_which_an_agent_fails_in_some_levels_is_refused_and_no_more():
    calls = []

    def fragile(seen: np.ndarray) -> np.ndarray:
        if seen.shape[1:] == (5, 5, 3):
            return walker(seen)
        # A rule for another layout that meets what it cannot read only among many.
        calls.append(len(seen))
        if len(seen) > 300:
            raise IndexError("index 3 is out of bounds")
        return np.full((len(seen), 5), 0.2)

    found = check_fit(fragile, WORLD, levels=24)
    assert calls
    assert found.verdict == "as shown"
