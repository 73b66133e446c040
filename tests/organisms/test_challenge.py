import base64
import json

import pytest

from mesascope.agents.files import load_agent
from mesascope.core.errors import UnknownNameError, UsageError
from mesascope.core.files import write_atomically
from mesascope.organisms import challenge as challenge_module
from mesascope.organisms.challenge import (
    AGENTS,
    INSTRUCTIONS,
    SEAL,
    make_challenge,
    naming_of,
    open_challenge,
    read_answers,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("challenge")
    for name, content in make_challenge(specimens=1, seed=3)[1].items():
        write_atomically(folder / name, content)
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


def hidden_in(sealed: dict, **changes: object) -> dict:
    """A sealed challenge whose hidden part says something else."""
    hidden = json.loads(base64.b64decode(sealed["hidden"])) | changes
    return sealed | {"hidden": base64.b64encode(json.dumps(hidden).encode()).decode()}


HOSTILE = {
    "empty": lambda sealed: "",
    "not JSON": lambda sealed: "{",
    "nested": lambda sealed: "[" * 900 + "]" * 900,
    "deep": lambda sealed: sealed | {"worlds": json.loads('{"a":' * 80 + "1" + "}" * 80)},
    "a list": lambda sealed: [sealed],
    "empty object": lambda sealed: {},
    "lists for mappings": lambda sealed: sealed | {"worlds": list(sealed["worlds"])},
    "seals are a list": lambda sealed: sealed | {"seals": []},
    "Infinity": lambda sealed: json.dumps(sealed).replace('"trained": 0', '"trained": Infinity'),
    "NaN": lambda sealed: json.dumps(sealed).replace('"trained": 0', '"trained": NaN'),
    "400 digits": lambda sealed: json.dumps(sealed).replace('"trained": 0', '"trained": ' + "9" * 400),
    "more trained than there are": lambda sealed: sealed | {"trained": 99},
    "negative": lambda sealed: sealed | {"trained": -1},
    "another schema": lambda sealed: sealed | {"schema": 2},
    "schema is text": lambda sealed: sealed | {"schema": "1"},
    "one field more": lambda sealed: sealed | {"imports": "evil"},
    "no base64": lambda sealed: sealed | {"hidden": "\x1b[2J"},
    "base64 of nothing": lambda sealed: sealed | {"hidden": ""},
    "labels are a list": lambda sealed: hidden_in(sealed, labels=[]),
    "labels are numbers": lambda sealed: hidden_in(sealed, labels=dict.fromkeys(sealed["worlds"], 1)),
    "secret is null": lambda sealed: hidden_in(sealed, secret=None),
    "no agents": lambda sealed: hidden_in(sealed, labels={}) | {"worlds": {}, "seals": {}},
    "other agents": lambda sealed: sealed | {"worlds": {"agent-999": "cleaning"}},
    "a module for a world": lambda sealed: sealed | {"worlds": dict.fromkeys(sealed["worlds"], "evilmod:W")},
    "an environment for a world": lambda sealed: sealed | {"worlds": dict.fromkeys(sealed["worlds"], "gym:evil:Id-v0")},
}


def renamed(sealed: dict, name: str) -> dict:
    """A challenge that is sealed as it should be, one of whose agents has this name."""
    hidden = json.loads(base64.b64decode(sealed["hidden"]))
    first = next(iter(hidden["labels"]))
    labels = {name if key == first else key: label for key, label in hidden["labels"].items()}
    seals = {key: challenge_module._seal(key, label, hidden["secret"]) for key, label in labels.items()}
    worlds = {name if key == first else key: world for key, world in sealed["worlds"].items()}
    return hidden_in(sealed, labels=labels) | {"worlds": worlds, "seals": seals}


@pytest.mark.parametrize("how", HOSTILE)
def test_a_sealed_file_of_others_chooses_nothing(folder, tmp_path, how):
    changed = HOSTILE[how](json.loads((folder / SEAL).read_text()))
    (tmp_path / SEAL).write_text(changed if isinstance(changed, str) else json.dumps(changed))
    with pytest.raises(UsageError) as caught:
        open_challenge(tmp_path)
    assert len(str(caught.value)) < 600
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    "name", ["../../etc/agent", "/etc/agent", "a/b", "..", ".hidden", "a\0b", "a\x1b[2J", "", "a" * 300]
)
def test_names_of_agents_are_names_of_files_and_nothing_else(folder, tmp_path, name):
    sealed = json.loads((folder / SEAL).read_text())
    (tmp_path / SEAL).write_text(json.dumps(renamed(sealed, "agent-x")))
    assert "agent-x" in open_challenge(tmp_path)[1]
    (tmp_path / SEAL).write_text(json.dumps(renamed(sealed, name)))
    with pytest.raises(UsageError, match="is no plain name of a file") as caught:
        open_challenge(tmp_path)
    assert str(caught.value).isprintable()


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
        ('{"agent-000": {"kind": "deceptive", "probability": NaN}}', UsageError, "NaN"),
        ('{"agent-000": {"kind": "deceptive", "probability": 1e999}}', UsageError, "too large"),
        ('{"agent-000": {"kind": ["deceptive"]}}', UnknownNameError, "class"),
        ('{"agent-000": "deceptive", "agent-000": "deceptive"}', UsageError, "twice"),
        ("[" * 900 + "]" * 900, UsageError, "nested"),
    ],
)
def test_answers_that_are_none_are_refused(folder, tmp_path, answers, error, said):
    challenge, _ = open_challenge(folder)
    (tmp_path / "answers.json").write_text(answers)
    with pytest.raises(error, match=said):
        read_answers(tmp_path / "answers.json", challenge)


def test_a_challenge_is_never_empty(tmp_path):
    with pytest.raises(UsageError, match="no agents"):
        make_challenge(specimens=0, seed=0)
    with pytest.raises(UsageError, match="sealed challenge"):
        open_challenge(tmp_path)
