from __future__ import annotations

import json

import pytest

from mesascope.theory import catalogue
from mesascope.theory.catalogue import KNOWN_ANSWERS
from mesascope.theory.known_answer import KnownAnswer
from mesascope.worlds import check
from mesascope.worlds.check import CheckResult

RESULTS = [CheckResult("shapes", True, "as they should be"), CheckResult("solvable", False, "level 3 is not")]

BROKEN = """
from dataclasses import dataclass
import jax.numpy as jnp
from mesascope.worlds.corner import Corner

@dataclass(frozen=True)
class Forgetful(Corner):
    size: int = 5

    def observe(self, level, state):
        return super().observe(level, state).at[0, 0, 0].set(jnp.nan)
"""


@pytest.fixture
def results(monkeypatch):
    found = list(RESULTS)
    monkeypatch.setattr(check, "check_world", lambda world, *, key: found)
    return found


def test_a_failed_check_is_told_and_is_the_exit_code(mesascope, results):
    code, out, _ = mesascope("check", "world", "corner")
    assert code == 1
    assert out.splitlines() == [
        "pass  shapes: as they should be",
        "FAIL  solvable: level 3 is not",
        "1 passed, 1 failed",
    ]
    del results[1]
    code, out, _ = mesascope("check", "world", "corner")
    assert (code, out.splitlines()[-1]) == (0, "1 passed, 0 failed")


def test_json_is_one_object(mesascope, results):
    code, out, _ = mesascope("check", "world", "corner", "--json")
    assert code == 1
    assert json.loads(out) == {
        "world": "corner",
        "failed": 1,
        "checks": [
            {"name": "shapes", "passed": True, "message": "as they should be"},
            {"name": "solvable", "passed": False, "message": "level 3 is not"},
        ],
    }


@pytest.mark.slow
def test_a_broken_world_of_ones_own_fails_and_says_where(mesascope, tmp_path):
    (tmp_path / "forgetful_world.py").write_text(BROKEN)
    code, out, _ = mesascope("check", "world", "forgetful_world:Forgetful")
    assert code == 1
    failed = [line for line in out.splitlines() if line.startswith("FAIL")]
    assert [line.split(":")[0] for line in failed] == ["FAIL  observations (train)", "FAIL  observations (deploy)"]
    assert "is not finite" in failed[0]
    assert out.splitlines()[-1].endswith(" passed, 2 failed")


def test_what_is_no_world_is_a_usage_error(mesascope):
    code, out, err = mesascope("check", "world", "json:dumps")
    assert (code, out) == (2, "")
    assert "not a World" in err


LABOUR = "mesascope.theory.division_of_labour:best_search"


@pytest.fixture
def rows(monkeypatch):
    """A right answer, one that comes out otherwise, and one that cannot be computed."""
    found = (
        KnownAnswer("labour.right", "2.1", "a paper", "half of four", 2.0, LABOUR, {"instances": 4}, tolerance=1e-6),
        KnownAnswer(
            "labour.wrong", "2.1", "a paper", "three", 3.0, LABOUR, {"instances": 4}, published=3.1, remark="so"
        ),
        KnownAnswer("labour.none", "4.5", "another", "nothing", 0.0, LABOUR, {"instances": 0}),
    )
    monkeypatch.setattr(catalogue, "KNOWN_ANSWERS", found)


def test_without_arguments_every_known_answer_is_recomputed_by_section(mesascope):
    code, out, err = mesascope("check", "--section", "2.1")
    assert (code, err) == (0, "")
    assert "\n§2.1  The task\n" in out
    assert "pass  labour.square-4 " in out
    assert "RFLO §2.1" in out
    assert "4 of 4 known answers passed, 0 failed" in out.splitlines()[-1]


