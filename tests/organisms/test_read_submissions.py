"""Submissions are read from folders, files and modules; what is none is named with what to do."""

from __future__ import annotations

import sys

import pytest

from mesascope import Submission, SubmittedTruth
from mesascope.core.errors import UsageError
from mesascope.organisms.read_submissions import read_submissions

GOOD = """
from mesascope import Submission, SubmittedTruth
from _helper import policy
def submissions():
    yield Submission("one", "kind", "corner", SubmittedTruth(), policy)
    yield Submission("two", "kind", "corner", SubmittedTruth(), build=lambda: policy)
"""
BAD = """
from mesascope import Submission, SubmittedTruth
policy = len
submissions = [
    {"name": "three"},
    Submission("one", "kind", "corner", SubmittedTruth(), policy),
    Submission("four", "kind", "corner", SubmittedTruth(("candidat",)), policy),
    Submission("five", "kind", "corner", SubmittedTruth()),
    Submission("six", "kind", "corner", SubmittedTruth(("candidate",)), policy),
    Submission("seven", "kind", "corner", SubmittedTruth(("mixture",), (("a", 0.3), ("b", 0.3))), policy),
    Submission("eight", "kind", "corner", SubmittedTruth(classes=("robst",)), policy),
    Submission("nine", "kind", "corner", SubmittedTruth(slips=2.0), policy),
]
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "_helper.py").write_text("policy = len\n")
    (tmp_path / "a_good.py").write_text(GOOD)
    (tmp_path / "b_bad.py").write_text(BAD)
    (tmp_path / "c_raises.py").write_text("raise SystemExit(0)\n")
    (tmp_path / "d_nothing.py").write_text("agents = []\n")
    return tmp_path


def test_good_ones_are_kept_and_bad_ones_named(folder):
    brought = read_submissions(str(folder))
    assert [one.name for one in brought.submissions] == ["one", "two"]
    told = {one.name: one.reason for one in brought.refused}
    assert len(told) == 10
    for name, words in {
        "b_bad.py, submission 1": "It is a dict",
        "one": "same name",
        "four": "Did you mean 'candidate'?",
        "five": "has an agent, or a function `build`",
        "six": "needs its name",
        "seven": "weights sum to 1",
        "eight": "Did you mean 'robust'?",
        "nine": "must be a share",
        "c_raises.py": "tried to exit",
        "d_nothing.py": "It has no `submissions`",
    }.items():
        assert words in told[name], (name, told[name])


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("name", 10, "The name of a submission is a text"),
        ("kind", "", "The kind of a submission"),
        ("base", 3, "base objective of a submission is a name"),
        ("deploy_world", 3, "world of deployment of a submission is a name"),
        ("train", b"told", "distribution before the shift of a submission is a name"),
        ("deploy", 1, "distribution after the shift of a submission is a name"),
        ("world_options", {"size": 7}, "world_options are texts"),
        ("build", 7, "an agent, or a function `build`"),
        ("truth", {}, "SubmittedTruth"),
    ],
)
def test_what_is_of_the_wrong_type_is_named(field, value, words):
    made = Submission("one", "kind", "corner", SubmittedTruth(), len)
    # The tests check types when objects are made, which a user's interpreter does not.
    object.__setattr__(made, field, value)
    with pytest.raises(UsageError, match=words):
        made.check()


def test_a_submission_of_a_class_of_theirs_is_no_way_out(folder):
    (folder / "f_derived.py").write_text(
        "from mesascope import Submission, SubmittedTruth\n"
        "class Mine(Submission):\n"
        "    def check(self):\n"
        "        raise SystemExit(0)\n"
        "submissions = [Mine('mine', 'kind', 'corner', SubmittedTruth(), len)]\n"
    )
    told = {one.name: one.reason for one in read_submissions(str(folder)).refused}
    assert "tried to exit" in told["mine"]


def test_a_file_and_a_module_will_do(folder, monkeypatch):
    assert len(read_submissions(str(folder / "a_good.py")).submissions) == 2
    (folder / "brought_module.py").write_text(GOOD.replace("submissions", "agents").replace("two", "three"))
    monkeypatch.chdir(folder)
    assert [one.name for one in read_submissions("brought_module:agents").submissions] == ["one", "three"]


def test_other_code_has_another_digest(folder):
    before = read_submissions(str(folder)).digest
    assert read_submissions(str(folder)).digest == before
    (folder / "_helper.py").write_text("policy = max\n")
    assert read_submissions(str(folder)).digest != before


def test_the_digest_of_a_file_is_of_all_that_its_answers_hang_on(tmp_path, monkeypatch):
    elsewhere, here = tmp_path / "elsewhere", tmp_path / "here"
    elsewhere.mkdir()
    here.mkdir()
    parts = {
        here / "sibling_of_it.py": "policy = len\n",
        here / "imported_when_built.py": "policy = len\n",
        elsewhere / "from_elsewhere.py": "policy = len\n",
        elsewhere / "by_a_made_up_name.py": "policy = len\n",
        here / "named_as_agent.py": "policy = len\n",
        here / "named_as_world.py": "Mine = len\n",
        here / "weights.safetensors": "weights",
    }
    for file, text in parts.items():
        file.write_text(text)
    (here / "brought.py").write_text(
        "import importlib, sys\n"
        f"sys.path.insert(0, {str(elsewhere)!r})\n"
        "import from_elsewhere, sibling_of_it\n"
        "importlib.import_module('by_a_made_up' + '_name')\n"
        "sys.path.pop(0)\n"
        "from mesascope import Submission, SubmittedTruth\n"
        "def late():\n"
        "    from imported_when_built import policy\n"
        "    return policy\n"
        "submissions = [\n"
        "    Submission('one', 'kind', 'named_as_world:Mine', SubmittedTruth(), 'named_as_agent:policy'),\n"
        "    Submission('two', 'kind', 'corner', SubmittedTruth(), 'weights.safetensors'),\n"
        "    Submission('three', 'kind', 'corner', SubmittedTruth(), build=late),\n"
        "]\n"
    )
    monkeypatch.chdir(here)
    monkeypatch.setattr("sys.path", [*sys.path])
    seen = {_digest_as_anew(["brought.py"])}
    assert seen == {_digest_as_anew(["brought.py"]), _digest_as_anew([str(here / "brought.py")])}
    (here / "no_part_of_it.py").write_text("policy = len\n")
    assert _digest_as_anew(["brought.py"]) in seen
    for count, file in enumerate(parts, 2):
        file.write_text("policy = Mine = max\n")
        seen.add(_digest_as_anew(["brought.py"]))
        assert len(seen) == count, file.name


def _digest_as_anew(texts: list[str]) -> str:
    """Returns the digest that a process of its own would see."""
    before = set(sys.modules)
    try:
        return read_submissions(*texts).digest
    finally:
        for name in set(sys.modules) - before:
            if not name.startswith(("mesascope", "jax", "numpy")):
                del sys.modules[name]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nowhere.py", "There is no file"),
        ("no_such_module", "Cannot import"),
        ("empty", "holds no .py file"),
        ("d_nothing.py", "There is no submission"),
    ],
)
def test_what_holds_none_is_refused(folder, monkeypatch, text, words):
    (folder / "empty").mkdir()
    monkeypatch.chdir(folder)
    with pytest.raises(UsageError, match=words):
        read_submissions(text)


def test_one_submission_alone_is_a_list_of_one(folder):
    (folder / "e_one.py").write_text(
        "from mesascope import Submission, SubmittedTruth\n"
        "submissions = Submission('alone', 'kind', 'corner', SubmittedTruth(), len)\n"
    )
    (found,) = read_submissions(str(folder / "e_one.py")).submissions
    assert found == Submission("alone", "kind", "corner", SubmittedTruth(), len)
