"""The verb: a folder of agents goes in, a table of answers and marks comes out."""

from __future__ import annotations

import json

import pytest

from mesascope.cli.main import main

AGENTS = """
import numpy as np
from mesascope import Submission, SubmittedTruth

def uniform(seen):
    return np.full((len(seen), 5), 0.2)

def broken(seen):
    raise RuntimeError("out of order")

truth = SubmittedTruth(("random",), classes=("incapable",), searches="no")
submissions = [
    Submission("chance", "aimless", "corner", truth, uniform, world_options={"size": "5", "walls": "open"}),
    Submission("broken", "failing", "corner", truth, broken, world_options={"size": "5", "walls": "open"}),
    "no submission",
]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("agents")
    (folder / "agents.py").write_text(AGENTS)
    return folder


def test_a_folder_is_scored_and_the_same_command_goes_on(folder, tmp_path, capsys):
    command = ["challenge", "submit", str(folder), "--skip-search", "--levels", "16", "--out", str(tmp_path / "kept")]
    assert main(command) == 0
    out = capsys.readouterr().out
    assert "+ random" in out
    assert "nothing: Agent 'broken' raised RuntimeError" in out
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


def test_what_is_no_folder_of_submissions_is_refused(tmp_path, capsys):
    assert main(["challenge", "submit", str(tmp_path)]) == 2
    assert "holds no .py file" in capsys.readouterr().err
