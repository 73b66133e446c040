"""Opening agents of Stable-Baselines3: what is read is what a hook of one's own sees, whoever loaded the file."""

from __future__ import annotations

import functools
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mesascope.agents.activations import Inspectable
from mesascope.agents.adapters.stable_baselines3 import load_stable_baselines3
from mesascope.core.errors import AgentError, UnknownNameError, UntrustedModelError
from tests.agents.adapters.stable_baselines3.test_agent import NAMES, asked
from tests.agents.hostile_files import members_of, zipped

FLAT = [
    "features_extractor.flatten",
    "features_extractor",
    *(f"mlp_extractor.policy_net.{number}" for number in range(4)),
    "mlp_extractor.policy_net",
    "action_net",
]
CONVOLUTIONAL = [
    *(f"features_extractor.cnn.{number}" for number in range(7)),
    "features_extractor.cnn",
    "features_extractor.linear.0",
    "features_extractor.linear.1",
    "features_extractor.linear",
    "features_extractor",
    "mlp_extractor.policy_net",
    "action_net",
]


def shown(model, seed: int = 0, rows: int = 5) -> np.ndarray:
    """Returns observations as a world shows them."""
    space = model.env.observation_space
    space.seed(seed)
    raw = np.stack([space.sample() for _ in range(rows)])
    if raw.ndim == 1:
        return np.eye(16, dtype=np.float32)[raw]
    return raw.astype(np.float32).transpose(0, 2, 3, 1) if raw.ndim == 4 else raw.astype(np.float32)


def hooked(model, rows: int) -> dict[str, np.ndarray]:
    """Returns what forward hooks on Stable-Baselines3's own policy see, as its users write them."""
    import torch

    space, seen = model.env.observation_space, {}

    def watch(name):
        def hook(module, inputs, output):
            assert name not in seen, name
            seen[name] = output.detach().numpy()

        return hook

    handles = [module.register_forward_hook(watch(name)) for name, module in model.policy.named_modules() if name]
    space.seed(0)
    with torch.no_grad():
        tensor, _ = model.policy.obs_to_tensor(np.stack([space.sample() for _ in range(rows)]))
        if hasattr(model.policy, "q_net"):
            model.policy.q_net(tensor)
        else:
            model.policy.get_distribution(tensor)
    for handle in handles:
        handle.remove()
    return {name: value.transpose(0, 2, 3, 1) if value.ndim == 4 else value for name, value in seen.items()}


@functools.cache
def opened(path: Path, trust_pickle: bool):
    """An agent that is read once for all tests."""
    return load_stable_baselines3(path, trust_pickle=trust_pickle)


def hooks_left(agent) -> bool:
    return any(module._forward_hooks for module in agent._model.policy.modules())


