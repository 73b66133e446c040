import io
import json
import time

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mesascope.agents.adapters.stable_baselines3 import load_stable_baselines3
from mesascope.agents.adapters.torch_weights import read_torch_weights
from mesascope.core.errors import AgentError, UntrustedModelError, UsageError
from tests.agents.hostile_files import hostile_archives, members_of, payload, with_data, with_member, zipped
from tests.agents.test_files import mutated, mutations

NAMES = [
    "ppo-discrete",
    "ppo-image",
    "ppo-image-not-divided",
    "ppo-bytes",
    "ppo-matrix",
    "ppo-linear",
    "ppo-convolutions",
    "ppo-convolutions-apart",
    "a2c-vector",
    "dqn-vector",
    "dqn-discrete",
    "dqn-convolutions",
]


def asked(model, rows=40):
    """Returns observations as a world shows them, and what Stable-Baselines3 answers to them."""
    import torch

    space = model.env.observation_space
    space.seed(0)
    raw = np.stack([space.sample() for _ in range(rows)])
    if model.policy.__class__.__name__ in ("DQNPolicy", "CnnPolicy"):
        answer = np.eye(4)[model.predict(raw, deterministic=True)[0]]
    else:
        with torch.no_grad():
            tensor, _ = model.policy.obs_to_tensor(raw)
            answer = model.policy.get_distribution(tensor).distribution.probs.numpy()
    shown = raw.astype(np.float32)
    if raw.ndim == 4:
        shown = shown.transpose(0, 2, 3, 1)
    return (np.eye(16, dtype=np.float32)[raw] if raw.ndim == 1 else shown), answer


