"""Agents of known truth are judged: the answers are those of an audit, and one that fails is a row."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

import mesascope
from mesascope import Submission, SubmittedTruth
from mesascope.api.submit import Judge, submit
from mesascope.cli.submit import gates

LEVELS = 16
OPTIONS = {"size": "5", "walls": "open"}
TRUTH = SubmittedTruth(("random",), classes=("incapable",), searches="no")


def uniform(seen: np.ndarray) -> np.ndarray:
    return np.full((len(seen), 5), 0.2)


def upwards(seen: np.ndarray) -> np.ndarray:
    return np.tile([0.6, 0.1, 0.1, 0.1, 0.1], (len(seen), 1))


def broken(seen: np.ndarray) -> np.ndarray:
    raise RuntimeError("out of order")


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
    first = next(iter(submit(two, stamp="a", **options)))
    count = len(asked)
    rows = list(submit(two, stamp="a", **options))
    assert rows[0] == first
    assert msgspec.json.encode(rows[0]) == msgspec.json.encode(first)
    # The first was not asked again, the second was.
    assert count < len(asked) <= 2 * count + 2
    count = len(asked)
    assert list(submit(two, stamp="a", **options)) == rows
    assert len(asked) == count
    list(submit(two[:1], stamp="b", **options))
    assert len(asked) > count


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