@pytest.mark.parametrize("trust_pickle", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_what_is_read_is_what_hooks_of_ones_own_see(stable_baselines3_models, name, trust_pickle):
    path, model = stable_baselines3_models[name]
    observations, expected = shown(model), hooked(model, rows=5)
    agent = opened(path, trust_pickle)
    assert isinstance(agent, Inspectable)
    assert agent.sites() == tuple(expected)
    found = agent.step(observations, agent.initial_state(5))
    assert found.memory is None
    assert np.array_equal(found.probabilities, agent.act(observations, None)[0])
    assert list(found.activations) == list(expected)
    for site, value in expected.items():
        scale = 1 + np.abs(value).max()
        np.testing.assert_allclose(found.activations[site], value, atol=3e-5 * scale, err_msg=site)
    assert not (trust_pickle and hooks_left(agent))


def test_sites_have_the_names_of_stable_baselines3(stable_baselines3_models):
    def sites(name):
        return list(opened(stable_baselines3_models[name][0], False).sites())

    assert sites("ppo-discrete") == FLAT
    assert sites("ppo-convolutions") == CONVOLUTIONAL
    assert sites("dqn-vector")[:2] == ["q_net.features_extractor.flatten", "q_net.features_extractor"]
    assert sites("dqn-vector")[-3:] == ["q_net.q_net.2", "q_net.q_net", "q_net"]


@pytest.mark.parametrize("trust_pickle", [False, True])
def test_convolutions_are_shown_channels_last(stable_baselines3_models, trust_pickle):
    path, model = stable_baselines3_models["ppo-convolutions"]
    found = opened(path, trust_pickle).step(shown(model), None).activations
    assert found["features_extractor.cnn.0"].shape == (5, 8, 9, 32)
    assert found["features_extractor.cnn.3"].shape == (5, 3, 3, 64)
    # What is flattened keeps Stable-Baselines3's order, channel by channel.
    turned = found["features_extractor.cnn.5"].transpose(0, 3, 1, 2).reshape(5, -1)
    assert np.array_equal(found["features_extractor.cnn.6"], turned)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_own_values_change_nothing(stable_baselines3_models, data):
    path, model = stable_baselines3_models[data.draw(st.sampled_from(NAMES))]
    agent = opened(path, data.draw(st.booleans()))
    observations = shown(model, seed=data.draw(st.integers(0, 1000)), rows=data.draw(st.integers(1, 4)))
    own = agent.step(observations, None)
    sites = data.draw(st.sets(st.sampled_from(agent.sites()), min_size=1))
    again = agent.step(observations, None, {site: own.activations[site] for site in sites})
    np.testing.assert_allclose(again.probabilities, own.probabilities, atol=1e-5)
    for site in agent.sites():
        scale = 1 + np.abs(own.activations[site]).max()
        np.testing.assert_allclose(again.activations[site], own.activations[site], atol=1e-5 * scale)


@pytest.mark.parametrize("trust_pickle", [False, True])
@pytest.mark.parametrize("name", ["ppo-discrete", "ppo-convolutions", "dqn-discrete", "dqn-convolutions"])
def test_a_donor_at_any_layer_decides_what_follows(stable_baselines3_models, name, trust_pickle):
    path, model = stable_baselines3_models[name]
    agent = opened(path, trust_pickle)
    observations, others = shown(model, rows=12), shown(model, seed=1, rows=12)
    own, donor = agent.step(observations, None), agent.step(others, None)
    assert np.abs(own.probabilities - donor.probabilities).max() > 0.1
    for place, site in enumerate(agent.sites()):
        patch = donor.activations[site].copy()
        patched = agent.step(observations, None, {site: patch})
        assert np.array_equal(patch, donor.activations[site]), "the patch is the caller's"
        np.testing.assert_allclose(patched.probabilities, donor.probabilities, atol=1e-5)
        for before in agent.sites()[:place]:
            assert np.array_equal(patched.activations[before], own.activations[before])
    # Patches of one step are forgotten in the next.
    assert np.array_equal(agent.act(observations, None)[0], own.probabilities)


@pytest.mark.parametrize("trust_pickle", [False, True])
@pytest.mark.parametrize(
    ("patch", "error", "message"),
    [
        (
            {"policy_net.0": np.zeros((5, 64))},
            UnknownNameError,
            r"agent 'ppo-discrete'.*'mlp_extractor.policy_net.0'\?",
        ),
        ({"action_net": np.zeros((5, 3))}, AgentError, r"'action_net' of agent 'ppo-discrete', which returns \[5, 4\]"),
        ({"action_net": np.zeros((4, 4))}, AgentError, "'action_net' of agent 'ppo-discrete' must .* each of 5"),
        ({"action_net": np.full((5, 4), np.nan)}, AgentError, "must be finite"),
        ({"action_net": np.full((5, 4), 1e300)}, AgentError, "must be finite"),
        ({"action_net": np.full((5, 4), "much")}, AgentError, "'action_net' of agent 'ppo-discrete' .* of numbers"),
    ],
)
def test_patches_that_do_not_fit_name_agent_and_site(stable_baselines3_models, trust_pickle, patch, error, message):
    path, model = stable_baselines3_models["ppo-discrete"]
    agent = opened(path, trust_pickle)
    with pytest.raises(error, match=message):
        agent.step(shown(model), None, patch)
    assert not (trust_pickle and hooks_left(agent))


def test_modules_that_play_no_part_in_the_choice_say_so(stable_baselines3_models):
    path, model = stable_baselines3_models["ppo-discrete"]
    agent = opened(path, True)
    found = agent.step(shown(model), None).activations
    for name in ("value_net", "mlp_extractor.value_net.0"):
        with pytest.raises(AgentError, match=f"Site '{name}' of agent 'ppo-discrete' cannot be read: it is never"):
            found[name]
        with pytest.raises(AgentError, match=f"Site '{name}' of agent 'ppo-discrete' takes no patch: it is never"):
            agent.step(shown(model), None, {name: np.zeros((5, 1))})
    with pytest.raises(UnknownNameError, match=r"Did you mean 'mlp_extractor.policy_net.1'\?"):
        opened(path, False).step(shown(model), None).activations["policy_net.1"]


@pytest.mark.parametrize("trust_pickle", [False, True])
def test_many_observations_go_through_in_parts(stable_baselines3_models, monkeypatch, trust_pickle):
    path, model = stable_baselines3_models["ppo-convolutions"]
    agent, site = opened(path, trust_pickle), "features_extractor.cnn.1"
    whole, donor = (agent.step(shown(model, seed, rows=7), None) for seed in (0, 1))
    monkeypatch.setattr(agent, "rows_at_once", 3)
    parts = agent.step(shown(model, rows=7), None)
    for name, value in whole.activations.items():
        np.testing.assert_allclose(parts.activations[name], value, atol=1e-4)
    patched = agent.step(shown(model, rows=7), None, {site: donor.activations[site]})
    np.testing.assert_allclose(patched.probabilities, donor.probabilities, atol=1e-5)


def test_reading_and_opening_need_neither_torch_nor_stable_baselines3(stable_baselines3_models):
    path = stable_baselines3_models["ppo-convolutions"][0]
    program = (
        "import sys; import numpy\n"
        "from mesascope.agents.adapters.stable_baselines3 import load_stable_baselines3\n"
        f"agent = load_stable_baselines3({str(path)!r})\n"
        "seen = numpy.zeros((2, 36, 40, 3), numpy.float32)\n"
        "agent.act(seen, None)\n"
        "agent.step(seen, None, agent.step(seen, None).activations)\n"
        "assert not {'torch', 'stable_baselines3', 'gymnasium'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=120)


def test_layers_without_an_activation_between_them_are_refused(valid_archive, tmp_path):
    import io

    import torch

    members = members_of(valid_archive)
    tensors = torch.load(io.BytesIO(members["policy.pth"]), weights_only=True)
    for part in ("weight", "bias"):
        tensors[f"mlp_extractor.policy_net.1.{part}"] = tensors.pop(f"mlp_extractor.policy_net.2.{part}")
    target = io.BytesIO()
    torch.save(tensors, target)
    path = tmp_path / "odd.zip"
    path.write_bytes(zipped(members | {"policy.pth": target.getvalue()}))
    with pytest.raises(UntrustedModelError, match="not dense ones with activations between"):
        load_stable_baselines3(path)


def test_features_of_ones_own_are_opened_and_must_not_be_random(stable_baselines3_models, tmp_path):
    import torch
    from stable_baselines3 import PPO
    from stable_baselines3.common.torch_layers import BaseFeaturesExtractor

    class Noisy(BaseFeaturesExtractor):
        def __init__(self, space, noise):
            super().__init__(space, 5)
            self.dropout, self.linear, self.noise = torch.nn.Dropout(), torch.nn.Linear(5, 5), noise

        def forward(self, observations):
            drawn = torch.rand_like(observations) if self.noise else 0.0
            return self.dropout(self.linear(observations)) + drawn

    environment = stable_baselines3_models["a2c-vector"][1].env.envs[0]
    for noise in (False, True):
        options = {"features_extractor_class": Noisy, "features_extractor_kwargs": {"noise": noise}}
        model = PPO("MlpPolicy", environment, policy_kwargs=options, n_steps=8, batch_size=8)
        path = tmp_path / "own.zip"
        model.save(path)
        agent = load_stable_baselines3(path, trust_pickle=True)
        if noise:
            with pytest.raises(AgentError, match="Agent 'own' draws random numbers in evaluation mode"):
                agent.step(asked(model)[0], None)
        else:
            assert agent.sites()[:3] == (
                "features_extractor.linear",
                "features_extractor.dropout",
                "features_extractor",
            )
            assert np.array_equal(agent.act(asked(model)[0], None)[0], agent.act(asked(model)[0], None)[0])
        assert not hooks_left(agent)


def test_what_the_document_shows_runs(stable_baselines3_models, tmp_path, monkeypatch, capsys):
    document = (Path(__file__).parents[4] / "docs" / "bring-your-agent.md").read_text()
    section = document.split("## Looking inside")[1].split("\n## ")[0]
    code = "\n".join(line[4:] for line in section.splitlines() if line.startswith("    "))
    shutil.copy(stable_baselines3_models["ppo-discrete"][0], tmp_path / "ppo_lake.zip")
    monkeypatch.chdir(tmp_path)
    names: dict = {}
    exec(code, names)
    assert "'mlp_extractor.policy_net.1'" in capsys.readouterr().out
    assert names["agent"].name == "ppo_lake"
    assert names["patch"].shape == (8, 64)
