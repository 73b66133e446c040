"""The published schema: the same file twice, a check that agrees with jsonschema, and hostile files."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mesascope.core.errors import UsageError
from mesascope.report.data.audit_report import Report
from mesascope.report.data.kinds import KINDS
from mesascope.report.data.saved_report import MAXIMUM_BYTES

ROOT = Path(__file__).resolve().parents[3]


def validator() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(Report.schema())


def paths(value, path=()):
    """Every place in a JSON value."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from paths(item, (*path, key))


def changed(data, path, change):
    """A copy in which the value at a place is replaced, or removed if `change` is `...`."""
    if not path:
        return change
    data = copy.deepcopy(data)
    parent = data
    for key in path[:-1]:
        parent = parent[key]
    if change is ...:
        del parent[path[-1]]
    else:
        parent[path[-1]] = change
    return data


@pytest.mark.parametrize("kind", KINDS)
def test_the_published_schema_is_that_of_the_form(kind):
    published = ROOT / "docs" / f"{kind.name}-schema.json"
    assert json.loads(published.read_text("utf-8")) == kind.schema(), "run python docs/schemas.py"
    jsonschema.Draft202012Validator.check_schema(kind.schema())


def test_every_report_fulfils_the_schema(report):
    data = json.loads(report.to_json())
    validator().validate(data)
    Report.check(data)


@pytest.mark.parametrize(
    ("path", "change", "field"),
    [
        (("answers", "objective", "posterior", 0, "probability"), 1.5, "answers.objective.posterior[0].probability"),
        (("answers", "alignment", "class"), "evil", "answers.alignment.class"),
        (("witness", "agent_path", 2), [1, 2, 3], "witness.agent_path[2]"),
        (("regret", "train", "n"), -1, "regret.train.n"),
        (("seed",), "0", "seed"),
        (("seed",), True, "seed"),
        (("world",), ..., "world"),
        (("extra",), 1, "extra"),
        (("seed",), -1, "seed"),
        (("subject", "evaluation"), "guessed", "subject.evaluation"),
        (("subject", "world_options", "size"), [9], "subject.world_options"),
        (("witness", "agent_path", 1), [-1, 2], "witness.agent_path[1][0]"),
        (("witness", "base_path", 1), [9, 2], "witness.base_path[1]"),
        (("witness", "start"), [0, 9], "witness.start"),
        (("witness", "text"), "#", "witness.agent_path[0]"),
        (("regret", "deploy", "low"), 0.9, "regret.deploy"),
        (("evidence", 0, "question"), "why", "evidence[0].question"),
        (("evidence", 0, "effect", "high"), -9, "evidence[0].effect"),
        (("evidence", 1, "details"), {"curve": {}}, "evidence[1].details.curve"),
        (("evidence", 1, "details"), {"rates": [{"value": "high"}]}, "evidence[1].details.rates[0].value"),
        (("evidence", 1, "details"), {"cliff": []}, "evidence[1].details.cliff"),
        (("provenance", "evidence_seconds"), [], "provenance.evidence_seconds"),
        (("evidence", 1, "details"), [], "evidence[1].details"),
        (("provenance", "versions", "jax"), 3, "provenance.versions"),
    ],
)
def test_the_field_at_fault_is_named(reports, path, change, field):
    data = json.loads(reports["pseudo-aligned"].to_json())
    with pytest.raises(UsageError) as caught:
        Report.from_json(json.dumps(changed(data, path, change)))
    assert f"'{field}'" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("[]", "JSON object"),
        ("null", "JSON object"),
        ('{"schema_version": 2}', "schema_version"),
        ('{"schema_version": true}', "schema_version"),
        ('{"schema_version": 1}', "'agent' is missing"),
        ('{"schema_version": NaN}', "NaN"),
        ('{"schema_version": 1e999}', "1e999"),
        ('{"schema_version": ' + "9" * 10_000 + "}", "number of 10000 digits"),
        ('{"a": 1, "a": 2}', "twice"),
        ('{"a": "\\ud800"}', "lone surrogate"),
        ("[" * 100_000, "nested more than 64 deep"),
        ('{"a":' * 100_000, "nested more than 64 deep"),
        ('{"schema_version": ' + "[" * 900 + "]" * 900 + "}", "nested more than 64 deep"),
        ('{"schema_version": ' + "7" * 400 + "}", "number of 400 digits"),
        ('{"schema_version": -Infinity}', "Infinity"),
        ("[" + "0," * 2_000_000 + "0]", "more than 1,000,000 values"),
        ("{}," * 2_000_000, "more than 1,000,000 values"),
        (" " * (MAXIMUM_BYTES + 1), "at most"),
    ],
)
def test_texts_that_are_no_report_are_refused(text, message):
    with pytest.raises(UsageError, match=message):
        Report.from_json(text)


@pytest.fixture(scope="module")
def small(reports) -> str:
    """A report with a policy of two arrows: so that damage does not fall on arrows alone, and examples are quick."""
    data = json.loads(reports["pseudo-aligned"].to_json())
    return json.dumps({**data, "witness": {**data["witness"], "arrows": data["witness"]["arrows"][:2]}})


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
PLACE = st.integers(0, 2**20)
CHANGE = JSON_VALUES | st.just(...)


def damage(data, place, change):
    """A copy of JSON that is damaged in one of its places, or is something else altogether."""
    places = list(paths(data))
    path = places[place % len(places)]
    return changed(data, path, change) if path or change is not ... else None


# The same case fixture serves every example: reports are frozen and the data is copied before it is changed.
FUZZING = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)


@FUZZING
@given(place=PLACE, change=CHANGE)
def test_the_check_agrees_with_jsonschema_on_damaged_reports(small, place, change):
    damaged = damage(json.loads(small), place, change)
    expected = validator().is_valid(damaged)
    try:
        Report.check(damaged)
    except UsageError:
        assert not expected
    else:
        assert expected


@FUZZING
@given(damages=st.lists(st.tuples(PLACE, CHANGE), min_size=1, max_size=3))
def test_damaged_reports_are_read_or_refused_never_anything_else(small, damages):
    original = json.loads(small)
    for place, change in damages:
        original = damage(original, place, change)
    try:
        report = Report.from_json(json.dumps(original))
    except UsageError:
        # Any other exception would fail this test.
        return
    # Reading rounds to nine digits and drops what is not used, after which nothing changes any more.
    assert Report.from_json(report.to_json()).to_json() == report.to_json()


@FUZZING
@given(text=st.text(max_size=200), cut=st.integers(0, 5000))
def test_cut_and_spliced_texts_are_refused(small, text, cut):
    with pytest.raises(UsageError):
        Report.from_json(small[:cut] + text)
