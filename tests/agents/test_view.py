"""Views: what an agent is shown, and what its answers mean."""

from __future__ import annotations

import numpy as np
import pytest

from mesascope.agents.activations import Inspectable
from mesascope.agents.adapters.function import FunctionAgent
from mesascope.agents.resolve import agent_of
from mesascope.agents.view import parse_view, viewed
from mesascope.core.errors import AgentError, UnknownNameError, UsageError
from mesascope.worlds.corner import Corner
from mesascope.worlds.matrix import world_from_matrix

WORLD = Corner(size=5)
SEEN = np.random.default_rng(0).random((4, 5, 5, 3)).astype(np.float32)


@pytest.mark.parametrize(
    ("steps", "wanted"),
    [
        ((), SEEN),
        (("scale=1/255",), SEEN / 255),
        (("scale=2", "shift=-1"), SEEN * 2 - 1),
        (("transpose",), SEEN.transpose(0, 2, 1, 3)),
        (("flip=rows",), SEEN[:, ::-1]),
        (("flip=columns",), SEEN[:, :, ::-1]),
        (("channels=cheese,agent,wall",), SEEN[..., [1, 2, 0]]),
        (("channels=1,2,0",), SEEN[..., [1, 2, 0]]),
        (("channels-first",), SEEN.transpose(0, 3, 1, 2)),
        (("flatten",), SEEN.reshape(4, -1)),
        (("transpose", "channels-first", "flatten"), SEEN.transpose(0, 3, 2, 1).reshape(4, -1)),
        (("channels-first", "scale=255"), 255 * SEEN.transpose(0, 3, 1, 2)),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_steps_turn_observations(steps, wanted):
    view = parse_view(steps, WORLD)
    assert np.allclose(view.shown(SEEN), wanted)
    assert view.shape == wanted.shape[1:]
    assert str(view) == (" ".join(steps) or "as shown")


def test_an_agents_actions_are_named_in_its_own_order():
    view = parse_view(("actions=left,right,up,down,stay",), WORLD)
    assert WORLD.actions == ("up", "down", "left", "right", "stay")
    meant = view.meant(np.eye(5))
    assert [WORLD.actions[index] for index in meant.argmax(-1)] == ["left", "right", "up", "down", "stay"]


def test_standardised_channels_have_mean_0_and_spread_1_in_training():
    two = np.array([[[0.5, 0.5]], [[0.5, 0.5]]])
    world = world_from_matrix(two, np.array([0.0, 1.0]), discount=0.9)
    shown = parse_view(("standardise",), world).shown(np.eye(2, dtype=np.float32))
    assert np.allclose(shown, [[1, -1], [-1, 1]])
    assert np.allclose(parse_view(("scale=7", "standardise"), world).shown(np.eye(2, dtype=np.float32)), shown)


@pytest.mark.parametrize(
    ("steps", "error", "message"),
    [
        (("scal=255",), UnknownNameError, "Did you mean 'scale'"),
        (("scale",), UsageError, "multiply values"),
        (("transpose=1",), UsageError, "exchange rows and columns"),
        (("scale=0",), UsageError, "not 0"),
        (("scale=1/0",), UsageError, "finite number"),
        (("scale=nan",), UsageError, "finite number"),
        (("scale=1e999",), UsageError, "finite number"),
        (("flip=up",), UnknownNameError, "direction of flip"),
        (("channels=wall,agent",), UsageError, "each of the 3 channels once"),
        (("channels=wall,wall,agent",), UsageError, "each of the 3 channels once"),
        (("channels=wall,chese,agent",), UnknownNameError, "Did you mean 'cheese'"),
        (("actions=0,1,2,3,9",), UnknownNameError, "one of the actions"),
        (("actions=0,1,2,3,4", "actions=0,1,2,3,4"), UsageError, "given twice"),
        (("channels-first", "transpose"), UsageError, "put it before"),
        (("flatten", "channels-first"), UsageError, "put it before"),
    ],
)
def test_steps_that_are_none_say_why(steps, error, message):
    with pytest.raises(error, match=message):
        parse_view(steps, WORLD)


def test_an_agent_of_another_shape_is_brought_through_a_view():
    def policy(seen):
        if seen.shape[1:] != (75,):
            raise ValueError(f"75 numbers, not {seen.shape}")
        return np.eye(5)[np.full(len(seen), 1)]

    with pytest.raises(AgentError, match="75 numbers"):
        agent_of(policy, name="flat", world=WORLD)
    agent = agent_of(policy, name="flat", world=WORLD, view=("channels-first", "flatten", "actions=1,0,2,3,4"))
    assert agent.act(SEEN, None)[0].argmax(-1).tolist() == [0] * 4
    assert any("channels-first flatten" in note for note in agent.notes)
    assert not isinstance(agent, Inspectable)


def test_a_viewed_agent_can_be_opened_if_the_agent_can():
    torch = pytest.importorskip("torch")
    from mesascope.agents.adapters.torch_module import TorchAgent

    inner = TorchAgent("net", torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(75, 5)), 5)
    agent = viewed(inner, parse_view(("channels-first", "actions=1,0,2,3,4"), WORLD))
    assert isinstance(agent, Inspectable)
    found = agent.step(SEEN, None)
    assert np.allclose(found.probabilities, agent.act(SEEN, None)[0])
    assert np.allclose(found.probabilities[:, [1, 0, 2, 3, 4]], inner.act(SEEN.transpose(0, 3, 1, 2), None)[0])
    assert set(agent.sites()) == {"0", "1"}


def test_no_steps_are_no_view():
    agent = FunctionAgent("own", lambda seen: np.full((len(seen), 5), 0.2), 5)
    assert viewed(agent, parse_view((), WORLD)) is agent
