from __future__ import annotations

import json

import pytest

SMALL = ("--world", "corner", "--world-option", "size=5", "--levels", "6")


def test_every_distance_with_its_interval(mesascope):
    code, out, err = mesascope("distance", "cheese", "corner", *SMALL)
    assert (code, err) == (0, "")
    for kind in ("starc", "starc-minimal", "epic", "dard", "npec", "erc"):
        assert any(line.strip().startswith(kind + " ") for line in out.splitlines())
    assert "Intervals: 95 % over levels" in out
    assert mesascope("distance", "cheese", "corner", *SMALL)[1] == out


def test_a_reward_and_itself_scaled(mesascope):
    code, out, _ = mesascope("distance", "cheese=1,stop:cheese", "cheese=3,stop:cheese", *SMALL, "--json")
    assert code == 0
    data = json.loads(out)
    assert data["levels"] == 6
    assert {one["kind"]: round(one["estimate"]["value"], 6) for one in data["distances"]}["starc"] == 0.0


def test_opposite_rewards_by_one_kind(mesascope):
    arguments = ("distance", "cheese=1,stop:cheese", "cheese=-1,stop:cheese", *SMALL, "--kind", "starc", "--json")
    data = json.loads(mesascope(*arguments)[1])
    (starc,) = data["distances"]
    assert starc["estimate"]["value"] == pytest.approx(2.0)
    assert starc["estimate"]["unit"] == "levels"


def test_a_reward_of_ones_own(mesascope, tmp_path):
    code = "def upwards(seen, actions, after):\n    return (actions == 0).astype(float)\n\nnumber = 3\n"
    (tmp_path / "own_rewards.py").write_text(code)
    pair = ("distance", "upwards", "corner", *SMALL, "--objective")
    code, out, err = mesascope(*pair, "own_rewards:upwards", "--kind", "starc", "--json")
    assert (code, err) == (0, "")
    assert 0 < json.loads(out)["distances"][0]["estimate"]["value"] <= 2
    code, _, err = mesascope(*pair, "own_rewards:number")
    assert code == 2
    assert "not a function" in err


def test_outer_alignment(mesascope):
    data = json.loads(mesascope("distance", "corner", "cheese", *SMALL, "--outer", "--json")[1])
    assert data["outer_alignment"]
    assert "optimiz" in mesascope("distance", "corner", "cheese", *SMALL, "--outer")[1]


def test_a_reward_from_a_file(mesascope, folder):
    (folder / "reward.json").write_text('{"weights": {"cheese": 2}, "stops": ["cheese"]}')
    data = json.loads(mesascope("distance", "cheese", folder / "reward.json", *SMALL, "--json", "--kind", "epic")[1])
    assert data["distances"][0]["estimate"]["value"] == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("chese", "corner"), "Did you mean 'cheese'?"),
        (("chese=1", "corner"), "attribute in world 'corner' named 'chese'"),
        (("cheese=much", "corner"), "The weight of 'cheese' is 'much'"),
        (("cheese=nan", "corner"), "not a finite number"),
        (("cheese=1,cheese=2", "corner"), "weighs 'cheese' twice"),
        (("cheese=1,corner", "corner"), "not of the form ATTRIBUTE=WEIGHT"),
        (("cheese", "corner", "--kind", "stark"), "Did you mean 'starc'?"),
        (("cheese", "corner", "--levels", "0"), "--levels 0 is below 1"),
        (("cheese", "nowhere.json"), "nowhere.json"),
        (("cheese", "list.json"), "as a reward: it is not of the form"),
        (("cheese", "extra.json"), "unknown field `scale`"),
        (("cheese", "true.json"), "Expected `float`, got `bool` - at `$.weights"),
        (("cheese", "broken.json"), "Cannot read"),
        (("cheese", "huge.json"), "'cheese' is 1e+308; it must be 0 or between"),
        (("cheese=-1e-320", "corner"), "it must be 0 or between"),
    ],
)
def test_rewards_that_are_none_say_why(mesascope, folder, monkeypatch, arguments, message):
    monkeypatch.chdir(folder)
    (folder / "list.json").write_text("[1]")
    (folder / "extra.json").write_text('{"weights": {"cheese": 1}, "scale": 2}')
    (folder / "true.json").write_text('{"weights": {"cheese": true}}')
    (folder / "huge.json").write_text('{"weights": {"cheese": 1e308}}')
    (folder / "broken.json").write_text('{"weights": ')
    code, out, err = mesascope("distance", *arguments)
    assert (code, out) == (2, "")
    assert message in err
