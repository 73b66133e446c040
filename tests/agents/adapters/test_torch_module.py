import numpy as np
import pytest

from mesascope.agents.adapters.torch_module import TorchAgent
from mesascope.core.errors import AgentError

torch = pytest.importorskip("torch")

SEEN = np.random.default_rng(0).normal(size=(6, 5)).astype(np.float32)


class Returns(torch.nn.Module):
    def __init__(self, answer):
        super().__init__()
        self.answer = answer

    def forward(self, batch):
        return self.answer(batch)


def test_logits_become_the_probabilities_of_torch():
    module = torch.nn.Sequential(torch.nn.Linear(5, 8), torch.nn.Dropout(0.5), torch.nn.Linear(8, 3))
    agent = TorchAgent("mine:net", module, 3)
    probabilities, _ = agent.act(SEEN, agent.initial_state(6))
    expected = torch.softmax(module.eval()(torch.from_numpy(SEEN)), -1).detach().numpy()
    assert np.allclose(probabilities, expected, atol=1e-6)
    assert np.abs(probabilities.sum(-1) - 1).max() < 1e-14
    # Evaluation mode: no dropout, so that the same observation gives the same answer.
    assert np.array_equal(agent.act(SEEN, None)[0], probabilities)


def test_probabilities_are_taken_as_they_are_where_it_is_said_so():
    module = Returns(lambda batch: torch.softmax(batch[:, :3], -1))
    probabilities, _ = TorchAgent("mine:net", module, 3, output="probabilities").act(SEEN, None)
    assert np.allclose(probabilities, torch.softmax(torch.from_numpy(SEEN[:, :3]), -1), atol=1e-6)


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
        TorchAgent("mine:net", Returns(answer), 3).act(SEEN, None)
