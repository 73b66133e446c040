"""The judge of hostile use sees every kind of fault, and the cases are what they say."""

from __future__ import annotations

import importlib
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture(autouse=True)
def _on_path(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))


def module(name):
    return importlib.import_module(name)


@pytest.fixture
def sound(tmp_path):
    """An outcome of a refusal in which all holds."""
    (tmp_path / "work").mkdir()
    said = b"mesascope: Cannot load 'agent.zip': it is not a whole archive.\n"
    lies = {"work/agent.zip": "3 abc", "outside/victim.txt": "4 def"}
    return module("hostile.case").Outcome(4, b"", said, 0.1, 2**28, True, tmp_path / "work", lies, dict(lies), False)


@pytest.fixture
def case():
    case = module("hostile.case").Case
    return case("files", "one", ("audit", "agent.zip", "--fail-on", "pseudo-aligned"), says="agent", refusal=True)


def faults(case, outcome):
    return [fault.criterion for fault in module("hostile.judge").judge(case, outcome)]


def test_what_holds_is_not_accused(case, sound):
    assert faults(case, sound) == []


@pytest.mark.parametrize(
    ("criterion", "changes"),
    [
        ("unnamed-code", {"canary": True}),
        ("files-lost", {"after": {"outside/victim.txt": "4 def"}}),
        ("files-lost", {"after": {"work/agent.zip": "3 abc", "outside/victim.txt": "4 changed"}}),
        ("files-lost", {"after": {"work/agent.zip": "3 abc", "outside/victim.txt": "4 def", "outside/new": "1 a"}}),
        ("crashes", {"code": 70}),
        ("crashes", {"code": -11}),
        ("tracebacks", {"err": b"agent\nTraceback (most recent call last):\n"}),
        ("control-characters", {"err": b"agent \x1b[31m"}),
        ("control-characters", {"err": "agent \u202e".encode()}),
        ("control-characters", {"out": b"\xff"}),
        ("memory", {"peak": 2**31}),
        ("time", {"cpu": 2.5}),
        ("long-messages", {"err": b"agent " * 1000}),
        ("open-gates", {"code": 0}),
        ("unended", {"ended": False}),
        ("wrong-endings", {"code": 1}),
        ("wrong-endings", {"err": b"something else\n"}),
        ("wrong-endings", {"err": b""}),
    ],
)
def test_each_fault_is_seen(case, sound, criterion, changes):
    assert criterion in faults(case, replace(sound, **changes))


@pytest.mark.parametrize(
    ("out", "broken"), [(b'{"a": 1}', False), (b"hello {}", True), (b'{"a": NaN}', True), (b"", True)]
)
def test_json_on_standard_output_is_read(case, sound, out, broken):
    asked = replace(case, argv=("list", "--json"), exits=frozenset({0}))
    assert ("broken-json" in faults(asked, replace(sound, code=0, out=out))) is broken


def test_a_gate_needs_a_report_of_its_own(case, sound):
    (sound.folder / "report.json").write_text(json.dumps({"answers": {}}))
    passing = replace(case, exits=frozenset({0}))
    new = replace(sound, code=0, after={**sound.before, "work/report.json": "15 new"})
    assert faults(passing, new) == []
    stood_there = replace(new, before=new.after)
    assert faults(passing, stood_there) == ["open-gates"]


def test_there_are_cases_of_every_kind():
    cases = module("hostile.catalogue").every_case()
    kinds = {case.kind for case in cases}
    assert kinds == {"files", "json", "options", "worlds", "agents", "environments", "folders", "process", "python"}
    assert len(cases) >= module("hostile_use").WANTED_CASES
    some = module("hostile.catalogue").sample(cases, each=2)
    assert {case.kind for case in some} == kinds
    assert some == module("hostile.catalogue").sample(cases, each=2)


def test_broken_texts_are_no_json(case):
    mangling, is_json = module("hostile.mangling"), module("hostile.judge").is_json
    for name in ("empty", "truncated", "utf-16", "nul-bytes", "nan", "infinity", "comment", "raw-escape", "latin-1"):
        assert not is_json(mangling.BROKEN[name](b'{"a": 1}')), name
    rng = module("hostile.case").Case("json", "x").random
    for label, content in mangling.other_values(b'{"a": {"b": [1, 2]}, "c": "d"}', rng, 12):
        assert json.loads(content) != {"a": {"b": [1, 2]}, "c": "d"}, label


def test_a_case_runs_in_a_folder_of_its_own(tmp_path):
    case = module("hostile.case").Case(
        "process",
        "shell",
        shell='echo out; echo err >&2; touch "$HOSTILE_CANARY" ../outside/new; exit 3',
        exits=frozenset({3}),
    )
    runner = module("hostile.running").Runner(tmp_path, processes=1)
    seen = []
    runner.run_all([case], lambda case, outcome: seen.append(outcome))
    (outcome,) = seen
    assert (outcome.code, outcome.out, outcome.err, outcome.ended) == (3, b"out\n", b"err\n", True)
    assert {"unnamed-code", "files-lost"} == set(faults(case, outcome))
    assert not os.path.exists(outcome.folder)


def test_claims_count_what_did_not_hold(case, sound):
    use, judge = module("hostile_use"), module("hostile.judge")
    bad = replace(sound, code=70)
    judged = [(case, sound, []), (replace(case, name="two"), bad, judge.judge(case, bad))]
    claims = {claim.id: claim for claim in use.claims(judged)}
    assert claims["hostile-use.crashes"].value == 1
    assert "files/two" in claims["hostile-use.crashes"].text
    assert claims["hostile-use.files-hold"].value == 0.5
    assert claims["hostile-use.files-lost"].met
