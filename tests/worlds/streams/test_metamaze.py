"""The maze is that of gymnax, and who was trained there earns here what its authors report."""

import sys
from pathlib import Path

import jax
import numpy as np
import pytest

from mesascope.audit.learning.episodes import play
from mesascope.core.errors import WorldError
from mesascope.worlds.streams.metamaze import MetaMaze
from tests.worlds.streams.playing import played

ROOT = Path(__file__).parents[3]
WEIGHTS = ROOT.parent / "shared" / "data" / "gymnax-blines" / "metamaze-es.npz"


def test_the_map_is_that_of_gymnax():
    # What its generate_maze_layout(7, 5) writes; nobody gets to the walls around.
    rows = ["x" * 11] * 2 + ["xx       xx", "xx x x x xx"] * 3 + ["xx       xx"] + ["x" * 11] * 2
    np.testing.assert_array_equal(MetaMaze().walls(), [[sign == "x" for sign in row] for row in rows])


def test_episodes_begin_in_the_middle_and_who_reaches_the_goal_is_put_down_anywhere():
    stream = MetaMaze()
    goals, seen, given, signals = played(stream)
    walls = stream.walls()
    assert not walls[goals[:, 0], goals[:, 1]].any()
    assert len(np.unique(goals, axis=0)) == (~walls).sum() == 40
    np.testing.assert_array_equal(seen[:, 0, 25:29], np.tile(np.eye(4)[0], (400, 1)))
    np.testing.assert_array_equal(seen[:, :, 30], np.tile(np.arange(200), (400, 1)))
    np.testing.assert_array_equal(seen[:, 1:, 29], signals[:, :-1, 0])
    np.testing.assert_array_equal(seen[:, 1:, 25:29], np.eye(4)[given[:, :-1]])
    assert set(np.unique(signals)) == {0, 10}
    # Where somebody stands can be followed from (6, 6) until the first reward, and what is seen is around it.
    moves = np.array([(-1, 0), (0, 1), (1, 0), (0, -1)])
    ended = []
    for goal, views, answers, rewards in zip(goals[:80], seen, given, signals[..., 0], strict=False):
        place = np.array([6, 6])
        for view, answer, reward in zip(views, answers, rewards, strict=True):
            around = walls[place[0] - 2 : place[0] + 3, place[1] - 2 : place[1] + 3]
            np.testing.assert_array_equal(view[:25], around.ravel())
            ahead = place + moves[answer]
            place = place if walls[tuple(ahead)] else ahead
            assert (reward > 0) == (place == goal).all()
            if reward:
                ended.append(True)
                break
    assert len(ended) > 40


def test_options_that_cannot_be_are_refused():
    with pytest.raises(WorldError, match="size=8 and field=5 must be odd"):
        MetaMaze(size=8)


@pytest.fixture
def stranger(monkeypatch):
    if not WEIGHTS.exists():
        pytest.skip("the weights of gymnax-blines lie in shared/data beside the checkout, and are not there")
    monkeypatch.syspath_prepend(str(ROOT / "examples"))
    monkeypatch.chdir(WEIGHTS.parent)
    import metamaze_agent

    yield metamaze_agent.agent
    sys.modules.pop("metamaze_agent")


def test_a_network_of_gymnax_earns_what_its_authors_report_and_learns_from_rewards(stranger):
    # They report 32 (164 episodes), 28.2 +- 0.8 is what 2,000 episodes give here; whoever moves at random gets 13.
    found = play(stranger, MetaMaze(), episodes=160, key=jax.random.key(0)).base.sum(1)
    assert abs(found.mean() - 32) < 4 * found.std() * (1 / 160 + 1 / 164) ** 0.5
    blind = play(stranger, MetaMaze(), episodes=160, key=jax.random.key(0), feedback="shuffled").base.sum(1)
    assert found.mean() - blind.mean() > 4 * (found - blind).std() / 160**0.5
