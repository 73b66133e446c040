"""Every algorithm with discrete actions answers as its own library does, read from its file."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("stable_baselines3")
pytest.importorskip("sb3_contrib", reason="the algorithms of sb3-contrib are compared with sb3-contrib")

from gymnasium import spaces

from mesascope.agents.activations import Inspectable
from mesascope.agents.adapters.stable_baselines3 import load_stable_baselines3
from mesascope.core.errors import AgentError, UntrustedModelError
from tests.agents.adapters.stable_baselines3.toys import answers, samples, saved, toy, untrained
from tests.agents.hostile_files import members_of, with_data, with_member

VECTOR = spaces.Box(-1, 1, (5,), np.float32)
IMAGE = spaces.Box(0, 255, (36, 40, 3), np.uint8)
DICTIONARY = spaces.Dict(
    {
        "z": VECTOR,
        "a": spaces.Discrete(3),
        "image": spaces.Box(0, 255, (36, 36, 3), np.uint8),
        "bits": spaces.MultiBinary(4),
        "numbers": spaces.MultiDiscrete([3, 2]),
        "matrix": spaces.Box(-2, 2, (2, 3), np.float32),
    }
)
SMALL = {"features_extractor_kwargs": {"features_dim": 16}}
MEMORYLESS = {
    "PPO, dictionary": ("PPO", "MultiInputPolicy", DICTIONARY, {}),
    "PPO, whole numbers": ("PPO", "MlpPolicy", spaces.MultiDiscrete([3, 5, 2]), {}),
    "PPO, bits": ("PPO", "MlpPolicy", spaces.MultiBinary(6), {}),
    "DQN, dictionary": ("DQN", "MultiInputPolicy", DICTIONARY, {}),
    "QR-DQN": ("QRDQN", "MlpPolicy", VECTOR, {"n_quantiles": 7}),
    "TRPO": ("TRPO", "MlpPolicy", VECTOR, {}),
    "MaskablePPO": ("MaskablePPO", "MlpPolicy", VECTOR, {}),
    "ARS": ("ARS", "MlpPolicy", VECTOR, {}),
    "ARS, linear": ("ARS", "LinearPolicy", VECTOR, {}),
    "ARS, linear with bias": ("ARS", "LinearPolicy", VECTOR, {"with_bias": True}),
}
RECURRENT = {
    "its own": ("MlpLstmPolicy", VECTOR, {}),
    "shared, two layers": (
        "MlpLstmPolicy",
        spaces.Discrete(5),
        {"n_lstm_layers": 2, "shared_lstm": True, "enable_critic_lstm": False},
    ),
    "none for the critic": ("MlpLstmPolicy", VECTOR, {"enable_critic_lstm": False}),
    "images": ("CnnLstmPolicy", IMAGE, SMALL),
}


@pytest.mark.parametrize("name", MEMORYLESS)
def test_answers_are_those_of_the_library(name, tmp_path):
    algorithm, policy, space, options = MEMORYLESS[name]
    model = untrained(algorithm, policy, toy(space), **options)
    agent = load_stable_baselines3(saved(model, tmp_path))
    raw, shown = samples(space, 40)
    expected = answers(model, raw)
    assert agent.memoryless
    assert np.abs(agent.act(shown, None)[0] - expected).max() < 1e-5
    assert expected.std(0).max() > 0.05, "the comparison would say little"
    assert isinstance(agent, Inspectable)
    opened = agent.step(shown, None)
    assert np.array_equal(opened.probabilities, agent.act(shown, None)[0])
    assert tuple(opened.activations) == agent.sites()
    modules = dict(model.policy.named_modules())
    assert set(agent.sites()) <= set(modules), "sites have the names of the library's modules"


@pytest.mark.parametrize("name", RECURRENT)
def test_a_recurrent_agent_remembers_as_its_library_does(name, tmp_path):
    import torch

    policy, space, options = RECURRENT[name]
    model = untrained("RecurrentPPO", policy, toy(space), lstm_hidden_size=16, **options)
    agent = load_stable_baselines3(saved(model, tmp_path))
    assert not agent.memoryless
    layers = options.get("n_lstm_layers", 1)
    memory, states = agent.initial_state(6), (torch.zeros(layers, 6, 16), torch.zeros(layers, 6, 16))
    first = None
    for _ in range(4):
        raw, shown = samples(space, 6)
        with torch.no_grad():
            tensor, _ = model.policy.obs_to_tensor(raw)
            expected, states = model.policy.get_distribution(tensor, states, torch.zeros(6))
        found, memory = agent.act(shown, memory)
        assert np.abs(found - expected.distribution.probs.numpy()).max() < 1e-5
        first = found if first is None else first
    assert np.abs(found - first).max() > 1e-3, "the same observations, another memory"


def test_a_patch_of_the_lstm_is_remembered(tmp_path):
    model = untrained("RecurrentPPO", "MlpLstmPolicy", toy(VECTOR), lstm_hidden_size=16)
    agent = load_stable_baselines3(saved(model, tmp_path))
    _, shown = samples(VECTOR, 3)
    patched = agent.step(shown, agent.initial_state(3), {"lstm_actor": np.ones((3, 16), np.float32)})
    np.testing.assert_array_equal(patched.memory["lstm"][0][:, 0], 1)
    assert np.ptp(patched.probabilities, axis=0).max() < 1e-6, "what follows depends on the patch alone"


def test_masks_come_with_the_observation(tmp_path):
    model = untrained("MaskablePPO", "MlpPolicy", toy(VECTOR))
    agent = load_stable_baselines3(saved(model, tmp_path))
    raw, shown = samples(VECTOR, 30)
    masks = np.random.default_rng(0).random((30, 4)) < 0.5
    masks[:, 2] |= ~masks.any(-1)
    found, _ = agent.act(np.concatenate([shown, masks], axis=-1).astype(np.float32), None)
    assert np.abs(found - answers(model, raw, action_masks=masks)).max() < 1e-6
    assert (found[~masks] == 0).all()
    with pytest.raises(AgentError, match="not all 0 or 1"):
        agent.act(np.concatenate([shown, 0.5 * masks], axis=-1).astype(np.float32), None)
    with pytest.raises(AgentError, match=r"arrays \[5\], or vectors \[9\] that end in a mask of its 4 actions"):
        agent.act(np.zeros((2, 7), np.float32), None)


def test_a_dictionary_is_named_entry_by_entry(tmp_path):
    agent = load_stable_baselines3(saved(untrained("PPO", "MultiInputPolicy", toy(DICTIONARY)), tmp_path))
    with pytest.raises(AgentError, match=r"'a': whole numbers below 3.*'bits': arrays \[4\].*as one vector \[3911\]"):
        agent.act(np.zeros((2, 9), np.float32), None)


@pytest.mark.parametrize("activation", ["GELU", "Sigmoid", "Softplus", "Mish", "SELU", "Identity"])
def test_activations(activation, tmp_path):
    import torch

    model = untrained("PPO", "MlpPolicy", toy(VECTOR), activation_fn=getattr(torch.nn, activation), net_arch=[8])
    raw, shown = samples(VECTOR, 20)
    found = load_stable_baselines3(saved(model, tmp_path)).act(shown, None)[0]
    assert np.abs(found - answers(model, raw)).max() < 1e-6


@pytest.mark.parametrize(
    ("actions", "algorithm", "message"),
    [
        (spaces.Box(-1, 1, (2,), np.float32), "SAC", "continuous"),
        (spaces.Box(-1, 1, (2,), np.float32), "PPO", "continuous"),
        (spaces.MultiDiscrete([2, 3]), "PPO", "several choices at once"),
        (spaces.MultiBinary(3), "A2C", "several choices at once"),
    ],
)
@pytest.mark.parametrize("trust_pickle", [False, True])
def test_other_actions_are_refused_without_advice_that_fails(actions, algorithm, message, trust_pickle, tmp_path):
    environment = toy(VECTOR)
    environment.action_space = actions
    import stable_baselines3

    options = {"buffer_size": 8} if algorithm == "SAC" else {}
    model = getattr(stable_baselines3, algorithm)("MlpPolicy", environment, device="cpu", **options)
    with pytest.raises(UntrustedModelError, match=message) as caught:
        load_stable_baselines3(saved(model, tmp_path), trust_pickle=trust_pickle)
    assert "--trust-pickle" not in str(caught.value)


@pytest.mark.parametrize("algorithm", ["A2C", "DQN", "TRPO", "QRDQN", "MaskablePPO"])
def test_what_trusting_the_pickle_is_advised_for_works(algorithm, tmp_path):
    import torch
    from stable_baselines3.common.torch_layers import BaseFeaturesExtractor

    class Doubled(BaseFeaturesExtractor):
        def __init__(self, space):
            super().__init__(space, 5)

        def forward(self, observations):
            return 2 * observations

    model = untrained(algorithm, "MlpPolicy", toy(VECTOR), features_extractor_class=Doubled)
    path = saved(model, tmp_path)
    with pytest.raises(UntrustedModelError, match=f"--trust-pickle.*{algorithm}"):
        load_stable_baselines3(path)
    raw, shown = samples(VECTOR, 10)
    agent = load_stable_baselines3(path, trust_pickle=True)
    assert np.abs(agent.act(shown, None)[0] - answers(model, raw)).max() < 1e-6
    if algorithm == "MaskablePPO":
        masks = np.eye(4, dtype=bool)[[0, 1, 2, 3, 0, 1, 2, 3, 0, 1]]
        found = agent.act(np.concatenate([shown, masks], axis=-1).astype(np.float32), None)[0]
        np.testing.assert_allclose(found, masks, atol=1e-6)
    assert torch.is_grad_enabled()


def test_a_recurrent_policy_of_ones_own_is_refused_without_advice_that_fails(tmp_path):
    model = untrained("RecurrentPPO", "MlpLstmPolicy", toy(VECTOR), lstm_hidden_size=8)
    path = saved(model, tmp_path)
    path.write_bytes(with_data(path.read_bytes(), lambda data: data["policy_kwargs"].update(surprise="1")))
    with pytest.raises(UntrustedModelError, match="may change what it does") as caught:
        load_stable_baselines3(path)
    assert "--trust-pickle" not in str(caught.value)
    with pytest.raises(UntrustedModelError, match="it is of RecurrentPPO"):
        load_stable_baselines3(path, trust_pickle=True)


def as_of_old(data: dict) -> None:
    """Describes spaces as versions of Gym before 0.21 did."""
    for name in ("observation_space", "action_space"):
        space = data[name]
        space[":type:"] = space[":type:"].replace("gymnasium", "gym")
        space.pop("start", None)
        if "_shape" in space:
            space["shape"] = space.pop("_shape")


@pytest.mark.parametrize("space", [VECTOR, spaces.Discrete(6), spaces.MultiDiscrete([2, 3]), IMAGE])
def test_files_of_old_versions_are_read(space, tmp_path):
    model = untrained("PPO", "MlpPolicy", toy(space))
    path = saved(model, tmp_path)
    path.write_bytes(with_data(path.read_bytes(), as_of_old))
    assert "'shape'" in str(json.loads(members_of(path.read_bytes())["data"])["observation_space"])
    raw, shown = samples(space, 10)
    assert np.abs(load_stable_baselines3(path).act(shown, None)[0] - answers(model, raw)).max() < 1e-6


def retensored(path: Path, change) -> None:
    """Changes the names or values of the tensors of a file."""
    import torch

    content = path.read_bytes()
    tensors = change(torch.load(io.BytesIO(members_of(content)["policy.pth"]), weights_only=True))
    target = io.BytesIO()
    torch.save(tensors, target)
    path.write_bytes(with_member(content, "policy.pth", target.getvalue()))


def test_a_linear_policy_of_ars_had_another_name_once(tmp_path):
    model = untrained("ARS", "LinearPolicy", toy(VECTOR))
    path = saved(model, tmp_path)
    retensored(path, lambda tensors: {"action_net.weight": tensors["action_net.0.weight"]})
    raw, shown = samples(VECTOR, 20)
    assert np.array_equal(load_stable_baselines3(path).act(shown, None)[0], answers(model, raw))


def test_layers_that_actor_and_critic_shared_are_read(tmp_path):
    model = untrained("PPO", "MlpPolicy", toy(VECTOR), net_arch=[8, 6])
    path = saved(model, tmp_path)

    def shared(tensors):
        first, second = "mlp_extractor.policy_net.0.", "mlp_extractor.policy_net.2."
        renamed = {name.replace(first, "mlp_extractor.shared_net.0."): tensor for name, tensor in tensors.items()}
        return {name.replace(second, first): tensor for name, tensor in renamed.items()}

    retensored(path, shared)
    raw, shown = samples(VECTOR, 20)
    agent = load_stable_baselines3(path)
    assert "mlp_extractor.shared_net.0" in agent.sites()
    assert np.abs(agent.act(shown, None)[0] - answers(model, raw)).max() < 1e-6


def test_a_last_layer_that_does_not_fit_the_actions_is_refused(tmp_path):
    path = saved(untrained("QRDQN", "MlpPolicy", toy(VECTOR), n_quantiles=7), tmp_path)
    path.write_bytes(with_data(path.read_bytes(), lambda data: data["action_space"].update(n="5")))
    with pytest.raises(UntrustedModelError, match=r"28 outputs; .* a multiple of 5"):
        load_stable_baselines3(path)


ZOO = Path(__file__).parents[5] / "shared" / "data" / "sb3-zoo"


@pytest.mark.skipif(not ZOO.is_dir(), reason="the zoo's files are not beside this checkout")
@pytest.mark.parametrize("name", ["a2c-CartPole-v1", "ars-CartPole-v1", "qrdqn-CartPole-v1", "dqn-Acrobot-v1"])
def test_files_of_the_zoo_are_read(name):
    agent = load_stable_baselines3(ZOO / name / f"{name.split('-', 1)[1]}.zip")
    assert agent.memoryless
    assert not any("VecNormalize" in note for note in agent.notes), "its config.yml tells"
