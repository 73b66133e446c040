"""Agents trained behind VecNormalize and VecFrameStack: what is not in their file is found, named, or asked for."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("stable_baselines3")

from gymnasium import spaces
from stable_baselines3.common.vec_env import VecFrameStack, VecNormalize

from mesascope.agents.adapters.stable_baselines3 import load_stable_baselines3
from mesascope.agents.adapters.stable_baselines3.statistics import companions, configured, read_statistics
from mesascope.core.errors import MesascopeError, UntrustedModelError, UsageError
from tests.agents.adapters.stable_baselines3.toys import answers, samples, saved, toy, untrained
from tests.agents.hostile_files import payload

VECTOR = spaces.Box(-2, 5, (3,), np.float32)
DICTIONARY = spaces.Dict({"a": VECTOR, "n": spaces.Discrete(3)})


def trained(algorithm="PPO", *, space=VECTOR, **options):
    """Returns a model trained behind VecNormalize, which is returned too."""
    environment = VecNormalize(toy(space), **options)
    policy = "MultiInputPolicy" if isinstance(space, spaces.Dict) else "MlpPolicy"
    model = untrained(algorithm, policy, environment)
    model.learn(16)
    return model, environment


@pytest.fixture(scope="module")
def normalized():
    return trained(clip_obs=1.5, epsilon=1e-3)


def matches(path: Path, normalized, **given) -> bool:
    model, environment = normalized
    raw, shown = samples(model.observation_space, 30)
    expected = answers(model, environment.normalize_obs(raw))
    assert np.abs(expected - answers(model, raw)).max() > 1e-2, "normalization matters"
    return bool(np.abs(load_stable_baselines3(path, **given).act(shown, None)[0] - expected).max() < 1e-6)


@pytest.mark.parametrize(
    ("agent", "statistics"),
    [
        ("agent.zip", "vecnormalize.pkl"),
        ("agent.zip", "vec_normalize.pkl"),
        ("agent.zip", "agent_vecnormalize.pkl"),
        ("rl_model_800_steps.zip", "rl_model_vecnormalize_800_steps.pkl"),
        ("Toy-v0_1/best_model.zip", "Toy-v0_1/Toy-v0/vecnormalize.pkl"),
        ("Toy-v0_1/Toy-v0.zip", "Toy-v0_1/Toy-v0/vecnormalize.pkl"),
    ],
)
def test_statistics_are_found_where_the_libraries_put_them(agent, statistics, normalized, tmp_path):
    path = saved(normalized[0], (tmp_path / agent).parent, Path(agent).stem)
    (tmp_path / statistics).parent.mkdir(exist_ok=True)
    normalized[1].save(str(tmp_path / statistics))
    assert matches(path, normalized)
    assert any(Path(statistics).name in note for note in load_stable_baselines3(path).notes)


def test_statistics_are_named_or_the_file_is_refused(normalized, tmp_path):
    path = saved(normalized[0], tmp_path / "agent")
    with pytest.raises(UntrustedModelError, match=r"VecNormalize.*--vecnormalize FILE.*--vecnormalize none"):
        load_stable_baselines3(path)
    normalized[1].save(str(tmp_path / "other.pkl"))
    assert matches(path, normalized, vecnormalize=str(tmp_path / "other.pkl"))
    raw, shown = samples(VECTOR, 10)
    plain = load_stable_baselines3(path, vecnormalize="none")
    assert np.abs(plain.act(shown, None)[0] - answers(normalized[0], raw)).max() < 1e-6
    with pytest.raises(UsageError, match="No such file"):
        load_stable_baselines3(path, vecnormalize=str(tmp_path / "missing.pkl"))


def test_of_a_dictionary_only_the_named_entries_are_normalized(tmp_path):
    both = trained(space=DICTIONARY, norm_obs_keys=["a"])
    path = saved(both[0], tmp_path)
    both[1].save(str(tmp_path / "vecnormalize.pkl"))
    assert matches(path, both)


def test_rewards_alone_change_nothing(tmp_path):
    model, environment = trained(norm_obs=False)
    path = saved(model, tmp_path)
    environment.save(str(tmp_path / "vecnormalize.pkl"))
    raw, shown = samples(VECTOR, 10)
    agent = load_stable_baselines3(path)
    assert np.abs(agent.act(shown, None)[0] - answers(model, raw)).max() < 1e-6
    assert any("rewards alone" in note for note in agent.notes)


def test_whole_numbers_were_never_normalized(tmp_path):
    model = untrained("PPO", "MlpPolicy", VecNormalize(toy(spaces.Discrete(4)), norm_obs=False))
    model.learn(8)
    assert not any("VecNormalize" in note for note in load_stable_baselines3(saved(model, tmp_path)).notes)


@pytest.mark.parametrize(("steps", "noted"), [(0, True), (8, False)])
def test_only_a_file_that_does_not_tell_gets_a_note(steps, noted, normalized, tmp_path):
    model = untrained("PPO", "MlpPolicy", toy(VECTOR))
    if steps:
        model.learn(steps)
        # What lies beside a file that was trained without it belongs to another.
        normalized[1].save(str(tmp_path / "vecnormalize.pkl"))
    agent = load_stable_baselines3(saved(model, tmp_path))
    assert any("--vecnormalize FILE" in note for note in agent.notes) == noted
    raw, shown = samples(VECTOR, 10)
    assert np.abs(agent.act(shown, None)[0] - answers(model, raw)).max() < 1e-6


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        (
            "!!python/object/apply:collections.OrderedDict\n- - - n_timesteps\n    - 5\n  - - normalize\n    - true\n",
            True,
        ),
        ("n_timesteps: 5\nnormalize: true\n", True),
        ("n_timesteps: 5\nnormalize: \"{'norm_obs': True, 'norm_reward': False}\"\n", True),
        ("- - - n_timesteps\n    - 5\n  - - normalize\n    - '{''norm_obs'': False, ''norm_reward'': True}'\n", False),
        ("n_timesteps: 5\nnormalize: dict(norm_obs=False, norm_reward=True)\n", False),
        ("n_timesteps: 5\nnormalize: false\n", False),
        ("n_timesteps: 5\npolicy: MlpPolicy\n", False),
    ],
)
def test_the_zoos_configuration_tells(text, refused, tmp_path):
    # Of an algorithm that learns off policy, the file does not tell.
    path = saved(untrained("DQN", "MlpPolicy", toy(VECTOR)), tmp_path)
    assert any("does not tell" in note for note in load_stable_baselines3(path).notes)
    (tmp_path / "config.yml").write_text(text)
    if refused:
        with pytest.raises(UntrustedModelError, match="trained behind VecNormalize"):
            load_stable_baselines3(path)
    else:
        assert not any("VecNormalize" in note for note in load_stable_baselines3(path).notes)


def test_an_observation_beyond_its_space_was_normalized(tmp_path):
    space = spaces.Box(0, 0.01, (3,), np.float32)
    model, _ = trained("DQN", space=space)
    with pytest.raises(UntrustedModelError, match="trained behind VecNormalize"):
        load_stable_baselines3(saved(model, tmp_path))


class Other:
    def __init__(self):
        self.clip_obs = 10.0


@pytest.mark.parametrize("content", ["payload", "nothing", "list", "other class", "nan", "many", "truncated"])
def test_a_file_that_is_no_statistics_is_refused_and_runs_nothing(content, normalized, canary, tmp_path):
    path = saved(normalized[0], tmp_path)
    broken = VecNormalize(toy(VECTOR))
    broken.obs_rms.mean[0] = np.nan
    whole = tmp_path / "whole.pkl"
    broken.save(str(whole))
    broken.norm_obs = np.ones(3, bool)
    many = tmp_path / "many.pkl"
    broken.save(str(many))
    file = tmp_path / "vecnormalize.pkl"
    file.write_bytes(
        {
            "payload": payload(canary),
            "nothing": b"",
            "list": pickle.dumps([1, 2]),
            "other class": pickle.dumps(Other()),
            "nan": whole.read_bytes(),
            "many": many.read_bytes(),
            "truncated": whole.read_bytes()[:-40],
        }[content]
    )
    with pytest.raises(UntrustedModelError) as caught:
        load_stable_baselines3(path)
    assert "vecnormalize.pkl" in str(caught.value)
    assert not canary.exists()


def test_statistics_of_other_observations_are_refused(normalized, tmp_path):
    path = saved(normalized[0], tmp_path)
    VecNormalize(toy(spaces.Box(-1, 1, (4,), np.float32))).save(str(tmp_path / "vecnormalize.pkl"))
    with pytest.raises(MesascopeError, match=r"\[4\].*arrays \[3\].*--vecnormalize FILE"):
        load_stable_baselines3(path)


def test_all_protocols_of_statistics_are_read(normalized, tmp_path):
    for protocol in range(2, 6):
        file = tmp_path / f"{protocol}.pkl"
        file.write_bytes(pickle.dumps(normalized[1], protocol=protocol))
        found = read_statistics(file)
        np.testing.assert_array_equal(found.moments[""][0], normalized[1].obs_rms.mean)
        assert (found.clip, found.epsilon) == (1.5, 1e-3)


def test_companions_are_looked_for_in_few_places(tmp_path):
    assert len(list(companions(tmp_path / "agent_1_steps.zip"))) <= 10
    assert configured("a:\n  normalize: true\n", "normalize") is None, "a key of something else"


@pytest.mark.parametrize(
    ("space", "order"),
    [
        (VECTOR, "frames"),
        (VECTOR, "normalized, then stacked"),
        (VECTOR, "stacked, then normalized"),
        (spaces.Box(-2, 2, (2, 3), np.float32), "frames"),
        (spaces.Box(0, 255, (10, 11, 3), np.uint8), "frames"),
    ],
    ids=str,
)
def test_stacked_frames_are_a_memory(space, order, tmp_path):
    environment = toy(space, environments=2)
    normalization = None
    if order == "normalized, then stacked":
        environment = normalization = VecNormalize(environment)
    environment = VecFrameStack(environment, 3)
    if order == "stacked, then normalized":
        environment = normalization = VecNormalize(environment)
    model = untrained("PPO", "MlpPolicy", environment)
    model.learn(16)
    if normalization is not None:
        normalization.training = False
        normalization.save(str(tmp_path / "vecnormalize.pkl"))
    path = saved(model, tmp_path)
    agent = load_stable_baselines3(path, frame_stack=3)
    assert not agent.memoryless
    innermost = environment
    while hasattr(innermost, "venv"):
        innermost = innermost.venv
    seen, memory = model.env.reset(), agent.initial_state(2)
    for _ in range(5):
        shown = innermost.buf_obs[None].astype(np.float32)
        found, memory = agent.act(shown, memory)
        assert np.abs(found - answers(model, seen)).max() < 1e-6
        seen, *_ = model.env.step(np.zeros(2, np.int64))
    (tmp_path / "config.yml").write_text("n_timesteps: 5\nframe_stack: 3\nnormalize: true\n")
    assert not load_stable_baselines3(path).memoryless, "the zoo's configuration tells, too"
    with pytest.raises(UsageError, match=r"not 2 frames stacked.*--frame-stack N"):
        load_stable_baselines3(path, frame_stack=2)