def test_a_row_that_fails_says_how_and_is_the_exit_code(mesascope, rows):
    code, out, _ = mesascope("check")
    assert code == 1
    lines = out.splitlines()
    wrong = next(line for line in lines if line.startswith("FAIL  labour.wrong"))
    assert wrong.split()[2:] == ["3", "2", "-1.0e+00", "1e-09"]
    assert "three (a paper); printed: 3.1; so" in out
    none = next(line for line in lines if line.startswith("FAIL  labour.none"))
    assert none.split()[2:] == ["0", "none", "none", "1e-09"]
    assert "UsageError: 0 instances" in out
    assert lines[-1].startswith("1 of 3 known answers passed, 2 failed")
    assert mesascope("check", "--section", "4")[0] == 1


def test_known_answers_as_json(mesascope, rows):
    code, out, err = mesascope("check", "answers", "--json")
    found = json.loads(out)
    assert (code, err) == (1, "")
    assert (found["schema"], found["total"], found["passed"], found["failed"]) == (1, 3, 1, 2)
    right, wrong, none = found["rows"]
    assert set(right) == {
        *("id", "section", "source", "statement", "expected", "tolerance", "published", "remark"),
        *("computed", "difference", "passed", "reason", "seconds"),
    }
    assert (right["passed"], wrong["passed"], none["passed"]) == (True, False, False)
    assert (none["computed"], none["difference"]) == (None, None)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--section", "7"), "There is no section with known answers named '7'"),
        (("--all",), "Unrecognized options: --all"),
        (("--world-option", "size=5"), "Unrecognized options: --world-option"),
        (("answers", "corner"), "Unrecognized options: corner"),
        (("world",), "Missing from mesascope check world: NAME"),
        (("assay",), "Missing from mesascope check assay: NAME"),
        (("world", "corner", "--section", "4"), "Unrecognized options: --section"),
        (("wrld",), "Did you mean 'world'?"),
    ],
)
def test_what_does_not_go_together_is_a_usage_error(mesascope, arguments, message):
    code, out, err = mesascope("check", *arguments)
    assert (code, out) == (2, "")
    assert message in err


@pytest.mark.slow
def test_every_known_answer_passes_in_one_process(spawn):
    process = spawn("check", "--json")
    out, err = process.communicate(timeout=120)
    found = json.loads(out)
    assert [row["id"] for row in found["rows"] if not row["passed"]] == []
    assert (process.returncode, found["total"], found["failed"]) == (0, len(KNOWN_ANSWERS), 0)
    assert all(line.startswith("Recomputing known answers") for line in err.splitlines())


FIT = ("check", "fit", "house_agents:to_the_corner", "--world", "corner", "--world-option", "size=5")


@pytest.mark.slow
def test_the_fit_of_a_world(mesascope, folder):
    code, out, err = mesascope(*FIT, "--world-option", "walls=open", "--levels", "4")
    assert (code, err) == (0, "")
    assert "It fits as shown" in out
    code, out, _ = mesascope(*FIT, "--world-option", "walls=open", "--levels", "4", "--train", "deploy", "--json")
    assert code == 1
    assert json.loads(out)["verdict"] in ("another distribution", "none", "as shown")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("check", "fit"), "Missing from mesascope check fit: AGENT"),
        (("check", "fit", "house_agents:to_the_corner"), "In which world?"),
        (("check", "fit", "house_agents:to_the_corner", "--world-option", "size=5"), "--world names; name it"),
        ((*FIT, "--levels", "1"), "--levels 1 is below 2"),
        ((*FIT, "--base", "chese"), "Did you mean 'cheese'?"),
        ((*FIT, "--view", "channels-first"), "--view says how the world is shown"),
        (("check", "fit", "house_agents:number", "--world", "corner"), "not an agent"),
    ],
)
def test_a_fit_that_cannot_be_checked_says_why(mesascope, folder, arguments, message):
    code, out, err = mesascope(*arguments)
    assert (code, out) == (2, "")
    assert message in err


@pytest.mark.parametrize("verb", ["audit", "search", "objective", "witness"])
def test_agents_are_brought_through_views(mesascope, folder, verb):
    code, _, err = mesascope(verb, "house_agents:to_the_corner", "--world", "corner", "--view", "transpos")
    assert code == 2
    assert "Did you mean 'transpose'?" in err
