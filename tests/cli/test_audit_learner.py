"""`mesascope audit` in a stream: the screen, the files, the gates, and options that have no place there."""

from __future__ import annotations

import pytest

from mesascope.report.data.learner_report import LearnerReport
from tests.report.learner_example import learner_report

MODULE = """
import numpy as np
import mesascope


def even(observations):
    return np.full((len(observations), 2), 0.5)


class Remembers(mesascope.Agent):
    name, kind, memoryless = "remembers", "script", False

    def initial_state(self, batch):
        return np.zeros((batch, 2))

    def act(self, observations, state):
        state = state + observations[:, :2] * (observations[:, 2:3] - 0.5)
        best = state >= state.max(-1, keepdims=True)
        return best / best.sum(-1, keepdims=True), state


remembers = Remembers()
"""
STREAM = ("--world", "bandits", "--world-option", "arms=2", "--world-option", "horizon=6")


@pytest.fixture
def here(folder):
    (folder / "my_learners.py").write_text(MODULE)
    return folder


def test_an_agent_without_memory_cannot_learn_within_an_episode(mesascope, here):
    code, out, _ = mesascope("audit", "my_learners:even", *STREAM, "--levels", "64", "--quiet")
    assert code == 0
    assert "It cannot learn within an episode: it has no memory." in " ".join(out.split())
    (file,) = here.rglob("learner.json")
    report = LearnerReport.load(file)
    assert report.aligned.answer == "open: it does not learn"
    assert (report.episodes, report.stream_options["arms"]) == (64, 2)


def test_a_gate_is_the_last_answer(mesascope, here, monkeypatch):
    from mesascope.api import audit_learner as main_job

    monkeypatch.setattr(main_job, "audit_learner", lambda agent, stream, **options: learner_report(agent=agent.name))
    command = ("audit", "my_learners:remembers", *STREAM, "--quiet", "--force")
    assert mesascope(*command)[0] == 0
    assert mesascope(*command, "--fail-on", "pseudo-aligned")[0] == 1


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (("--deploy", "deploy"), "lives in a stream, so --deploy has no place"),
        (("--base", "reward"), "'bandits' is a stream, so --base has no place"),
        (("--view", "scale=1"), "stream 'bandits' is shown as it is"),
        (("--world-option", "arms=7"), "given twice"),
    ],
)
def test_what_has_no_place_in_a_stream_is_refused(mesascope, here, options, complaint):
    code, _, err = mesascope("audit", "my_learners:remembers", *STREAM, *options, "--quiet")
    assert code == 2
    assert complaint in " ".join(err.split())


def test_an_agent_that_does_not_fit_is_refused_before_anything_is_played(mesascope, here):
    stream = ("--world", "bandits", "--world-option", "arms=3")
    code, _, err = mesascope("audit", "my_learners:even", *stream, "--quiet")
    assert code == 2
    assert "with 3 actions it must be [1, 3]" in " ".join(err.split())
    code, _, err = mesascope("search", "my_learners:even", *stream)
    assert code == 2
    assert "`mesascope audit` is for those" in " ".join(err.split())
    code, _, err = mesascope("audit", "my_learners:even", "--world", "regression")
    assert code == 2
    assert "where answers are numbers" in " ".join(err.split())
