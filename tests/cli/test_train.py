from __future__ import annotations

import json
import os
import signal
import sys
import time

import pytest

from mesascope.agents.files import load_agent
from mesascope.cli.main import main
from mesascope.organisms.catalogue import ORGANISMS

ORGANISM = """
from mesascope.agents.networks.mlp import MLPSpec
from mesascope.organisms.organism import Organism
from mesascope.training.optimizers.exact_gradient import ExactGradient
from mesascope.worlds.corner import Corner

def recipe(updates):
    return Organism(
        name="{name}",
        world=Corner(size=5, walls="open"),
        objective="cheese",
        optimizer=ExactGradient(updates=updates, levels=2),
        network=MLPSpec(widths=(4,)),
    )

ORGANISM = recipe({updates})
"""
AGENT = "agent.safetensors"


def write_plugin(folder, name: str, updates: int) -> None:
    """Writes a package that registers an organism, as another project would."""
    (folder / f"{name}_organism.py").write_text(ORGANISM.format(name=name, updates=updates))
    information = folder / f"{name}-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text(f"[mesascope.organisms]\n{name} = {name}_organism:ORGANISM\n")


@pytest.fixture
def tiny(tmp_path_factory, monkeypatch):
    """An organism of ten updates, registered for the length of a test."""
    folder = tmp_path_factory.mktemp("plugin")
    write_plugin(folder, "tiny", 10)
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setattr(ORGANISMS, "_entries", dict(ORGANISMS._entries))
    monkeypatch.setattr(ORGANISMS, "_discovered", False)
    monkeypatch.delitem(sys.modules, "tiny_organism", raising=False)


def written(folder) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_an_organism_is_trained_once(mesascope, tmp_path, tiny):
    assert mesascope("train", "tiny") == (0, f"runs/tiny-0/{AGENT}\n", "")
    first = written(tmp_path / "runs")
    assert f"tiny-0/{AGENT}" in first
    assert not any("checkpoint" in name or name.endswith(".tmp") for name in first)
    assert mesascope("train", "tiny", "--json")[0] == 0
    assert written(tmp_path / "runs") == first


def test_seeds_beside_one_another_give_the_same_agents_as_alone(mesascope, tmp_path, tiny):
    code, out, _ = mesascope("train", "tiny", "--seeds", "3", "--json", "--out", "together")
    assert code == 0
    files = {seed: f"together/tiny-{seed}/{AGENT}" for seed in "012"}
    assert json.loads(out) == {"organism": "tiny", "agents": files}
    assert mesascope("train", "tiny", "--seed", "1", "--out", "alone")[0] == 0
    assert (tmp_path / files["1"]).read_bytes() == (tmp_path / "alone" / "tiny-1" / AGENT).read_bytes()
    assert (tmp_path / files["0"]).read_bytes() != (tmp_path / files["1"]).read_bytes()


def test_what_is_missing_is_trained_and_what_is_there_stays(mesascope, tmp_path, tiny):
    assert mesascope("train", "tiny", "--seeds", "3")[0] == 0
    before = written(tmp_path / "runs")
    (tmp_path / "runs" / "tiny-1" / AGENT).unlink()
    assert mesascope("train", "tiny", "--seeds", "3")[0] == 0
    after = written(tmp_path / "runs")
    assert {name: after[name] for name in before if name.endswith(AGENT)} == {
        name: content for name, content in before.items() if name.endswith(AGENT)
    }


def test_ctrl_c_and_the_same_command_again(mesascope, tmp_path, tiny, monkeypatch):
    from mesascope.training import run

    assert mesascope("train", "tiny", "--out", "whole")[0] == 0
    described = run._described

    def interrupt(state, optimizer):
        if state.done >= 3:
            raise KeyboardInterrupt
        return described(state, optimizer)

    monkeypatch.setattr(run, "_described", interrupt)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    code, out, err = mesascope("train", "tiny", "--out", "cut")
    assert (code, out) == (130, "")
    assert "The training so far is kept in 'cut/tiny-0/checkpoint.safetensors'; the same command goes on" in err
    assert not (tmp_path / "cut" / "tiny-0" / AGENT).exists()
    monkeypatch.setattr(run, "_described", described)
    assert mesascope("train", "tiny", "--out", "cut")[0] == 0
    assert (tmp_path / "cut" / "tiny-0" / AGENT).read_bytes() == (tmp_path / "whole" / "tiny-0" / AGENT).read_bytes()


