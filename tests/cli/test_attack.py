from __future__ import annotations

import json

import pytest

WORLD = ("--world", "corner", "--world-option", "size=5", "--world-option", "walls=open")
ASKED = ("attack", "house_agents:to_the_corner", *WORLD, "--levels", "2", "--distribution", "deploy")


def test_the_worst_edit_is_told_and_drawn(house):
    folder, run = house
    code, out, err = run(*ASKED, "--out", "attack")
    assert code == 0, err
    assert "The edit that costs most: row" in out
    assert "what it is shown" in out
    assert "with the edit" in out
    data = json.loads((folder / "attack" / "attack.json").read_text())["attack"]
    assert data["tried_all"] is True
    assert data["edited_return"] <= data["clean_return"]
    page = (folder / "attack" / "attack.html").read_text()
    assert page.count("<svg") == 2


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--target", "cheeze"), "Did you mean"),
        (("--target", "cheese"), "is the base objective"),
        (("--cells", "0"), "--cells"),
        (("--distribution", "deployment"), "Did you mean 'deploy'"),
        (("--base", "chese"), "Did you mean"),
    ],
)
def test_what_cannot_be_attacked_is_said(house, options, said):
    code, out, err = house[1](*ASKED[:-2], *options)
    assert code == 2, out
    assert said in err
