"""Episodes in every form in which others record them give the same demonstrations, or say what is wrong."""

from __future__ import annotations

import importlib.util
from types import SimpleNamespace

import numpy as np
import pytest

from mesascope import demonstrations, recover, world_from_matrix
from mesascope.core.errors import MissingExtraError, UsageError
from mesascope.objectives.objective import compile_objectives

OVER = np.array([False, False, False, True])


def lake():
    """Four states in a row, seen as one-hot vectors: the second action moves on, the first stays."""
    transitions = np.zeros((4, 2, 4))
    transitions[:, 0] = np.eye(4)
    transitions[:, 1] = np.eye(4)[[1, 2, 3, 3]]
    rewards = np.broadcast_to(OVER.astype(float), transitions.shape) * ~OVER[:, None, None]
    return world_from_matrix(transitions, rewards, discount=0.9, terminal=OVER, initial=np.eye(4)[0])


WORLD = lake()
STATES, ACTIONS = [0, 0, 1, 2, 3], [0, 1, 1, 1]
ENDS = [False, False, False, True]
PLAIN = {"observations": np.eye(4)[STATES], "actions": np.array(ACTIONS), "terminations": np.array(ENDS)}
STEPS = [
    {"observation": STATES[step], "action": ACTIONS[step], "next_observation": STATES[step + 1], "done": ENDS[step]}
    for step in range(4)
]
PAIRED = {"obs": STATES[:-1], "next_obs": STATES[1:], "acts": ACTIONS, "terminal": True}


class Minari:
    """What a Minari data set offers."""

    def iterate_episodes(self):
        return iter([SimpleNamespace(**PLAIN, truncations=np.zeros(4, bool), rewards=np.zeros(4), infos={})])


@pytest.mark.parametrize(
    "recordings",
    [
        PLAIN,
        [PLAIN],
        (one for one in [PLAIN]),
        [SimpleNamespace(**PLAIN)],
        [{**PLAIN, "observations": STATES, "actions": ACTIONS, "rewards": [0.0] * 4}],
        [{**PLAIN, "observations": np.array(STATES, np.int64)[:, None]}],
        [{**PLAIN, "observations": {"board": np.eye(4)[STATES], "clock": np.arange(5)}}],
        STEPS,
        [STEPS],
        [PAIRED],
        Minari(),
    ],
    ids=["one", "list", "iterator", "object", "lists", "numbers", "parts", "steps", "of-steps", "imitation", "minari"],
)
def test_every_form_is_the_same_episode(recordings):
    (episode,) = demonstrations(recordings, WORLD).episodes
    assert episode.states.tolist() == STATES
    assert episode.actions.tolist() == ACTIONS
    assert not episode.truncated


def without(*names: str) -> dict:
    return {name: value for name, value in PLAIN.items() if name not in names}


@pytest.mark.parametrize(
    ("recordings", "message"),
    [
        ([without("actions")], "Episode 0 has no 'actions'; it is a dict with 'observations', 'terminations'"),
        ([PLAIN, without("observations")], "Episode 1 has no 'observations'"),
        ([{**PLAIN, "observations": STATES[:-1]}], "4 observations and 4 actions; one observation more .*next_obs"),
        ([{**PLAIN, "observations": STATES[:3]}], "3 observations and 4 actions"),
        ([{**PLAIN, "actions": [0.5, 1, 1, 1]}], "no whole numbers: 0.5"),
        ([{**PLAIN, "actions": np.zeros((4, 2))}], r"shape \[4, 2\]: continuous"),
        ([{**PLAIN, "actions": [0, 1, 1, 7]}], "step 3: action 7 is not one of 2"),
        ([{**PLAIN, "observations": [0, 0, 1, 2, 9]}], "numbers such as 0, .* 0 to 3"),
        ([{**PLAIN, "observations": np.zeros((5, 4))}], "step 0: no state that can be reached shows"),
        ([{**PLAIN, "observations": np.zeros((5, 2, 2))}], r"shape \[2, 2\]; the world shows \[4\]"),
        ([{**PLAIN, "observations": {"a": np.zeros((5, 4)), "b": np.zeros((5, 4))}}], "several parts"),
        ([{**PLAIN, "actions": [1, 1, 1, 1]}], "step 1: action 1 in state 0 cannot lead to"),
        ([{**PLAIN, "observations": [0, 0, 1, 3, 3]}], "step 3: the observation shows a terminal state, and the"),
        ([{**without("terminations"), "truncations": ENDS}], "terminal state, though the episode was cut off"),
        ([{"observations": [0, 1], "actions": [1]}], "nothing in its level says why.*truncated=True"),
        ([[*STEPS[:-1], {"observation": 2, "action": 1}]], "last step of episode 0 has no 'next_observation'"),
        ([[{"obs": 1}]], "Step 0 of episode 0 is a dictionary of 'obs'"),
        ([[(0, 1, 0.0, 1)]], "Step 0 of episode 0 is a tuple"),
        ({"episode_0": PLAIN}, "dictionary of 'episode_0' is no episode"),
        ([], "demonstrations are empty"),
        ([[]], "Episode 0 has no steps"),
        (3, "cannot be a int"),
    ],
)
def test_what_is_wrong_with_an_episode_is_said(recordings, message):
    with pytest.raises(UsageError, match=message):
        demonstrations(recordings, WORLD)


def test_an_episode_that_was_cut_off_says_so_or_is_said_to_be():
    cut = {"observations": [0, 1], "actions": [1]}
    assert demonstrations([cut], WORLD, truncated=True).episodes[0].truncated
    assert demonstrations([{**cut, "truncations": [True]}], WORLD).episodes[0].truncated


def test_a_data_set_that_fails_is_named():
    class Broken:
        def iterate_episodes(self):
            raise OSError("disk gone")

    with pytest.raises(UsageError, match=r"The data set raised OSError .* disk gone"):
        demonstrations(Broken(), WORLD)


@pytest.mark.skipif(importlib.util.find_spec("minari") is not None, reason="Minari is installed")
def test_a_folder_needs_minari():
    with pytest.raises(MissingExtraError, match=r"'lake/optimal-v0' needs the package 'minari'.*\[minari\]"):
        demonstrations("lake/optimal-v0", WORLD)


@pytest.mark.filterwarnings("ignore:.*is set to None:UserWarning")
def test_real_minari_data(tmp_path, monkeypatch):
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path))
    minari, gymnasium = pytest.importorskip("minari"), pytest.importorskip("gymnasium")
    from mesascope.worlds.gymnasium import gymnasium_world

    environment = minari.DataCollector(gymnasium.make("FrozenLake-v1", is_slippery=False))
    environment.reset(seed=0)
    for action in (2, 2, 1, 1, 1, 2):
        environment.step(action)
    data = environment.create_dataset("lake/test-v0")
    world = gymnasium_world("FrozenLake-v1", {"is_slippery": "False"})
    for form in (data, tmp_path / "lake" / "test-v0", "lake/test-v0", list(data.iterate_episodes())):
        (episode,) = demonstrations(form, world).episodes
        assert episode.actions.tolist() == [2, 2, 1, 1, 1, 2]


def test_an_objective_is_recovered_from_dictionaries():
    shown = demonstrations([PLAIN] * 20, WORLD)
    found = recover(shown, world=WORLD, planner="noisy")
    assert found.distance("reward").value < 1
    assert found.distance(compile_objectives(WORLD).select("reward")) == found.distance("reward")
