"""Torch modules that are given a memory and return it are agents with memory."""

from __future__ import annotations

import numpy as np
import pytest

from mesascope.agents.adapters.torch_module import TorchAgent
from mesascope.agents.resolve import agent_of
from mesascope.audit.learning.in_context_gain import in_context_gain
from mesascope.audit.learning.references import ReferenceAgent
from mesascope.core.errors import AgentError
from mesascope.core.verdicts import Verdict
from mesascope.planning.learners.bandit_rules import Greedy
from mesascope.worlds.corner import Corner
from mesascope.worlds.streams.regression import Regression
from tests.audit.learning.scripted import BANDIT, context

torch = pytest.importorskip("torch")

SEEN = np.random.default_rng(0).random((3, 4, 5)).astype(np.float32)


class Recurrent(torch.nn.Module):
    def __init__(self, layer=torch.nn.GRU):
        super().__init__()
        torch.manual_seed(0)
        self.layer = layer(5, 7, batch_first=True)
        self.head = torch.nn.Linear(7, 2)

    def forward(self, seen, hidden=None):
        out, hidden = self.layer(seen[:, None], hidden)
        return self.head(out[:, 0]), hidden


@pytest.mark.parametrize("layer", [torch.nn.GRU, torch.nn.LSTM])
def test_a_recurrent_module_remembers_as_torch_has_it(layer):
    module = Recurrent(layer)
    agent = TorchAgent("recurrent", module, 2)
    assert not agent.memoryless
    memory = agent.initial_state(4)
    for step in range(3):
        own, memory = agent.act(SEEN[step], memory)
    with torch.no_grad():
        whole, _ = module.layer(torch.from_numpy(SEEN.transpose(1, 0, 2)))
        expected = torch.softmax(module.head(whole[:, -1]), -1).numpy()
    assert own == pytest.approx(expected, abs=1e-6)
    # What is patched decides from there on, in the memory as in the answer.
    found = agent.step(SEEN[0], agent.initial_state(4), {"head": np.tile([0.0, 9.0], (4, 1))})
    assert (found.probabilities[:, 1] > 0.99).all()


class Counts(torch.nn.Module):
    """The best arm so far of those that it counts wins and pulls of."""

    def initial_state(self, batch):
        return {"won": torch.ones(batch, 3), "pulled": torch.full((batch, 3), 2.0)}

    def forward(self, seen, state):
        state["won"] += seen[:, :3] * seen[:, 3:4]
        state["pulled"] += seen[:, :3]
        shares = state["won"] / state["pulled"]
        best = torch.isclose(shares, shares.max(-1, keepdim=True).values)
        return torch.where(best, 0.0, -torch.inf), state


def test_a_module_that_learns_is_found_to():
    agent = agent_of(Counts(), name="counts", world=BANDIT)
    seen = context(agent)
    assert in_context_gain(seen).verdict is Verdict.PASS
    assert (seen.reference.answers == context(ReferenceAgent(Greedy(), BANDIT)).reference.answers).all()


def test_numbers_are_answered_where_there_are_no_actions():
    class Repeats(torch.nn.Module):
        def forward(self, seen, memory=None):
            return seen[:, -1:], seen

    agent = agent_of(Repeats(), name="repeats", world=Regression(dimensions=2, examples=3))
    assert agent.act(np.ones((2, 5), np.float32), None)[0].tolist() == [[1.0], [1.0]]


def test_who_is_given_a_memory_and_returns_none_is_memoryless():
    class Actor(torch.nn.Module):
        def forward(self, seen, state=None):
            return torch.zeros(len(seen), 5), state

    for view in ((), ("flatten",)):
        agent = agent_of(Actor(), name="actor", world=Corner(size=5), view=view)
        assert agent.memoryless


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda seen: seen[:, :2], "return a pair"),
        (lambda seen: (seen[:, :2], "memory"), "holds a str"),
        (lambda seen: (seen[:, :2], torch.tensor(1.0)), "holds a Tensor"),
    ],
)
def test_what_is_no_memory_is_named(answer, message):
    class Odd(torch.nn.Module):
        def forward(self, seen, state=None):
            return answer(seen)

    with pytest.raises(AgentError, match=message):
        TorchAgent("odd", Odd(), 2).act(SEEN[0], None)
