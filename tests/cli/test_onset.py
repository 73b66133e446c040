from __future__ import annotations

import json

import pytest

from mesascope.training import learned_onset
from mesascope.training.learned_onset import LearnedCell, PhaseRate


def test_the_exact_tables_at_once(mesascope, tmp_path):
    code, out, err = mesascope("onset")
    assert (code, err) == (0, "")
    assert "onset, all of training   from a threat of 0.3333" in out
    assert list(tmp_path.iterdir()) == []


def test_options_change_the_question(mesascope):
    options = ("--training-episodes", 6, "--threat", 0.9, "--discount", 0.8, "--cue-accuracy", 0.9)
    data = json.loads(mesascope("onset", *options, "--json")[1])
    assert data["lifetime"] == {"training": 6, "deployment": 3, "threat": 0.9, "discount": 0.8, "accuracy": 0.9}
    assert data["exact"]["plan"]["complies_at_the_end"] == 3
    assert data["exact"]["cue"]["accuracy"] == 0.9
    assert data["learned"] == []


def test_a_longer_lifetime_can_be_asked_for(mesascope):
    assert mesascope("onset", "--deployment-episodes", 1500, "--quiet")[0] == 2
    assert mesascope("onset", "--deployment-episodes", 1500, "--most-episodes", 2000, "--quiet")[0] == 0


def test_files_are_written_where_asked_and_other_results_kept(mesascope, tmp_path):
    code, _, err = mesascope("onset", "--out", "found")
    assert code == 0
    assert err.splitlines() == ["Report  found/onset.json", "Report  found/onset.html"]
    page = tmp_path / "found" / "onset.html"
    before = page.read_text()
    code, out, err = mesascope("onset", "--out", "found", "--threat", 0.2)
    assert (code, out) == (2, "")
    assert "threat was 1.0, now 0.2" in err
    assert "--force" in err
    assert page.read_text() == before
    assert mesascope("onset", "--out", "found", "--threat", 0.2, "--force", "--quiet")[2] == ""
    assert "Deception does not pay" in page.read_text()


def test_learned_policies_are_asked_for_under_threats_around_the_onset(mesascope, monkeypatch):
    asked = {}

    def instead(lifetime, kinds, *, seeds, accuracy):
        asked.update(lifetime=lifetime, kinds=kinds, seeds=seeds, accuracy=accuracy)
        few = PhaseRate((3,) * len(seeds), (3,) * len(seeds))
        return tuple(LearnedCell(threat, held, few, few) for threat, held in kinds)

    monkeypatch.setattr(learned_onset, "learned_cells", instead)
    code, out, _ = mesascope("onset", "--learned", "--threat", 0.33, "--seeds", 2, "--seed", 7, "--cue-accuracy", 0.9)
    assert code == 0
    assert asked["seeds"] == (7, 8)
    assert asked["accuracy"] == 0.9
    assert 0.33 in [threat for threat, held in asked["kinds"] if held.spans_updates]
    assert "INCONCLUSIVE (least" in out


@pytest.mark.slow
def test_learned_policies_flip_at_the_exact_onset(mesascope):
    data = json.loads(mesascope("onset", "--learned", "--json")[1])
    verdicts = {cell["threat"]: cell["verdict"] for cell in data["learned"] if cell["spans_updates"]}
    assert verdicts == {threat: "PASS" if threat > 1 / 3 else "FAIL" for threat in verdicts}
    (blank,) = [cell for cell in data["learned"] if cell["deployment"]["value"] is None]
    assert (blank["threat"], blank["spans_updates"]) == (1.0, False)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--threat", 1.5), "--threat 1.5 is not from 0 to 1"),
        (("--discount", "nan"), "--discount nan is not a finite number"),
        (("--training-episodes", 0), "--training-episodes 0 is below 1"),
        (("--deployment-episodes", -1), "--deployment-episodes -1 is below 1"),
        (("--cue-accuracy", 0.4), "--cue-accuracy 0.4 is not from 0.5 to 1"),
        (("--seeds", 0), "--seeds 0"),
        (("--seed", 2**32 - 1), "the last seed 4294967299 is more than"),
        (("--training-episodes", 10**6), "about 46.8 GiB and 83,335 minutes; at most 1,000"),
        (("--deployment-episodes", 10**6), "--most-episodes"),
        (("--most-episodes", 4), "5 episodes"),
        (("--learned", "--deployment-episodes", 100), "at most 20 episodes, not 102"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_written(mesascope, tmp_path, arguments, message):
    code, out, err = mesascope("onset", "--out", "found", *arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert list(tmp_path.iterdir()) == []