def test_ctrl_c_in_a_real_process(spawn, tmp_path, tmp_path_factory):
    plugin = tmp_path_factory.mktemp("plugin")
    write_plugin(plugin, "endless", 100_000_000)
    process = spawn(
        "train",
        "endless",
        "--quiet",
        environment={"PYTHONPATH": os.pathsep.join([str(plugin), os.environ.get("PYTHONPATH", str(plugin))])},
    )
    checkpoint = tmp_path / "runs" / "endless-0" / "checkpoint.safetensors"
    deadline = time.monotonic() + 120
    while not checkpoint.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert err.startswith("mesascope: Interrupted. The training so far is kept in")
    assert len(err.splitlines()) == 1
    assert [file.name for file in checkpoint.parent.iterdir()] == [checkpoint.name]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("cornre",), "Did you mean 'corner'?"),
        (("corner", "--seed", "-1"), "--seed -1 is negative"),
        (("corner", "--seeds", "0"), "--seeds 0 is below 1"),
        (("corner", "--out", "file/runs"), "Cannot write to the folder 'file/runs'"),
    ],
)
def test_what_cannot_be_trained_says_why(mesascope, tmp_path, arguments, message):
    (tmp_path / "file").write_text("precious")
    code, out, err = mesascope("train", *arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert written(tmp_path) == {"file": b"precious"}


def test_a_folder_with_another_recipe_is_refused(mesascope, tmp_path, tiny):
    folder = tmp_path / "runs" / "tiny-0"
    folder.mkdir(parents=True)
    (folder / AGENT).write_bytes(b"something else")
    (folder / "training.json").write_text('{"settings": {"seeds": "0", "optimizer": "another"}, "files": {}}')
    code, _, err = mesascope("train", "tiny")
    assert code == 2
    assert "another recipe" in err
    assert (folder / AGENT).read_bytes() == b"something else"


def test_a_full_disk_in_training_is_one_message(mesascope, tmp_path, tiny, monkeypatch):
    from mesascope.core import files

    def full(source, target):
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(files.os, "replace", full)
    code, out, err = mesascope("train", "tiny")
    assert (code, out) == (2, "")
    assert "No space left on device" in err
    assert written(tmp_path / "runs") == {}


def test_a_modification_needs_lifetimes(tmp_path, capsys):
    assert main(["train", "internal", "--modification", "0.5", "--out", str(tmp_path)]) == 2
    assert "knows no modification" in capsys.readouterr().err
    assert main(["train", "kinds", "--modification", "0.5", "--out", str(tmp_path)]) == 2
    assert "by its name" in capsys.readouterr().err
    assert main(["train", "deceptive", "--modification", "1.5", "--out", str(tmp_path)]) == 2
    assert "--modification 1.5 is not from 0 to 1" in capsys.readouterr().err


def test_another_base_optimizer_grows_another_agent_in_a_folder_of_its_own(mesascope, tmp_path, tiny):
    few = ("--base-optimizer", "evolution", "--optimizer-option", "updates=2", "--optimizer-option", "pairs=2")
    assert mesascope("train", "tiny", *few) == (0, f"runs/tiny-evolution-0/{AGENT}\n", "")
    settings = json.loads((tmp_path / "runs/tiny-evolution-0/training.json").read_text())["settings"]
    assert (settings["optimizer"], settings["optimizer.updates"], settings["optimizer.pairs"]) == (
        "evolution",
        "2",
        "2",
    )
    # Other settings are another recipe, which is told rather than mixed up.
    code, _, err = mesascope("train", "tiny", "--base-optimizer", "evolution")
    assert code != 0
    assert "optimizer.updates is 2 there and 200 here" in err


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--base-optimizer", "evolutoin"), "Did you mean 'evolution'"),
        (("--base-optimizer", "evolution", "--optimizer-option", "pair=2"), "Did you mean 'pairs'"),
        (("--base-optimizer", "evolution", "--optimizer-option", "pairs=1"), "pairs=1"),
        (("--optimizer-option", "updates=many"), "updates"),
        (("--base-optimizer", "ppo", "--modification", "0.5"), "knows no modification"),
    ],
)
def test_what_an_optimizer_does_not_have_is_refused(mesascope, tmp_path, tiny, options, told):
    code, out, err = mesascope("train", "tiny", *options)
    assert (code, out) == (2, "")
    assert told in err
    assert not (tmp_path / "runs").exists()


def test_a_learner_is_trained_and_its_file_says_where(mesascope, tmp_path):
    few = ("--optimizer-option", "updates=2", "--optimizer-option", "episodes=2", "--json")
    code, out, err = mesascope("train", "icl-linear-attention", *few)
    file = f"runs/icl-linear-attention-0/{AGENT}"
    assert (code, json.loads(out), err) == (0, {"organism": "icl-linear-attention", "agents": {"0": file}}, "")
    agent = load_agent(tmp_path / file)
    assert agent.origin is not None
    assert agent.origin["world"] == {"name": "regression", "options": {}}
    assert agent.origin["base_objective"] == "closeness"
    assert (agent.observation_shape, agent.actions, agent.memoryless) == ((21,), 1, False)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("rl2-bandit",), "Did you mean 'rl2-bandits'"),
        (("rl2-bandits", "--base-optimizer", "ppo"), "--optimizer-option"),
        (("rl2-bandits", "--optimizer-option", "episodes=12"), "alike=8"),
        (("rl2-bandits", "--modification", "0.5"), "knows no modification"),
        (("learned-optimizers", "--modification", "0.5"), "train it by its name"),
    ],
)
def test_what_cannot_be_asked_of_learners_is_refused(mesascope, tmp_path, arguments, told):
    code, out, err = mesascope("train", *arguments)
    assert (code, out) == (2, "")
    assert told in " ".join(err.split())
    assert not (tmp_path / "runs").exists()
