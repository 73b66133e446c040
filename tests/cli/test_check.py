from __future__ import annotations

import json

import pytest

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
