from __future__ import annotations

import json

import pytest

from mesascope.cli.output_folder import claim
from tests.report.pages.test_onset_page import report as onset_report


@pytest.fixture
def saved(tmp_path, report):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "report.json").write_text(report.to_json())
    return tmp_path / "run" / "report.json"


def test_the_page_is_written_again_beside_the_json(mesascope, saved, report):
    page = saved.with_suffix(".html")
    saved.unlink()
    folder = claim(saved.parent, {"agent": "one"}, files=("report.json", "report.html"), force=False)
    folder.write({"report.json": report.to_json(), "report.html": "an older page"})
    code, out, err = mesascope("report", saved)
    assert (code, err) == (0, "")
    assert out.splitlines()[-1].endswith(str(page))
    assert "Is it aligned?" in out
    assert page.read_text().startswith("<!doctype html>")
    assert saved.read_text() == report.to_json()
    # The folder knows that it is still its own.
    assert mesascope("report", saved)[0] == 0
    claim(saved.parent, {"agent": "one"}, files=("report.json", "report.html"), force=False)


@pytest.fixture
def small(tmp_path):
    """A saved report whose page is made at once."""
    (tmp_path / "onset.json").write_text(onset_report().to_json())
    return tmp_path / "onset.json"


def test_a_page_that_no_verb_wrote_needs_force(mesascope, small):
    page = small.with_suffix(".html")
    page.write_text("precious")
    code, out, err = mesascope("report", small)
    assert (code, out) == (2, "")
    assert "--force" in err
    assert page.read_text() == "precious"
    assert mesascope("report", small, "--force")[0] == 0
    # It is what would be written: nothing is lost.
    assert mesascope("report", small)[0] == 0


def test_a_folder_stands_for_the_report_in_it_and_json_is_the_report(mesascope, saved, report):
    code, out, _ = mesascope("report", saved.parent, "--json")
    assert code == 0
    assert json.loads(out) == json.loads(report.to_json())


def test_another_place_is_not_overwritten_without_force(mesascope, small, tmp_path):
    page = tmp_path / "page.html"
    page.write_text("precious")
    code, out, err = mesascope("report", small, "--out", page)
    assert (code, out) == (2, "")
    assert "--force" in err
    assert page.read_text() == "precious"
    assert mesascope("report", small, "--out", page, "--force")[0] == 0
    assert page.read_text() != "precious"
    assert not small.with_suffix(".html").exists()


def test_the_page_of_another_kind_is_written_again(mesascope, small):
    code, out, err = mesascope("report", small.parent)
    assert (code, err) == (0, "")
    assert "Deception pays" in out
    assert small.with_suffix(".html").read_text() == onset_report().page()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "No such file"),
        (b"", "not JSON"),
        (b'{"schema_version": 1,', "not JSON"),
        (b"[]", "report"),
        (b'{"schema_version": 999}', "report"),
        (b"\xff\xfe", "not UTF-8"),
    ],
)
def test_what_is_no_report_says_why_and_nothing_is_written(mesascope, tmp_path, content, message):
    file = tmp_path / "some.json"
    if content is not None:
        file.write_bytes(content)
    code, out, err = mesascope("report", file)
    assert (code, out) == (2, "")
    assert message in err
    assert len(err.splitlines()) == 1
    assert not (tmp_path / "some.html").exists()
