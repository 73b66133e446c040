from __future__ import annotations

import errno
import os

import pytest

from mesascope.cli import output_folder
from mesascope.cli.output_folder import REQUEST, check_writable, claim
from mesascope.core.errors import OutputError

REQUESTED = {"agent": "corner", "seed": 0}


def finished(path, request):
    folder = claim(path, request, result="report.json", force=False)
    folder.seal()
    (path / "report.json").write_text("{}")


def test_the_same_request_may_replace_its_own_result(tmp_path):
    finished(tmp_path / "run", REQUESTED)
    assert claim(tmp_path / "run", dict(REQUESTED), result="report.json", force=False).path == tmp_path / "run"


def test_another_request_needs_force_and_is_told_what_differs(tmp_path):
    finished(tmp_path, REQUESTED)
    other = {"agent": "corner", "seed": 1}
    with pytest.raises(OutputError, match=r"seed was 0, now 1.*--force.*--out"):
        claim(tmp_path, other, result="report.json", force=False)
    assert (tmp_path / "report.json").read_text() == "{}"
    claim(tmp_path, other, result="report.json", force=True).seal()
    assert '"seed": 1' in (tmp_path / REQUEST).read_text()


@pytest.mark.parametrize("record", [None, "", "[1]", "{"])
def test_a_result_that_nothing_is_known_about_needs_force(tmp_path, record):
    (tmp_path / "report.json").write_text("precious")
    if record is not None:
        (tmp_path / REQUEST).write_text(record)
    with pytest.raises(OutputError, match="nothing says which"):
        claim(tmp_path, REQUESTED, result="report.json", force=False)
    assert (tmp_path / "report.json").read_text() == "precious"


def test_an_unwritable_place_is_found_out_at_once(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(OutputError, match=r"Cannot write to the folder .*--out"):
        claim(tmp_path / "file" / "run", REQUESTED, result="report.json", force=False)
    with pytest.raises(OutputError, match="Cannot write to the folder '/proc/"):
        check_writable(output_folder.Path("/proc/mesascope"))


def test_a_full_disk_is_found_out_at_once_and_leaves_nothing(tmp_path, monkeypatch):
    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(output_folder.os, "fsync", full)
    with pytest.raises(OutputError, match="No space left on device"):
        check_writable(tmp_path / "run")
    assert list((tmp_path / "run").iterdir()) == []
