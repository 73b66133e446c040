"""Torch modules as agents, also as others write them: without `forward`, with several answers, with distributions."""

from __future__ import annotations

import numpy as np
import pytest

from mesascope.agents.activations import Inspectable
from mesascope.agents.adapters.torch_module import TorchAgent
from mesascope.agents.resolve import agent_of
from mesascope.core.errors import AgentError, UsageError
from mesascope.worlds.corner import Corner

torch = pytest.importorskip("torch")

WORLD = Corner(size=5)
SEEN = np.random.default_rng(0).random((6, 5, 5, 3)).astype(np.float32)
ROWS = np.random.default_rng(0).normal(size=(6, 5)).astype(np.float32)


class Agent(torch.nn.Module):
    """An actor and a critic, as CleanRL writes them."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(75, 16), torch.nn.Tanh())
        self.actor = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(75, 5))
        self.critic = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(75, 1))

    def get_value(self, seen):
        return self.critic(seen)

    def get_action_and_value(self, seen):
        found = torch.distributions.Categorical(logits=self.actor(seen))
        action = found.sample()
        return action, found.log_prob(action), found.entropy(), self.critic(seen)

    def distribution(self, seen):
        return torch.distributions.Categorical(logits=self.actor(seen))


class Answering(Agent):
    def __init__(self, answer):
        super().__init__()
        self.answer = answer

    def forward(self, seen):
        return self.answer(self, seen)


def wanted() -> np.ndarray:
    with torch.no_grad():
        return torch.softmax(Agent().actor(torch.from_numpy(SEEN)), -1).numpy()


@pytest.mark.parametrize(
    "answer",
    [
        lambda net, seen: net.actor(seen),
        lambda net, seen: net.distribution(seen),
        lambda net, seen: torch.distributions.OneHotCategorical(logits=net.actor(seen)),
        lambda net, seen: (net.actor(seen), net.critic(seen)),
        lambda net, seen: [net.critic(seen), net.actor(seen), None],
        lambda net, seen: (net.distribution(seen), net.critic(seen)),
        lambda net, seen: {"logits": net.actor(seen), "value": net.critic(seen)},
        lambda net, seen: (net.actor(seen), (torch.zeros(1), torch.zeros(1))),
        lambda net, seen: (net.actor(seen), torch.ones(len(seen), 5, dtype=torch.bool)),
    ],
    ids=["tensor", "categorical", "one-hot", "pair", "list", "distribution", "dictionary", "memory", "mask"],
)
def test_the_part_about_actions_is_found(answer):
    agent = agent_of(Answering(answer), name="net", world=WORLD)
    assert np.allclose(agent.act(SEEN, None)[0], wanted(), atol=1e-6)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda net, seen: net.get_action_and_value(seen), r"tuple of 4 parts \(0: int64 \[1\].*none of which"),
        (lambda net, seen: (net.actor(seen), net.actor(seen)), "of which 0 and 1 are"),
        (lambda net, seen: {"value": net.critic(seen)}, r"dict of 1 parts \(value: float32 \[1, 1\]\)"),
        (lambda net, seen: (), "tuple of 0 parts"),
        (lambda net, seen: torch.distributions.Normal(net.critic(seen), 1.0), "Normal"),
    ],
    ids=["sampled", "two", "value", "empty", "continuous"],
)
def test_what_is_not_about_actions_is_refused_with_a_way_out(answer, message):
    with pytest.raises(AgentError, match=message):
        agent_of(Answering(answer), name="net", world=WORLD)


def test_a_module_without_forward_says_what_to_name():
    with pytest.raises(UsageError) as caught:
        agent_of(Agent(), name="mine:agent", world=WORLD)
    message = str(caught.value)
    assert "without `forward`" in message
    assert "actor (5 outputs)" in message
    assert "get_action_and_value" in message
    assert "mine:agent.actor, whose last layer has an output for each of the 5 actions" in message
    with pytest.raises(UsageError, match="without `forward`"):
        agent_of(torch.nn.Module(), name="bare", world=WORLD)


@pytest.mark.parametrize("part", ["actor", "distribution"])
def test_submodules_and_methods_can_be_named(part):
    agent = agent_of(getattr(Agent(), part), name=f"mine:agent.{part}", world=WORLD)
    assert np.allclose(agent.act(SEEN, None)[0], wanted(), atol=1e-6)
    assert isinstance(agent, Inspectable)
    assert np.allclose(agent.step(SEEN, None).probabilities, wanted(), atol=1e-6)


def test_scaled_and_turned_observations_reach_a_module():
    class Convolution(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.Flatten(), torch.nn.Linear(36, 5))

        def forward(self, seen):
            return self.layers(seen)

    module = Convolution()
    agent = agent_of(module, name="conv", world=WORLD, view=("scale=255", "channels-first"))
    with torch.no_grad():
        logits = module(torch.from_numpy(255 * SEEN.transpose(0, 3, 1, 2)))
    assert np.allclose(agent.act(SEEN, None)[0], torch.softmax(logits, -1).numpy(), atol=1e-5)


class Returns(torch.nn.Module):
    def __init__(self, answer):
        super().__init__()
        self.answer = answer

    def forward(self, batch):
        return self.answer(batch)


def test_logits_become_the_probabilities_of_torch():
    module = torch.nn.Sequential(torch.nn.Linear(5, 8), torch.nn.Dropout(0.5), torch.nn.Linear(8, 3))
    agent = TorchAgent("mine:net", module, 3)
    probabilities, _ = agent.act(ROWS, agent.initial_state(6))
    expected = torch.softmax(module.eval()(torch.from_numpy(ROWS)), -1).detach().numpy()
    assert np.allclose(probabilities, expected, atol=1e-6)
    assert np.abs(probabilities.sum(-1) - 1).max() < 1e-14
    # Evaluation mode: no dropout, so that the same observation gives the same answer.
    assert np.array_equal(agent.act(ROWS, None)[0], probabilities)


def test_probabilities_are_taken_as_they_are_where_it_is_said_so():
    module = Returns(lambda batch: torch.softmax(batch[:, :3], -1))
    probabilities, _ = TorchAgent("mine:net", module, 3, output="probabilities").act(ROWS, None)
    assert np.allclose(probabilities, torch.softmax(torch.from_numpy(ROWS[:, :3]), -1), atol=1e-6)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda batch: torch.softmax(batch[:, :3], -1), 'output="probabilities"'),
        (lambda batch: batch, r"shape \[6, 5\]"),
        (lambda batch: batch[:, :3] * torch.nan, "logits that are NaN for 6 of 6"),
        (lambda batch: batch[:, :3] / 0, "logits that are"),
        (lambda batch: batch[:, :3] + 1j, "complex"),
        (lambda batch: (batch, None), "tuple"),
        (lambda batch: batch @ torch.zeros(7, 3), "raised RuntimeError"),
    ],
)
def test_bad_answers_are_named(answer, message):
    with pytest.raises(AgentError, match=message):
        TorchAgent("mine:net", Returns(answer), 3).act(ROWS, None)