@pytest.mark.parametrize("trust_pickle", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_probabilities_are_those_of_stable_baselines3(stable_baselines3_models, name, trust_pickle):
    path, model = stable_baselines3_models[name]
    shown, expected = asked(model)
    agent = load_stable_baselines3(path, trust_pickle=trust_pickle)
    probabilities, memory = agent.act(shown, agent.initial_state(len(shown)))
    assert memory is None
    # Convolutions sum thousands of numbers in single precision, in another order than torch.
    assert np.abs(probabilities - expected).max() < (1e-5 if "convolutions" in name else 1e-6)
    assert np.abs(probabilities.sum(-1) - 1).max() < 1e-12
    # Otherwise the comparison would say little.
    assert np.ptp(expected, axis=0).max() > 0.1
    assert ("greedy" in " ".join(agent.notes)) == name.startswith("dqn")
    assert ("code in the file was run" in " ".join(agent.notes)) == trust_pickle


def test_whole_numbers_may_be_shown_as_such(stable_baselines3_models):
    path, model = stable_baselines3_models["ppo-discrete"]
    one_hot, expected = asked(model)
    for trust_pickle in (False, True):
        agent = load_stable_baselines3(path, trust_pickle=trust_pickle)
        shown = one_hot.argmax(-1).astype(np.float32)[:, None]
        assert np.abs(agent.act(shown, None)[0] - expected).max() < 1e-6
    with pytest.raises(AgentError, match="whole numbers below 16"):
        load_stable_baselines3(path).act(np.array([[16.0]], np.float32), None)


def test_observations_that_do_not_fit_are_named(stable_baselines3_models):
    for name, message in (("ppo-image", r"images \[7, 7, 3\]"), ("a2c-vector", r"arrays \[5\]")):
        with pytest.raises(AgentError, match=message):
            load_stable_baselines3(stable_baselines3_models[name][0]).act(np.zeros((2, 6), np.float32), None)


def test_hostile_archives_are_refused_for_their_reason(valid_archive, canary, tmp_path, subtests):
    for name, (content, message) in hostile_archives(valid_archive, canary).items():
        with subtests.test(name):
            path = tmp_path / "hostile.zip"
            path.write_bytes(content)
            start = time.process_time()
            with pytest.raises(UntrustedModelError, match=message) as caught:
                load_stable_baselines3(path)
            assert time.process_time() - start < 2
            assert str(path) in str(caught.value)
            assert not canary.exists()


def test_a_pickled_payload_is_not_run_unless_trusted(valid_archive, canary, tmp_path):
    import base64

    code = base64.b64encode(payload(canary)).decode()

    def poison(data):
        for field in data.values():
            if isinstance(field, dict) and ":serialized:" in field:
                field[":serialized:"] = code

    poisoned = with_data(valid_archive, poison)
    assert code in members_of(poisoned)["data"].decode()
    path = tmp_path / "poisoned.zip"
    path.write_bytes(with_member(poisoned, "pytorch_variables.pth", payload(canary)))
    agent = load_stable_baselines3(path)
    agent.act(np.eye(16, dtype=np.float32), None)
    assert not canary.exists()
    with pytest.raises(UntrustedModelError):
        load_stable_baselines3(path, trust_pickle=True)
    assert canary.exists(), "trusting the pickle must be what makes the difference"


def test_features_of_ones_own_need_trust(stable_baselines3_models, tmp_path):
    import torch
    from stable_baselines3 import PPO
    from stable_baselines3.common.torch_layers import BaseFeaturesExtractor

    class Doubled(BaseFeaturesExtractor):
        def __init__(self, space):
            super().__init__(space, 5)
            self.scale = torch.nn.Parameter(torch.tensor(2.0))

        def forward(self, observations):
            return self.scale * observations

    environment = stable_baselines3_models["a2c-vector"][1].env.envs[0]
    model = PPO("MlpPolicy", environment, policy_kwargs={"features_extractor_class": Doubled}, n_steps=8, batch_size=8)
    path = tmp_path / "own.zip"
    model.save(path)
    with pytest.raises(UntrustedModelError, match="--trust-pickle") as caught:
        load_stable_baselines3(path)
    assert caught.value.field == "features_extractor_class"
    shown, expected = asked(model)
    agent = load_stable_baselines3(path, trust_pickle=True)
    assert agent.kind == "Stable-Baselines3 (pickle trusted)"
    assert np.abs(agent.act(shown, None)[0] - expected).max() < 1e-6


def test_a_missing_file_is_a_usage_error(tmp_path):
    with pytest.raises(UsageError, match="No such file"):
        load_stable_baselines3(tmp_path / "none.zip")


@pytest.mark.parametrize("part", ["whole", "data", "data.pkl"])
def test_a_mutated_file_gives_an_agent_or_a_refusal(valid_archive, tmp_path, part):
    members = members_of(valid_archive)
    weights = members_of(members["policy.pth"])
    table = next(name for name in weights if name.endswith("data.pkl"))
    content = {"whole": valid_archive, "data": members["data"], "data.pkl": weights[table]}[part]
    if part == "data":
        # Less of what is not read anyway.
        data = json.loads(content)
        kept = ("policy_class", "policy_kwargs", "observation_space", "action_space")
        content = json.dumps({name: data[name] for name in kept}).encode()
    path = tmp_path / "mutated.zip"
    outcomes = {"refused": 0, "read": 0}

    @settings(
        max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True
    )
    @given(mutations(len(content)))
    def check(mutation):
        changed = mutated(content, mutation)
        if part == "data":
            changed = zipped(members | {"data": changed})
        elif part == "data.pkl":
            changed = zipped(members | {"policy.pth": zipped(weights | {table: changed})})
        path.write_bytes(changed)
        start = time.process_time()
        try:
            agent = load_stable_baselines3(path)
        except UntrustedModelError:
            outcomes["refused"] += 1
        else:
            answer, _ = agent.act(np.eye(16, dtype=np.float32), None)
            assert np.isfinite(answer).all()
            outcomes["read"] += 1
        assert time.process_time() - start < 2

    check()
    assert outcomes["refused"] > 20


def test_tensors_that_are_views_are_read_as_torch_reads_them():
    torch = pytest.importorskip("torch")
    whole = torch.randn(4, 6)
    saved = {"turned": whole.t(), "part": whole[1:, 2:5], "one": torch.tensor(3.0), "double": whole.double()}
    target = io.BytesIO()
    torch.save(saved, target)
    read = read_torch_weights(target.getvalue(), path="weights", field="policy.pth")
    assert read.keys() == saved.keys()
    for name, tensor in saved.items():
        assert np.array_equal(read[name], tensor.numpy())


@given(st.binary(max_size=200))
@settings(max_examples=200, deadline=None)
def test_any_pickle_in_place_of_the_weights_is_refused(content):
    archive = zipped({"archive/data.pkl": content, "archive/byteorder": b"little"})
    with pytest.raises(UntrustedModelError):
        read_torch_weights(archive, path="weights", field="policy.pth")
