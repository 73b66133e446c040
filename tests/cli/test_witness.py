from __future__ import annotations

import contextlib
import io
import json
import sys

import pytest

from mesascope.cli.main import main
from tests.cli.conftest import AGENTS

WORLD = ("--world", "corner", "--world-option", "size=6", "--world-option", "walls=open")
ASKED = ("witness", "house_agents:to_the_corner", *WORLD, "--own", "corner", "--budget", "96")


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    """A folder with agents, and a function that runs the command line in it: exit code, standard output and error."""
    folder = tmp_path_factory.mktemp("asked")
    (folder / "house_agents.py").write_text(AGENTS)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(sys, "path", list(sys.path))

        def run(*arguments: object) -> tuple[int, str, str]:
            out, err = io.StringIO(), io.StringIO()
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                code = main([str(argument) for argument in arguments])
            return code, out.getvalue(), err.getvalue()

        yield folder, run


def test_the_level_is_printed_before_and_after_and_written_with_out(asked):
    folder, run = asked
    code, out, err = run(*ASKED, "--out", "found")
    assert code == 0, err
    assert "FAIL" in out
    assert "found: regret" in out
    assert "shrunk: regret" in out
    assert "Evaluated anew from its text: the same" in " ".join(out.split())
    data = json.loads((folder / "found" / "witness.json").read_text())
    assert data["replayed"] is True
    assert data["evidence"]["assay"] == "witness-search"
    assert data["shrunk"]["text"].count("C") == 1
    assert "<svg" in (folder / "found" / "witness.svg").read_text()
    assert "Written" in err


def test_another_result_is_not_replaced_without_force_and_the_same_one_is(asked):
    _, run = asked
    assert run(*ASKED, "--out", "kept")[0] == 0
    assert run(*ASKED, "--out", "kept")[0] == 0
    other = (*ASKED, "--seed", "1", "--out", "kept")
    code, _, err = run(*other)
    assert code == 2
    assert "--force" in err
    assert run(*other, "--force")[0] == 0


def test_json_is_one_object_and_the_same_each_time(asked):
    _, run = asked
    first, second = (json.loads(run(*ASKED, "--json")[1]) for _ in range(2))
    first.pop("provenance"), second.pop("provenance")
    assert first == second
    assert first["evidence"]["details"]["evaluated"] <= 96


def test_what_it_pursues_is_named_by_its_behaviour(asked):
    _, run = asked
    code, out, err = run("witness", "house_agents:to_the_corner", *WORLD, "--budget", "32")
    assert code == 0, err
    assert "named by attribution" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--budget", "0"), "--budget 0 is below 1"),
        (("--floor", "1.5"), "--floor 1.5 is not from 0 to 1"),
        (("--seed", "-1"), "negative"),
        (("--own", "chese"), "cheese"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_written(asked, arguments, message):
    folder, run = asked
    code, _, err = run("witness", "house_agents:to_the_corner", *WORLD, *arguments, "--out", "never")
    assert code == 2
    assert message in err
    assert not (folder / "never").exists()


def test_a_world_must_be_named(asked):
    code, _, err = asked[1]("witness", "house_agents:to_the_corner")
    assert code == 2
    assert "--world" in err
