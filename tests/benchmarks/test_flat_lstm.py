from __future__ import annotations

import numpy as np
import pytest
from peers.flat_lstm import FlatLSTMSizes, read_flat_lstm

from mesascope.agents.activations import Inspectable
from mesascope.core.errors import AgentError, UnknownNameError, UntrustedModelError, UsageError

SIZES = FlatLSTMSizes(inputs=3, hidden=4, actions=2)


@pytest.fixture
def weights() -> dict[str, np.ndarray]:
    random = np.random.default_rng(0)
    return {name: random.normal(size=shape).astype(np.float32) for name, shape in SIZES.shapes().items()}


@pytest.fixture
def path(tmp_path, weights):
    file = tmp_path / "policy.bin"
    file.write_bytes(b"".join(weights[name].tobytes() for name in SIZES.shapes()))
    return file


def test_it_acts_like_torch(path, weights):
    torch = pytest.importorskip("torch")
    cell = torch.nn.LSTMCell(SIZES.hidden, SIZES.hidden)
    names = {"weight_ih": "input", "weight_hh": "recurrent", "bias_ih": "input_bias", "bias_hh": "recurrent_bias"}
    cell.load_state_dict({name: torch.tensor(weights[ours]) for name, ours in names.items()})
    agent = read_flat_lstm(path, SIZES)
    assert not agent.memoryless
    observations = np.random.default_rng(1).normal(size=(5, 7, 3)).astype(np.float32)
    state, memory = (torch.zeros(7, 4), torch.zeros(7, 4)), agent.initial_state(7)
    for seen in observations:
        encoded = torch.nn.functional.linear(
            torch.tensor(seen), torch.tensor(weights["encoder"]), torch.tensor(weights["encoder_bias"])
        )
        state = cell(torch.nn.functional.gelu(encoded), state)
        logits = torch.nn.functional.linear(
            state[0], torch.tensor(weights["actor"]), torch.tensor(weights["actor_bias"])
        )
        probabilities, memory = agent.act(seen, memory)
        np.testing.assert_allclose(probabilities, logits.softmax(-1).detach().numpy(), atol=2e-6)


def test_memory_matters(path):
    agent = read_flat_lstm(path, SIZES)
    seen = np.ones((1, 3), np.float32)
    first, memory = agent.act(seen, agent.initial_state(1))
    assert np.abs(agent.act(seen, memory)[0] - first).max() > 1e-4


def after_some_steps(agent, rows=5):
    random = np.random.default_rng(3)
    memory = agent.initial_state(rows)
    for _ in range(3):
        _, memory = agent.act(random.normal(size=(rows, 3)).astype(np.float32), memory)
    return random.normal(size=(rows, 3)).astype(np.float32), memory


def test_it_is_opened_with_its_memory(path):
    agent = read_flat_lstm(path, SIZES)
    assert isinstance(agent, Inspectable)
    seen, memory = after_some_steps(agent)
    probabilities, after = agent.act(seen, memory)
    found = agent.step(seen, memory)
    assert tuple(found.activations) == agent.sites() == ("encoder", "lstm.cell", "lstm.hidden", "logits")
    assert np.array_equal(found.probabilities, probabilities)
    # The memory is the hidden state and the cell, and is taken and given back openly.
    for kept, same, site in zip(found.memory, after, ("lstm.hidden", "lstm.cell"), strict=True):
        assert np.array_equal(kept, same)
        assert np.array_equal(found.activations[site], same)
    fresh = agent.step(seen, agent.initial_state(len(seen)))
    assert np.array_equal(fresh.activations["encoder"], found.activations["encoder"])
    assert np.abs(fresh.activations["lstm.cell"] - found.activations["lstm.cell"]).max() > 1e-2


def test_own_values_change_nothing_and_a_donor_decides_the_rest(path):
    agent = read_flat_lstm(path, SIZES)
    seen, memory = after_some_steps(agent)
    own, donor = agent.step(seen, memory), agent.step(seen[::-1].copy(), agent.initial_state(len(seen)))
    for site in agent.sites():
        again = agent.step(seen, memory, {site: own.activations[site]})
        np.testing.assert_allclose(again.probabilities, own.probabilities, atol=1e-6)
        for part, same in zip(again.memory, own.memory, strict=True):
            np.testing.assert_allclose(part, same, atol=1e-6)
    for site in ("lstm.hidden", "logits"):
        patched = agent.step(seen, memory, {site: donor.activations[site]})
        np.testing.assert_allclose(patched.probabilities, donor.probabilities, atol=1e-6)
    # The hidden state that was put in is remembered; the cell is the agent's own.
    patched = agent.step(seen, memory, {"lstm.hidden": donor.activations["lstm.hidden"]})
    np.testing.assert_allclose(patched.memory[0], donor.memory[0], atol=1e-6)
    assert np.array_equal(patched.memory[1], own.memory[1])


def test_patches_that_do_not_fit_name_agent_and_site(path):
    agent = read_flat_lstm(path, SIZES)
    seen, memory = after_some_steps(agent)
    for patch, error, message in (
        ({"lstm.cel": np.zeros((5, 4))}, UnknownNameError, "Did you mean 'lstm.cell'"),
        ({"lstm.cell": np.zeros((5, 3))}, AgentError, r"'lstm.cell' of agent 'policy.bin', which returns \[5, 4\]"),
        ({"lstm.cell": np.full((5, 4), np.inf)}, AgentError, "'lstm.cell' of agent 'policy.bin' must be finite"),
    ):
        with pytest.raises(error, match=message):
            agent.step(seen, memory, patch)


def test_one_number_too_few_is_another_network(path):
    content = path.read_bytes()
    for wrong in (content[:-4], content + bytes(4), content[:-1], b""):
        path.write_bytes(wrong)
        with pytest.raises(UntrustedModelError, match="single-precision numbers are"):
            read_flat_lstm(path, SIZES)


def test_numbers_that_are_not_finite_are_refused(path):
    path.write_bytes(np.full(len(path.read_bytes()) // 4, np.nan, "<f4").tobytes())
    with pytest.raises(UntrustedModelError, match="not finite"):
        read_flat_lstm(path, SIZES)


def test_links_and_missing_files_are_refused(path, tmp_path):
    (tmp_path / "link").symlink_to(path)
    with pytest.raises(UntrustedModelError, match="symbolic link"):
        read_flat_lstm(tmp_path / "link", SIZES)
    with pytest.raises(UsageError, match="No such file"):
        read_flat_lstm(tmp_path / "none", SIZES)


def test_other_observations_are_an_error_that_says_so(path):
    agent = read_flat_lstm(path, SIZES)
    with pytest.raises(AgentError, match="sees 3 numbers; the observations have 5"):
        agent.act(np.zeros((2, 5), np.float32), agent.initial_state(2))
