"""Opening torch modules: the same interface as our own networks have, and hooks that are gone afterwards."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from mesascope.agents.activations import Inspectable  # noqa: E402
from mesascope.agents.adapters.torch_module import TorchAgent  # noqa: E402
from mesascope.core.errors import AgentError, UnknownNameError  # noqa: E402


class Net(torch.nn.Module):
    """Two layers that share a rectifier, a recurrent one that returns a tuple, and one that is never used."""

    def __init__(self):
        super().__init__()
        self.first, self.second = torch.nn.Linear(6, 8), torch.nn.Linear(8, 8)
        self.rectify = torch.nn.ReLU()
        self.recurrent = torch.nn.GRU(8, 8, batch_first=True)
        self.head = torch.nn.Linear(8, 3)
        self.idle = torch.nn.Linear(2, 2)

    def forward(self, seen):
        hidden = self.rectify(self.second(self.rectify(self.first(seen))))
        return self.head(self.recurrent(hidden[:, None])[0][:, 0])


@pytest.fixture
def agent() -> TorchAgent:
    torch.manual_seed(0)
    return TorchAgent("net", Net(), 3)


def shown(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(5, 6)).astype(np.float32)


def test_looking_changes_nothing_and_leaves_no_hook(agent):
    assert isinstance(agent, Inspectable)
    found = agent.step(shown(), None)
    assert np.allclose(found.probabilities, agent.act(shown(), None)[0])
    # The shared rectifier fires twice, the recurrent layer returns a tuple, the idle one never fires.
    assert set(found.activations) == {"first", "second", "head"}
    assert set(agent.sites()) == {"first", "second", "rectify", "recurrent", "head", "idle"}
    assert not any(module._forward_hooks for module in agent._module.modules())


def test_own_values_change_nothing_and_a_donor_decides(agent):
    own, donor = agent.step(shown(), None), agent.step(shown(1), None)
    for site, value in own.activations.items():
        assert np.allclose(agent.step(shown(), None, {site: value}).probabilities, own.probabilities, atol=1e-6)
    for site, value in donor.activations.items():
        patched = agent.step(shown(), None, {site: value})
        assert np.allclose(patched.probabilities, donor.probabilities, atol=1e-6)
    # Patches of one step are forgotten in the next.
    assert np.allclose(agent.act(shown(), None)[0], own.probabilities)


@pytest.mark.parametrize(
    ("patch", "error", "message"),
    [
        ({"frist": np.zeros((5, 8))}, UnknownNameError, "Did you mean 'first'"),
        ({"first": np.zeros((5, 7))}, AgentError, r"does not fit site 'first', which returns \[5, 8\]"),
        ({"first": np.zeros((4, 8))}, AgentError, "one row for each of 5"),
        ({"rectify": np.zeros((5, 8))}, AgentError, "Site 'rectify' fires twice"),
        ({"recurrent": np.zeros((5, 8))}, AgentError, "returns tuple, not a tensor"),
        ({"idle": np.zeros((5, 2))}, AgentError, "never fires"),
    ],
)
def test_patches_that_cannot_be_say_why(agent, patch, error, message):
    with pytest.raises(error, match=message):
        agent.step(shown(), None, patch)
    assert not any(module._forward_hooks for module in agent._module.modules())
