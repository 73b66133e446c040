"""The examples run as they stand, by public names alone."""

from __future__ import annotations

import ast
import json
import runpy
import subprocess
import sys
import warnings
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import mesascope

EXAMPLES = Path(__file__).parents[1] / "examples"
SCRIPTS = {
    "audit_torch_agent.py": ("competence in training 1.00", "regret in training 0.00"),
    "recover_from_episodes.py": ("distance to the reward ", " [0.00, ", "one objective at all? PASS"),
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_an_example_runs_and_says_what_it_should(name, tmp_path, monkeypatch, capsys):
    pytest.importorskip("gymnasium")
    if "torch" in name:
        pytest.importorskip("torch")
    monkeypatch.chdir(tmp_path)
    # As in a process of its own: Python puts a script's folder first, and warnings are none of its errors.
    monkeypatch.syspath_prepend(EXAMPLES)
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        runpy.run_path(str(EXAMPLES / name), run_name="__main__")
    out = capsys.readouterr().out
    assert all(line in out for line in SCRIPTS[name]), out


def test_a_world_and_an_assay_of_ones_own_are_audited(tmp_path):
    # As a user runs it: calls are not checked against annotations there, and levels may hold arrays of numpy.
    command = [sys.executable, str(EXAMPLES / "my_assay.py")]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr[-2000:]
    assert "pursues lamp, trained for treasure" in ran.stdout
    assert "FAIL: Without the lamp" in ran.stdout


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


def outsiders_of_examples():
    from mesascope.organisms.read_submissions import read_submissions

    return read_submissions(str(EXAMPLES / "outsiders"))


def test_ten_kinds_of_outsiders_can_be_submitted_and_act():
    brought = outsiders_of_examples()
    assert not brought.refused
    assert len({one.kind for one in brought.submissions}) == len(brought.submissions) == 10
    shown = {}
    for one in brought.submissions:
        world = mesascope.resolve_world(one.world)
        if one.world not in shown:
            level = world.sample(key=jax.random.key(0), distribution=world.distributions[-1], count=1)[0]
            states = np.flatnonzero(level.reachable)[:3]
            shown[one.world] = np.stack([np.asarray(world.observe(level, jnp.asarray(state))) for state in states])
        seen = shown[one.world]
        agent = one.agent
        if isinstance(agent, mesascope.Agent):
            chances, _ = agent.act(seen, agent.initial_state(len(seen)))
        else:
            assert callable(agent)
            chances = agent(seen)
        assert chances.shape == (len(seen), len(world.actions)), one.name
        assert np.allclose(chances.sum(-1), 1), one.name


@pytest.mark.slow
def test_ten_kinds_of_outsiders_are_scored(tmp_path, capsys):
    from mesascope.cli.main import main

    command = ["challenge", "submit", str(EXAMPLES / "outsiders"), "--skip-search", "--levels", "32", "--json"]
    assert main([*command, "--out", str(tmp_path / "kept")]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["refused"] == []
    assert (found["scores"]["agents"], found["scores"]["failed"]) == (10, 0)
    assert found["scores"]["objective"]["all"]["n"] == 10
