import json

import pytest

from mesascope.cli.main import main


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("challenge") / "sealed"
    assert main(["challenge", "make", "--out", str(folder), "--specimens", "1", "--quiet"]) == 0
    return folder


def test_a_challenge_says_where_it_lies(folder, capsys):
    assert (
        main(["challenge", "make", "--out", str(folder.parent / "other"), "--specimens", "1", "--json", "--quiet"]) == 0
    )
    assert json.loads(capsys.readouterr().out)["agents"] == 11


def test_a_challenge_is_not_replaced(folder, capsys):
    assert main(["challenge", "make", "--out", str(folder)]) == 2
    assert "never replaced" in capsys.readouterr().err


def test_answers_are_scored(folder, tmp_path, capsys):
    answers = tmp_path / "answers.json"
    answers.write_text(json.dumps({f"agent-{place:03d}": "deceptive" for place in range(11)}))
    assert main(["challenge", "score", str(answers), "--challenge", str(folder), "--quiet"]) == 0
    out = capsys.readouterr().out
    assert "1 of 11 right" in out
    assert "deceptive called robust: 0 of 1" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [((), "mesascope challenge make|answer|score"), (("scorn", "answers.json"), "Did you mean 'score'?")],
)
def test_what_to_do_with_a_challenge_must_be_said(arguments, message, capsys):
    assert main(["challenge", *arguments]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.slow
def test_the_battery_names_all_of_them(folder, capsys):
    assert main(["challenge", "answer", "--challenge", str(folder), "--json", "--quiet"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["right"] == found["agents"] == 11
    assert found["macro_f1"] == 1.0


@pytest.mark.parametrize("name", ["README.txt", "agents/agent-000.safetensors", "request.json"])
def test_what_another_made_is_not_replaced(tmp_path, capsys, name):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("mine")
    assert main(["challenge", "make", "--out", str(tmp_path), "--specimens", "1", "--quiet"]) == 2
    err = capsys.readouterr().err
    assert "exists already" in err
    assert "--force" not in err
    assert (tmp_path / name).read_text() == "mine"


def test_an_agent_that_does_not_fit_its_world_is_refused(folder, tmp_path, capsys):
    import shutil

    changed = tmp_path / "changed"
    shutil.copytree(folder, changed)
    sealed = json.loads((changed / "sealed.json").read_text())
    sealed["worlds"] = dict.fromkeys(sealed["worlds"], "corner")
    (changed / "sealed.json").write_text(json.dumps(sealed))
    assert main(["challenge", "answer", "--challenge", str(changed), "--quiet"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert not (changed / "battery-answers.json").exists()
