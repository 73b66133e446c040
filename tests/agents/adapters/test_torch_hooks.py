"""Opening torch modules: the same interface as our own networks have, and hooks that are gone afterwards."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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


def hooks_left(agent) -> bool:
    return any(module._forward_hooks for module in agent._module.modules())


def shown(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(5, 6)).astype(np.float32)


def test_looking_changes_nothing_and_leaves_no_hook(agent):
    assert isinstance(agent, Inspectable)
    # Before it ran, all that could be opened: its modules, in the order of their definition.
    assert agent.sites() == ("first", "second", "rectify", "recurrent", "head", "idle")
    found = agent.step(shown(), None)
    assert np.allclose(found.probabilities, agent.act(shown(), None)[0])
    # The shared rectifier fires twice, the recurrent layer returns a tuple, the idle one never fires.
    assert tuple(found.activations) == agent.sites() == ("first", "second", "head")
    assert not hooks_left(agent)


def test_sites_stand_in_the_order_in_which_they_fire():
    class Backwards(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.head, self.body = torch.nn.Linear(8, 3), torch.nn.Sequential(torch.nn.Linear(6, 8), torch.nn.Tanh())

        def forward(self, seen):
            return self.head(self.body(seen))

    agent = TorchAgent("net", Backwards(), 3)
    assert agent.sites() == ("head", "body", "body.0", "body.1")
    agent.step(shown(), None)
    assert agent.sites() == ("body.0", "body.1", "body", "head")


@pytest.mark.parametrize(
    ("site", "reason"),
    [
        ("rectify", "called more than once in one step"),
        ("recurrent", "returns tuple, not a tensor"),
        ("idle", "never called"),
    ],
)
def test_sites_that_cannot_be_read_say_why(agent, site, reason):
    found = agent.step(shown(), None).activations
    assert site not in found
    with pytest.raises(AgentError, match=f"Site '{site}' of agent 'net' cannot be read: it .*{reason}"):
        found[site]
    with pytest.raises(UnknownNameError, match="Did you mean 'first'"):
        found["frist"]


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
        ({"first": np.zeros((5, 7))}, AgentError, r"does not fit site 'first' of agent 'net', which returns \[5, 8\]"),
        ({"first": np.zeros((4, 8))}, AgentError, "one row for each of 5"),
        ({"rectify": np.zeros((5, 8))}, AgentError, "'rectify' of agent 'net' takes no patch: .* more than once"),
        ({"recurrent": np.zeros((5, 8))}, AgentError, "'recurrent' of agent 'net' .* tuple, not a tensor"),
        ({"idle": np.zeros((5, 2))}, AgentError, "'idle' of agent 'net' .* never called"),
    ],
)
def test_patches_that_cannot_be_say_why(agent, patch, error, message):
    for _ in range(2):
        with pytest.raises(error, match=message):
            agent.step(shown(), None, patch)
        assert not hooks_left(agent)
        # The same once it is known which modules fire.
        agent.step(shown(), None)


class Does(torch.nn.Module):
    """Linear layers with something of one's own between them."""

    def __init__(self, between):
        super().__init__()
        self.first, self.head, self.between = torch.nn.Linear(6, 8), torch.nn.Linear(8, 3), between

    def forward(self, seen):
        return self.head(self.between(self.first(seen)))


def raises(hidden):
    raise ValueError("half-way")


def test_hooks_are_gone_if_forward_raises():
    agent = TorchAgent("net", Does(raises).train(), 3)
    with pytest.raises(AgentError, match=r"'net' raised ValueError .*half-way"):
        agent.step(shown(), None)
    assert not hooks_left(agent)
    assert agent._module.training


@settings(max_examples=30, deadline=None)
@given(st.sets(st.sampled_from(["first", "second", "head"]), min_size=1), st.integers(0, 1000))
def test_any_own_values_change_nothing(sites, seed):
    torch.manual_seed(seed)
    agent = TorchAgent("net", Net(), 3)
    own = agent.step(shown(seed), None)
    again = agent.step(shown(seed), None, {site: own.activations[site] for site in sites})
    assert np.allclose(again.probabilities, own.probabilities, atol=1e-6)


