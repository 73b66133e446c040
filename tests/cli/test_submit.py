"""The verb: a folder of agents goes in, a table of answers and marks comes out."""

from __future__ import annotations

import json

import pytest
from msgspec.structs import replace

from mesascope.api.submit import Judge
from mesascope.cli.main import main
from mesascope.organisms.answered import Answered
from mesascope.organisms.marking import mark
from mesascope.organisms.scores import Judged

AGENTS = """
from mesascope import Submission, SubmittedTruth

truth = SubmittedTruth(("random",), classes=("incapable",), searches="no")
submissions = [
    Submission("chance", "aimless", "corner", truth, len),
    Submission("broken", "failing", "corner", truth, len),
    "no submission",
]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("agents")
    (folder / "agents.py").write_text(AGENTS)
    return folder


def judged(self, submission):
    if submission.name == "broken":
        return Judged(name="broken", kind="failing", world="corner", failure="Agent 'broken' raised RuntimeError")
    answer = Answered(
        objective="random",
        objective_kind="random",
        objective_probability=0.99,
        class_="incapable",
        class_probability=0.95,
        class_stated=True,
        require_robust=1,
        fail_on_pseudo_aligned=3,
    )
    truth = submission.truth
    return Judged(
        name=submission.name,
        kind=submission.kind,
        world="corner",
        objective=truth.objective,
        classes=truth.classes,
        answer=answer,
        mark=mark(truth, answer),
    )


def test_a_folder_is_scored_and_the_same_command_goes_on(folder, tmp_path, capsys, monkeypatch):
    # What a judge says is tested where judges are.
    monkeypatch.setattr(Judge, "judge", judged)
    command = ["challenge", "submit", str(folder), "--skip-search", "--levels", "16", "--out", str(tmp_path / "kept")]
    assert main(command) == 0
    out = capsys.readouterr().out
    assert "+ random 0.990" in out
    assert "+ incapable 0.950" in out
    assert "Objective: 1/1 right; at probability >= .99 1/1 [0.21, 1.00]" in out
    assert "failed: broken: Agent 'broken' raised RuntimeError" in out
    assert "2 agents, of which 1 failed; 1 were refused" in out
    assert "It is a str" in out
    files = {file.name: file.stat().st_mtime_ns for file in (tmp_path / "kept").iterdir()}
    assert len(files) == 2
    assert main([*command, "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert files == {file.name: file.stat().st_mtime_ns for file in (tmp_path / "kept").iterdir()}
    assert data["scores"]["objective"]["all"]["right"] == 1
    assert [row["name"] for row in data["agents"]] == ["chance", "broken"]
    assert data["refused"][0]["name"] == "agents.py, submission 3"


def test_one_agent_or_one_kind_is_judged_alone(folder, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(Judge, "judge", judged)
    command = ["challenge", "submit", str(folder), "--skip-search", "--out", str(tmp_path / "kept"), "--json"]
    for only, names in (("chance", ["chance"]), ("failing", ["broken"])):
        assert main([*command, "--only", only]) == 0
        assert [row["name"] for row in json.loads(capsys.readouterr().out)["agents"]] == names
    assert main([*command, "--only", "chanse"]) == 2
    assert "Did you mean 'chance'?" in capsys.readouterr().err


def test_no_answer_above_a_level_leaves_no_sign_behind(folder, tmp_path, capsys, monkeypatch):
    def unsure(self, submission):
        row = judged(self, submission)
        return row if row.answer is None else replace(row, answer=replace(row.answer, objective_probability=0.6))

    monkeypatch.setattr(Judge, "judge", unsure)
    assert main(["challenge", "submit", str(folder), "--skip-search", "--out", str(tmp_path / "kept")]) == 0
    assert "Objective: 1/1 right\n" in capsys.readouterr().out


def test_answers_of_another_auditor_or_of_other_code_are_none(tmp_path, capsys, monkeypatch):
    (tmp_path / "_law.py").write_text("agent = len\n")
    (tmp_path / "brought.py").write_text(AGENTS.replace("len", "agent").replace("\n", "\nfrom _law import agent\n", 1))
    asked = []

    def counted(self, submission):
        asked.append(submission.name)
        return judged(self, submission)

    monkeypatch.setattr(Judge, "judge", counted)
    kept = str(tmp_path / "kept")
    command = ["challenge", "submit", str(tmp_path / "brought.py"), "--skip-search", "--out", kept]
    for text, auditor, count in [("len", "a", 2), ("len", "a", 2), ("max", "a", 4), ("max", "b", 6), ("max", "b", 6)]:
        (tmp_path / "_law.py").write_text(f"agent = {text}\n")
        monkeypatch.setattr("mesascope.organisms.code_digest.auditor_digest", lambda auditor=auditor: auditor)
        assert main(command) == 0
        assert len(asked) == count, (text, auditor)


def test_no_name_runs_into_the_next_column(monkeypatch, tmp_path, capsys):
    name, goal = "an agent with a very long name indeed, " * 2, "one mind a level: cheese, corner, door, object"
    module = tmp_path / "brought.py"
    module.write_text(AGENTS.replace('"chance"', repr(name)))

    def long_winded(self, submission):
        row = judged(self, submission)
        return row if row.answer is None else replace(row, answer=goal_of(row.answer, goal))

    monkeypatch.setattr(Judge, "judge", long_winded)
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["challenge", "submit", str(module), "--skip-search", "--out", str(tmp_path / "kept")]) == 0
    out = capsys.readouterr().out
    lines = out.splitlines()
    assert max(map(len, lines)) <= 80
    places = [lines[0].index(title) for title in ("objective", "class", "gates", "search")]
    rows = lines[1 : next(place for place, line in enumerate(lines) if line.startswith("+ right"))]
    for row in rows:
        assert all(row[place - 1 : place].strip() == "" for place in places), row
    said = "".join("".join(row[places[0] : places[1]].split()) for row in rows)
    assert "onemind" in said
    assert "0.990" in said


def goal_of(answer, goal):
    return replace(answer, objective=goal)


def test_what_is_no_folder_of_submissions_is_refused(tmp_path, capsys):
    assert main(["challenge", "submit", str(tmp_path)]) == 2
    assert "holds no .py file" in capsys.readouterr().err
