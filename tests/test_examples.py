"""The examples run as they stand, by public names alone."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

import mesascope

EXAMPLES = Path(__file__).parents[1] / "examples"
SCRIPTS = {
    "audit_torch_agent.py": ("competence in training 1.00", "regret in training 0.00"),
    "recover_from_episodes.py": ("distance to the reward 1.", "one objective at all? PASS"),
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_an_example_runs_and_says_what_it_should(name, tmp_path):
    pytest.importorskip("gymnasium")
    if "torch" in name:
        pytest.importorskip("torch")
    ran = subprocess.run(
        [sys.executable, str(EXAMPLES / name)],
        cwd=tmp_path,
        env=os.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    assert all(line in ran.stdout for line in SCRIPTS[name]), ran.stdout


@pytest.mark.parametrize("example", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.name)
def test_examples_that_run_use_public_names_alone(example):
    tree = ast.parse(example.read_text())
    froms = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    named = {name.name for node in froms if node.module == "mesascope" for name in node.names}
    used = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "mesascope"
    }
    assert used | named <= set(mesascope.__all__)
    assert not [node.module for node in froms if (node.module or "").startswith("mesascope.")]