def test_training_mode_is_left_for_the_step_and_found_again():
    torch.manual_seed(0)
    module = torch.nn.Sequential(
        torch.nn.Linear(6, 8), torch.nn.BatchNorm1d(8), torch.nn.Dropout(), torch.nn.Linear(8, 3)
    )
    agent = TorchAgent("net", module, 3)
    module.train()
    module[1].eval()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    found = agent.step(shown(), None)
    assert np.array_equal(found.activations["1"], found.activations["2"]), "no unit was dropped"
    assert np.array_equal(agent.act(shown(), None)[0], found.probabilities)
    assert [part.training for part in (module, *module)] == [True, True, False, True, True]
    assert all(torch.equal(before[name], value) for name, value in module.state_dict().items())


def test_random_numbers_in_evaluation_mode_are_refused_if_they_matter():
    agent = TorchAgent("net", Does(lambda hidden: torch.nn.functional.dropout(hidden)), 3)
    for ask in (agent.act, agent.step):
        with pytest.raises(AgentError, match=r"'net' draws random numbers .*training=self\.training"):
            ask(shown(), None)
    assert not hooks_left(agent)

    def draws(hidden):
        torch.rand(3)
        return hidden

    assert set(TorchAgent("net", Does(draws), 3).step(shown(), None).activations) == {"first", "head"}


def test_modules_that_work_in_place_spoil_neither_reading_nor_patch():
    torch.manual_seed(0)
    agent = TorchAgent("net", torch.nn.Sequential(torch.nn.Linear(6, 3), torch.nn.ReLU(inplace=True)), 3)
    own, donor = agent.step(shown(), None), agent.step(shown(1), None)
    assert own.activations["0"].min() < 0
    patch = donor.activations["0"].copy()
    found = agent.step(shown(), None, {"0": patch})
    assert np.array_equal(patch, donor.activations["0"])
    assert np.array_equal(found.activations["0"], donor.activations["0"])
    # Any layout of the patch will do.
    again = agent.step(shown(), None, {"0": np.asfortranarray(patch)[::-1][::-1]})
    assert np.array_equal(again.probabilities, donor.probabilities)


class Images(torch.nn.Module):
    """Convolutions over images that the world shows channels last, and a layer over their channels."""

    def __init__(self):
        super().__init__()
        self.convolution, self.rectify = torch.nn.Conv2d(3, 7, 3), torch.nn.ReLU()
        self.mixed, self.head = torch.nn.Linear(7, 2), torch.nn.Linear(2 * 3 * 2, 4)

    def forward(self, seen):
        hidden = self.rectify(self.convolution(seen.permute(0, 3, 1, 2)))
        return self.head(self.mixed(hidden.permute(0, 2, 3, 1)).flatten(1))


def test_convolutions_are_shown_and_replaced_channels_last():
    torch.manual_seed(0)
    agent = TorchAgent("net", Images(), 4)
    seen, other = np.random.default_rng(0).normal(size=(2, 6, 5, 4, 3)).astype(np.float32)
    own, donor = agent.step(seen, None), agent.step(other, None)
    expected = agent._module.convolution(torch.tensor(seen).permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
    assert np.allclose(own.activations["convolution"], expected.detach(), atol=1e-6)
    assert own.activations["rectify"].shape == (6, 3, 2, 7)
    assert own.activations["mixed"].shape == (6, 3, 2, 2)
    for site, value in donor.activations.items():
        patched = agent.step(seen, None, {site: value})
        assert np.allclose(patched.probabilities, donor.probabilities, atol=1e-6)
    with pytest.raises(AgentError, match=r"'rectify' of agent 'net', which returns \[6, 3, 2, 7\]"):
        agent.step(seen, None, {"rectify": np.zeros((6, 7, 3, 2))})


def test_outputs_without_a_row_for_each_observation_are_named():
    class Places(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.place, self.head = torch.nn.Embedding(1, 6), torch.nn.Linear(6, 3)

        def forward(self, seen):
            return self.head(seen + self.place(torch.zeros(1, dtype=torch.long)))

    agent = TorchAgent("net", Places(), 3)
    found = agent.step(shown(), None)
    assert agent.sites() == ("head",)
    with pytest.raises(AgentError, match=r"'place' .* first axis is not the 5 observations"):
        found.activations["place"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_compiled_modules_act_and_say_that_they_cannot_be_opened():
    agent = TorchAgent("net", torch.jit.script(torch.nn.Sequential(torch.nn.Linear(6, 8), torch.nn.Linear(8, 3))), 3)
    before = agent.act(shown(), None)[0]
    with pytest.raises(AgentError, match="'net' cannot be opened: its RecursiveScriptModule takes no hooks"):
        agent.step(shown(), None)
    assert np.array_equal(agent.act(shown(), None)[0], before)
