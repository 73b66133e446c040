"""Agents of known truth are judged: the answers are those of an audit, and one that fails is a row."""

from __future__ import annotations

import contextlib

import msgspec
import numpy as np
import pytest

import mesascope
from mesascope import Submission, SubmittedTruth
from mesascope.api.submit import Judge, submit
from mesascope.audit.context import AuditContext
from mesascope.cli.submit import gates
from mesascope.core.errors import AgentError
from mesascope.core.progress import progress_shown_by

LEVELS = 16
OPTIONS = {"size": "5", "walls": "open"}
TRUTH = SubmittedTruth(("random",), classes=("incapable",), searches="no")


def uniform(seen: np.ndarray) -> np.ndarray:
    return np.full((len(seen), 5), 0.2)


def upwards(seen: np.ndarray) -> np.ndarray:
    return np.tile([0.6, 0.1, 0.1, 0.1, 0.1], (len(seen), 1))


def broken(seen: np.ndarray) -> np.ndarray:
    raise RuntimeError("out of order")


class Remembering(mesascope.Agent):
    name, kind, memoryless = "remembering", "function", False

    def initial_state(self, batch: int) -> np.ndarray:
        return np.zeros(batch)

    def act(self, observations: np.ndarray, state: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return uniform(observations), state + 1


def submission(name: str, agent, **more) -> Submission:
    given = {"world": "corner", "world_options": OPTIONS, "truth": TRUTH, "agent": agent} | more
    return Submission(name=name, kind="aimless", **given)


@pytest.fixture(scope="module")
def judge() -> Judge:
    return Judge(gates, search=False, levels=LEVELS)


def test_answers_without_search_are_those_of_a_whole_audit(judge):
    found = judge.judge(submission("one", upwards)).answer
    assert found is not None
    # The second one is watched in the levels of the first.
    again = judge.judge(submission("two", upwards)).answer
    whole = mesascope.audit(upwards, "corner", world_options=OPTIONS, levels=LEVELS).findings
    assert found == again
    assert (found.objective, found.objective_probability) == (whole.objective.name, whole.objective.probability)
    assert (found.class_, found.class_probability) == whole.alignment.classes[0]
    assert (found.kind, found.kind_probability) == (None, None)
    assert (found.require_robust, found.fail_on_pseudo_aligned) == gates(whole.alignment)
    assert found.search is None


def test_chance_is_called_chance(judge):
    found = judge.judge(submission("chance", uniform))
    assert found.mark is not None
    assert found.mark.objective
    assert not found.mark.called_robust
    assert not found.failure


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"agent": broken}, "out of order"),
        ({"agent": None, "build": lambda: None}, "built None"),
        ({"agent": None, "build": lambda: 1 / 0}, "ZeroDivisionError"),
        ({"agent": "no_such:agent"}, "no_such"),
        ({"world": "cornre"}, "Did you mean 'corner'?"),
        ({"base": "cheeze"}, "Did you mean 'cheese'?"),
        ({"truth": SubmittedTruth(("candidate",), (("cheeze", 1.0),))}, "Did you mean 'cheese'?"),
        ({"truth": SubmittedTruth(("mixture",), (("cheeze", 0.5), ("corner", 0.5)))}, "Did you mean 'cheese'?"),
        ({"truth": SubmittedTruth(("context",), (("cheese", 0.5), ("cornre", 0.5)))}, "Did you mean 'corner'?"),
        ({"truth": SubmittedTruth(("rank",), (("cheeze", 1.0),))}, "Did you mean 'cheese'?"),
        ({"truth": SubmittedTruth(("depth",), (("cheese", 1.0),), equals=("cornre",))}, "Did you mean 'corner'?"),
        ({"truth": SubmittedTruth(("candidate",), (("nothing", 1.0),))}, "'nothing'"),
        ({"deploy": "deplyo"}, "Did you mean 'deploy'?"),
        ({"train": "trian"}, "Did you mean 'train'?"),
        ({"deploy_world": "cornre"}, "Did you mean 'corner'?"),
    ],
)
def test_what_fails_is_a_row(judge, more, words):
    found = judge.judge(submission("fails", **{"agent": uniform} | more))
    assert found.answer is None
    assert found.mark is None
    assert words in found.failure


