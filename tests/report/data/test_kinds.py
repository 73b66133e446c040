"""Every kind of report is read back from its own JSON, and its page is made of that alone."""

from __future__ import annotations

import json

import pytest

from mesascope.audit.findings import Witness
from mesascope.core.errors import UsageError
from mesascope.core.verdicts import Estimate, Evidence, Verdict
from mesascope.oversight.comparison import effects_of
from mesascope.proof.attacks.attack import Attack, CellEdit
from mesascope.proof.verdict import Counterexample, refuted, unknown
from mesascope.report.data.kinds import KINDS, load_report, report_file
from mesascope.report.data.proof_reports import AttackReport, VerifyReport
from mesascope.report.data.question_reports import WitnessReport
from mesascope.report.data.remedy_comparison import Comparison, Shown, TreatedAgent
from mesascope.report.views.comparison import compared
from tests.oversight.test_comparison import cured_rows
from tests.report.battery_examples import report as battery_report
from tests.report.learner_example import learner_report
from tests.report.pages.test_objective_page import report as objective_report
from tests.report.pages.test_onset_page import report as onset_report
from tests.report.pages.test_search_page import report as search_report

LEVEL = Witness(
    text="###\n#.#\n###",
    legend=(("#", "wall"),),
    distribution="deploy",
    index=0,
    start=(1, 1),
    agent_path=((1, 1),),
    base_path=(),
    agent_goal=(),
    base_goal=(),
    arrows=(),
    base_regret=0.9,
    own_regret=0.0,
    sentence="It stays.",
)


def witness_report(**changes) -> WitnessReport:
    nothing = Evidence("witness-search", "alignment", Verdict.INCONCLUSIVE, "None was found.", "it has memory")
    fields = {"found": None, "shrunk": None, "replayed": None} | changes
    return WitnessReport(
        "robot", "network", "corner", {"size": 5}, 0, "given", nothing, provenance={"seed": 0}, **fields
    )


def remedy_report() -> Comparison:
    """A recipe with a remedy that helps and one that could not be applied."""
    effects = effects_of(cured_rows(), {"pointer": "it has no <pointer>"})
    agents = (
        TreatedAgent(0, "before", "pseudo-aligned", True, None, "corner", 0.03, 0.9, ""),
        TreatedAgent(0, "cure", "none", False, None, None, None, None, "it <b>diverged</b>"),
    )
    return Comparison(
        recipe="<script>robot</script>",
        world="corner",
        base_objective="cheese",
        trained_on="train",
        shift="deploy",
        levels=16,
        updates=40,
        effects=effects,
        treated=agents,
        shown=(Shown("before", LEVEL), Shown("cure", LEVEL)),
        provenance={"seed": 0, "remedy_seconds": {"placebo": 1.0, "cure": 2.0}},
    )


def verify_report() -> VerifyReport:
    """A statement that a level refutes, beside one in which it holds."""
    shown = Counterexample("It stays <b>here</b>.", (0.5,) * 20, (1.0, -1.0), LEVEL, LEVEL)
    verdict = refuted("all 12 states were evaluated", shown, checked=12, size=12)
    return VerifyReport(
        "<script>robot</script>", "network", "corner", {"size": 5}, "It moves.", "all", 0, verdict, {"seed": 0}
    )


def attack_report() -> AttackReport:
    """An edit of one cell that costs a little."""
    half, seen = Estimate(0.5, 0.4, 0.6, 8), (("wall", "wall"), ("wall", "<i>cheese</i>"))
    attack = Attack(
        agent="robot",
        world="corner",
        distribution="train",
        objective="cheese",
        target="",
        cells=1,
        contents=3,
        edits=40,
        levels=8,
        states=80,
        evaluations=3200,
        tried_all=True,
        edit=(CellEdit(1, 1, "cheese", "nothing"),),
        level=2,
        clean_return=0.9,
        edited_return=0.1,
        optimum=0.95,
        chance=0.05,
        cost=0.9,
        worst=half,
        random=half,
        searched_at_random=None,
        regret=half,
        states_changed=half,
        states_random=half,
        states_clean=half,
        before=LEVEL,
        after=LEVEL,
        seen_before=seen,
        seen_after=(seen[0], ("wall", "nothing")),
        verdict=unknown("3,200 pairs", "not all edits were tried"),
        sentence="It costs most.",
    )
    return AttackReport("robot", "network", "corner", {"size": 5}, 0, attack, {"seed": 0})


@pytest.fixture(scope="module")
def saved(reports):
    """One of each kind, by its name."""
    audits = reports["inconclusive"], reports["robust"]
    made = [audits[0], search_report(), objective_report(), battery_report(), witness_report(), onset_report()]
    made.append(compared(*(audit.findings for audit in audits), {"seed": 0}))
    made += [remedy_report(), verify_report(), attack_report(), learner_report()]
    return {one.name: one for one in made}


def test_each_kind_is_told_from_its_json_and_gives_the_same_page_again(saved, tmp_path):
    assert list(saved) == [kind.name for kind in KINDS]
    for name, report in saved.items():
        path = tmp_path / f"{name}.json"
        path.write_text(report.to_json())
        again = load_report(path)
        assert type(again) is type(report), name
        # Examples made by hand may hold more than is read.
        assert again.to_json() == report.canonical().to_json(), name
        page = again.page()
        assert "</html>" in page, name
        # Once is enough for what takes long to draw: a page is made of what is read back, as this one was.
        assert name in ("search", "objective", "onset") or page == report.page(), name
        assert report.text(width=80), name


def test_a_field_at_fault_is_named_in_every_kind(saved):
    for name, report in saved.items():
        data = json.loads(report.to_json())
        with pytest.raises(UsageError, match="'extra' is not part of a report"):
            type(report).from_data({**data, "extra": 1})
        with pytest.raises(UsageError, match=f"mesascope {report.verb}"):
            type(report).from_data({**data, "schema_version": 99})
        with pytest.raises(UsageError, match=f"'{report.mark}"):
            type(report).from_data({**data, report.mark: "x" if name != "battery" else 7})


def test_levels_of_a_witness_are_read_back(tmp_path):
    report = witness_report(found=LEVEL, shrunk=LEVEL, replayed=True)
    again = WitnessReport.from_json(report.to_json())
    assert again.found == LEVEL
    assert again.shrunk == LEVEL


def test_a_folder_stands_for_the_one_report_in_it(saved, tmp_path):
    (tmp_path / "search.json").write_text(saved["search"].to_json())
    assert report_file(tmp_path) == tmp_path / "search.json"
    (tmp_path / "onset.json").write_text(saved["onset"].to_json())
    with pytest.raises(UsageError, match=r"search\.json, onset\.json.*Name one"):
        report_file(tmp_path)


def test_the_page_of_remedies_shows_what_each_does_and_escapes_names():
    page, text = remedy_report().page(), remedy_report().text(width=100)
    assert "Cure helps; pointer is open." in page
    assert "8 to 0 of 8" in page
    assert "8 to 0 of 8" in text
    for foreign in ("<script>robot", "<b>diverged", "no <pointer>"):
        assert foreign not in page
    assert "not applied: it has no &lt;pointer&gt;" in page
