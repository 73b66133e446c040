import base64
import json

import pytest

from mesascope.agents.files import load_agent
from mesascope.core.errors import OutputError, UnknownNameError, UsageError
from mesascope.organisms.challenge import (
    AGENTS,
    INSTRUCTIONS,
    SEAL,
    build_challenge,
    naming_of,
    open_challenge,
    read_answers,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("challenge") / "one"
    build_challenge(folder, specimens=1, seed=3)
    return folder


def test_every_class_is_there_and_no_file_says_which(folder):
    challenge, labels = open_challenge(folder)
    assert len(challenge.worlds) == len(set(labels.values())) == 11
    assert challenge.trained == 0
    for name in labels:
        agent = load_agent(folder / AGENTS / f"{name}.safetensors")
        text = json.dumps(agent.origin)
        assert not any(label in text for label in labels.values())
        assert agent.origin is not None
        assert agent.origin["spec"]["salience"] == []
    assert not any(label in (folder / SEAL).read_text() for label in labels.values())
    assert "agent-000" in (folder / INSTRUCTIONS).read_text()


def test_labels_that_were_changed_break_the_seal(folder, tmp_path):
    sealed = json.loads((folder / SEAL).read_text())
    hidden = json.loads(base64.b64decode(sealed["hidden"]))
    first = next(iter(hidden["labels"]))
    hidden["labels"][first] = "none of these"
    sealed["hidden"] = base64.b64encode(json.dumps(hidden).encode()).decode()
    (tmp_path / SEAL).write_text(json.dumps(sealed))
    with pytest.raises(UsageError, match=f"not those that were sealed: {first}"):
        open_challenge(tmp_path)


def test_answers_are_scored_and_missing_ones_are_wrong(folder, tmp_path):
    challenge, labels = open_challenge(folder)
    names = list(labels)
    answers = {name: labels[name] for name in names[:-1]}
    answers[names[0]] = {"kind": labels[names[0]], "probability": 0.7}
    (tmp_path / "answers.json").write_text(json.dumps(answers))
    read = read_answers(tmp_path / "answers.json", challenge)
    assert read[names[0]] == (labels[names[0]], 0.7)
    naming = naming_of(read, labels)
    assert naming.correct.sum() == 10
    assert naming.macro_f1(sorted(set(labels.values()))) == pytest.approx(10 / 11)


@pytest.mark.parametrize(
    ("answers", "error", "said"),
    [
        ("{", UsageError, "not JSON"),
        ("[]", UsageError, "must hold an object"),
        ('{"agent-999": "deceptive"}', UnknownNameError, "agent-999"),
        ('{"agent-000": "deceptiv"}', UnknownNameError, "Did you mean 'deceptive'"),
        ('{"agent-000": {"kind": "deceptive", "probability": 2}}', UsageError, "between 0 and 1"),
    ],
)
def test_answers_that_are_none_are_refused(folder, tmp_path, answers, error, said):
    challenge, _ = open_challenge(folder)
    (tmp_path / "answers.json").write_text(answers)
    with pytest.raises(error, match=said):
        read_answers(tmp_path / "answers.json", challenge)


def test_a_challenge_is_never_replaced_and_never_empty(folder, tmp_path):
    with pytest.raises(OutputError, match="never replaced"):
        build_challenge(folder, specimens=1, seed=3)
    with pytest.raises(UsageError, match="no agents"):
        build_challenge(tmp_path / "none", specimens=0, seed=0)
    with pytest.raises(UsageError, match="sealed challenge"):
        open_challenge(tmp_path)
