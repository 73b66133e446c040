from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import polars
import pytest

from mesascope.api.remedy import remedy
from mesascope.core.errors import TrainingError

RECIPE = """
from mesascope.agents.networks.mlp import MLPSpec
from mesascope import Organism
from mesascope.training.optimizers.exact_gradient import ExactGradient
from mesascope.worlds.corner import Corner

ORGANISM = Organism(
    name="mine",
    world=Corner(size=5, walls="open"),
    objective="cheese",
    optimizer=ExactGradient(updates={updates}, levels=2, learning_rate=0.02),
    network=MLPSpec(widths=(8,)),
)
"""
OPTIONS = ("--with", "placebo", "--seeds", "2", "--levels", "16")


@pytest.fixture
def recipe(tmp_path) -> str:
    (tmp_path / "recipe.py").write_text(RECIPE.format(updates=30))
    return "recipe.py"


@pytest.mark.slow
def test_a_recipe_of_ones_own_is_compared_and_not_done_twice(mesascope, tmp_path, recipe):
    code, out, err = mesascope("remedy", recipe, *OPTIONS)
    assert code == 0, err
    folder = tmp_path / "runs" / "remedy-mine"
    assert "placebo" in out
    assert {"remedy.json", "remedy.html", "before-0", "placebo-1"} <= {path.name for path in folder.iterdir()}
    first = (folder / "placebo-1" / "agent.safetensors").stat().st_mtime_ns
    code, out, _ = mesascope("remedy", recipe, *OPTIONS, "--json")
    assert code == 0
    data = json.loads(out)
    assert [effect["remedy"] for effect in data["effects"]] == ["placebo"]
    assert {(one["seed"], one["remedy"]) for one in data["treated"]} == {
        (seed, name) for seed in (0, 1) for name in ("before", "placebo")
    }
    assert (folder / "placebo-1" / "agent.safetensors").stat().st_mtime_ns == first
    saved = json.loads((folder / "remedy.json").read_text())
    assert {k: v for k, v in saved.items() if k != "provenance"} == {k: v for k, v in data.items() if k != "provenance"}
    # An agent that is gone is trained again, and results of another recipe are not taken for this one's.
    (folder / "placebo-1" / "agent.safetensors").unlink()
    assert mesascope("remedy", recipe, *OPTIONS)[0] == 0
    assert (folder / "placebo-1" / "agent.safetensors").is_file()
    (tmp_path / recipe).write_text(RECIPE.format(updates=31))
    with pytest.raises(TrainingError, match="of other settings"):
        remedy(str(tmp_path / recipe), "placebo", seeds=2, levels=32, updates=20, out=folder)
    code, _, err = mesascope("remedy", recipe, *OPTIONS, "--force")
    assert code == 0, err
    result = json.loads((folder / "before-0" / "result.json").read_text())
    assert "31" in result["settings"].values()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("cornr",), "corner"),
        (("corner", "--with", "placeboo"), "placebo"),
        (("corner", "--with", "placebo", "--set", "levels=3"), "setting of placebo"),
        (("corner", "--with", "placebo", "--set", "levels"), "KEY=VALUE"),
        (("missing.py",), "There is no file"),
        (("empty.py",), "ORGANISM"),
        (("wrong.py",), "no recipe"),
        (("raising.py",), "ZeroDivisionError"),
        (("corner", "--with", "placebo", "--deploy", "dploy"), "deploy"),
        (("corner", "--with", "placebo", "--seeds", "0"), "--seeds"),
        (("corner", "--with", "placebo", "--updates", "0"), "--updates"),
        (("corner", "--with", "placebo", "--preferences", "pairs.csv"), "preferences"),
    ],
)
def test_what_cannot_be_used_is_said_in_a_line(mesascope, tmp_path, arguments, words):
    (tmp_path / "empty.py").write_text("")
    (tmp_path / "wrong.py").write_text("ORGANISM = 3")
    (tmp_path / "raising.py").write_text("1 / 0")
    code, out, err = mesascope("remedy", *arguments)
    assert (code, out) == (2, "")
    assert words in err
    assert "Traceback" not in err
    assert not (tmp_path / "runs" / "remedy-corner" / "before-0").exists()


@pytest.mark.slow
def test_a_run_that_is_killed_goes_on(tmp_path, recipe):
    (tmp_path / recipe).write_text(RECIPE.format(updates=3000))
    command = [
        sys.executable,
        "-m",
        "mesascope",
        "remedy",
        recipe,
        "--with",
        "placebo",
        "--seeds",
        "2",
        "--levels",
        "16",
    ]
    running = subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    result = tmp_path / "runs" / "remedy-mine" / "before-0" / "result.json"
    deadline = time.monotonic() + 120
    while not result.exists() and time.monotonic() < deadline:
        assert running.poll() is None
        time.sleep(0.05)
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    stamp = result.stat().st_mtime_ns
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert result.stat().st_mtime_ns == stamp
    assert "placebo" in done.stdout


@pytest.mark.slow
def test_answers_that_say_nothing_are_no_cure_and_are_asked_for_again(mesascope, tmp_path, recipe):
    code, _, err = mesascope(
        "remedy", recipe, "--with", "reward-modelling", "--seeds", "1", "--levels", "16",
        "--set", "labels=24", "--set", "steps=4", "--set", "write=pairs.csv",
    )  # fmt: skip
    assert code == 0, err
    pairs = polars.read_csv(tmp_path / "pairs-0.csv")
    pairs.with_columns(polars.lit("first").alias("preferred")).write_csv(tmp_path / "same.csv")
    options = ("--with", "reward-modelling", "--seeds", "1", "--levels", "16", "--preferences", "same.csv")
    code, out, err = mesascope("remedy", recipe, *options, "--out", "runs/same")
    assert code == 0, err
    assert "always says the same" in " ".join(out.split()), out
    assert "helps:" not in out
    # Answered anew, in a file of the same name, it is another question.
    pairs.write_csv(tmp_path / "same.csv")
    code, out, err = mesascope("remedy", recipe, *options, "--out", "runs/again")
    assert code == 0, err
    assert "always says the same" not in " ".join(out.split())
    # What is no table at all is said before anything is trained.
    (tmp_path / "same.csv").write_text("level,first\n")
    code, out, err = mesascope("remedy", recipe, *options, "--out", "runs/broken")
    assert (code, out) == (2, "")
    assert "same.csv" in err
    assert not (tmp_path / "runs" / "broken" / "before-0").exists()
