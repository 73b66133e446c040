from __future__ import annotations

import json

import pytest

from mesascope.worlds.catalogue import WORLDS


def test_everything_that_is_registered_is_listed(mesascope):
    code, out, err = mesascope("list")
    assert code == 0
    for kind in ("worlds", "organisms", "assays"):
        assert f"{kind}\n" in out
    for entry in WORLDS:
        assert f"  {entry.name} " in out
    assert "mesascope list objectives" in err


def test_quiet_leaves_out_the_note(mesascope):
    assert mesascope("list", "--quiet")[2] == ""


def test_json_is_one_object(mesascope):
    code, out, _ = mesascope("list", "--json", "--quiet")
    found = json.loads(out)
    assert code == 0
    assert set(found) == {
        "worlds",
        "streams",
        "organisms",
        "learners",
        "optimizers",
        "remedies",
        "labellers",
        "assays",
    }
    assert [row["name"] for row in found["worlds"]] == list(WORLDS.names())
    assert all(row["summary"] for rows in found.values() for row in rows)


@pytest.mark.parametrize("world", ["corner", "keys"])
def test_objectives_of_a_world_with_the_base_marked(mesascope, world):
    from mesascope.worlds.catalogue import resolve_world

    code, out, _ = mesascope("list", "objectives", "--world", world, "--json")
    rows = json.loads(out)["objectives"]
    assert code == 0
    assert [row["name"] for row in rows] == [spec.name for spec in resolve_world(world).objectives]
    assert [row["name"] for row in rows if row["role"] == "base"] == [resolve_world(world).base_objective]
    assert any(row["role"] == "control" for row in rows)


def test_lines_are_no_longer_than_the_terminal(mesascope, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    for arguments in (("list",), ("list", "objectives")):
        _, out, _ = mesascope(*arguments)
        assert max(map(len, out.splitlines())) <= 60


def test_an_unknown_world_is_answered_with_the_nearest(mesascope):
    code, out, err = mesascope("list", "objectives", "--world", "croner")
    assert (code, out) == (2, "")
    assert "Did you mean 'corner'?" in err


def test_a_world_in_place_of_a_list_is_answered_with_what_to_type(mesascope):
    code, out, err = mesascope("list", "corner")
    assert (code, out) == (2, "")
    assert "mesascope list objectives --world corner" in err
    assert "Did you mean 'worlds'?" in mesascope("list", "worlsd")[2]


def test_options_of_a_world_with_their_defaults(mesascope):
    from mesascope.worlds.catalogue import resolve_world

    code, out, _ = mesascope("list", "options", "--world", "maze", "--json")
    rows = json.loads(out)["options"]
    assert code == 0
    assert {row["name"]: row["summary"] for row in rows} == {
        name: f"{value} by default" for name, value in resolve_world("maze").options().items()
    }