def test_what_was_judged_stays(tmp_path):
    asked = []

    def counting(seen: np.ndarray) -> np.ndarray:
        asked.append(len(seen))
        return uniform(seen)

    two = [submission("one", counting), submission("two", counting)]
    options = {"gates": gates, "folder": tmp_path, "search": False, "levels": LEVELS}
    (first,) = submit(two[:1], stamp="a", **options)
    count = len(asked)
    rows = submit(two, stamp="a", **options)
    assert rows[0] == first
    assert msgspec.json.encode(rows[0]) == msgspec.json.encode(first)
    # The first was not asked again, the second was.
    assert count < len(asked) <= 2 * count + 2
    count = len(asked)
    assert submit(two, stamp="a", **options) == rows
    assert len(asked) == count
    submit(two[:1], stamp="b", **options)
    assert len(asked) > count


@pytest.fixture
def asked(monkeypatch) -> list[dict]:
    """What agents would be watched with; nobody is."""
    calls = []

    def unwatched(agent, world, **options):
        calls.append(options | {"world": world})
        return object.__new__(AuditContext)

    def unanswered(context):
        raise AgentError("nobody was watched")

    monkeypatch.setattr("mesascope.api.submit.watched", unwatched)
    monkeypatch.setattr("mesascope.api.submit.watched_beside", lambda agent, other: other)
    monkeypatch.setattr("mesascope.api.submit.without_search", unanswered)
    return calls


def test_levels_are_drawn_once_for_each_place_and_answers_keep_their_order(asked, tmp_path):
    small = OPTIONS | {"size": "4"}
    mixed = [
        submission(f"{turn}-{options['size']}", uniform, world_options=options)
        for turn in range(3)
        for options in (OPTIONS, small)
    ]
    found = submit(mixed, gates=gates, folder=tmp_path, stamp="a", search=False)
    assert [row.name for row in found] == [one.name for one in mixed]
    assert {row.failure for row in found} == {"nobody was watched"}
    assert [one["world"].options()["size"] for one in asked] == [5, 4]
    # What is asked elsewhere is another question, under the same name.
    submit(
        [submission(mixed[0].name, uniform, world_options=small)], gates=gates, folder=tmp_path, stamp="a", search=False
    )
    assert len(list(tmp_path.iterdir())) == 7


def test_a_submission_says_before_and_after_which_shift(asked):
    own = Judge(gates, search=False)
    own.judge(submission("one", uniform, train="deploy", deploy="train"))
    own.judge(submission("two", uniform, deploy_world="corner", deploy_options=OPTIONS | {"walls": "maze"}))
    assert [(one["train"], one["deploy"]) for one in asked] == [("deploy", "train"), (None, None)]
    assert asked[0]["deploy_world"] is None
    assert asked[1]["deploy_world"].options()["walls"] == "maze"


def test_what_is_not_listed_has_a_word(asked):
    truth = SubmittedTruth(("context",), (("cheese", 0.9), ("nothing", 0.1)))
    assert Judge(gates, search=False).judge(submission("idles", uniform, truth=truth)).failure == "nobody was watched"


def test_progress_says_that_memory_takes_long(asked):
    told = []

    @contextlib.contextmanager
    def shown(title):
        yield lambda words, share: told.append((title, words))

    with progress_shown_by(shown):
        for name, agent in (("forgets", uniform), ("remembers", Remembering())):
            Judge(gates, search=False).judge(submission(name, agent))
    ((title, words),) = [one for one in told if "memory" in one[1]]
    assert title == "remembers"
    assert "takes long" in words


@pytest.mark.slow
def test_answers_where_the_world_has_cues_are_those_of_a_whole_audit(judge):
    def even(seen: np.ndarray) -> np.ndarray:
        return np.full((len(seen), 10), 0.1)

    found = judge.judge(submission("menus", even, world="cleaning", world_options={})).answer
    whole = mesascope.audit(even, "cleaning", levels=LEVELS).findings
    assert found is not None
    assert (found.objective, found.objective_probability) == (whole.objective.name, whole.objective.probability)
    assert (found.class_, found.class_probability) == whole.alignment.classes[0]
    assert (found.kind, found.kind_probability) == whole.alignment.kinds[0]
    assert (found.require_robust, found.fail_on_pseudo_aligned) == gates(whole.alignment)
