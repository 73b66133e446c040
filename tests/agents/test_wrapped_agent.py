import numpy as np
import pytest

from mesascope.agents.activations import Inspectable
from mesascope.agents.adapters.function import FunctionAgent
from mesascope.agents.adapters.stable_baselines3 import load_stable_baselines3
from mesascope.agents.agent import Untrained
from mesascope.agents.files import load_agent
from mesascope.agents.resolve import resolve_agent
from mesascope.agents.wrapped_agent import deterministic
from mesascope.core.errors import UsageError
from mesascope.core.random import root_key
from mesascope.worlds.corner import Corner


def test_the_likeliest_action_is_taken_and_the_first_of_equals():
    rows = np.array([[0.2, 0.5, 0.3], [0.4, 0.4, 0.2], [0.0, 0.5, 0.5]])
    agent = deterministic(FunctionAgent("f", lambda seen: rows, 3))
    assert np.array_equal(agent.act(np.zeros((3, 1)), None)[0], np.eye(3)[[1, 0, 1]])
    assert any("--deterministic" in note for note in agent.notes)
    assert not isinstance(agent, Inspectable)


def test_an_agent_that_can_be_opened_stays_so(agent_file):
    agent, seen = load_agent(agent_file), np.random.default_rng(0).normal(size=(5, 7)).astype(np.float32)
    chosen = deterministic(agent)
    assert isinstance(chosen, Inspectable)
    assert isinstance(chosen, Untrained)
    assert chosen.sites() == agent.sites()
    opened = chosen.step(seen, None)
    assert np.array_equal(opened.probabilities, chosen.act(seen, None)[0])
    assert set(np.unique(opened.probabilities)) == {0, 1}
    assert set(np.unique(chosen.untrained(key=root_key(0)).act(seen, None)[0])) == {0, 1}


def test_it_is_what_stable_baselines3_predicts(stable_baselines3_models):
    path, model = stable_baselines3_models["a2c-vector"]
    seen = np.random.default_rng(0).normal(size=(50, 5)).astype(np.float32)
    agent = load_stable_baselines3(path)
    assert any("--deterministic" in note for note in agent.notes), "another agent"
    assert sum("--deterministic" in note for note in deterministic(agent).notes) == 1, "it says one thing"
    predicted = model.predict(seen, deterministic=True)[0]
    assert np.array_equal(deterministic(agent).act(seen, None)[0], np.eye(4)[predicted])


def test_a_text_can_mean_it(tmp_path, monkeypatch):
    (tmp_path / "deciding.py").write_text(
        "import numpy\ndef policy(seen):\n    return numpy.tile([0.1, 0.2, 0.3, 0.2, 0.2], (len(seen), 1))\n"
    )
    monkeypatch.chdir(tmp_path)
    world = Corner(size=5)
    agent = resolve_agent("deciding:policy", world=world, deterministic=True)
    assert np.array_equal(agent.act(np.zeros((2, *world.observation_shape), np.float32), None)[0], np.eye(5)[[2, 2]])


@pytest.mark.parametrize("given", [{"vecnormalize": "x.pkl"}, {"frame_stack": 4}])
def test_what_only_stable_baselines3_has_is_refused_elsewhere(given, agent_file):
    with pytest.raises(UsageError, match=r"for \.zip files of Stable-Baselines3"):
        resolve_agent(str(agent_file), world=Corner(size=5), **given)
