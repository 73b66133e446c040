"""A folder is written to only where that loses nothing, and what a killed run leaves is taken by the same command."""

from __future__ import annotations

import errno
import json
import os

import pytest

from mesascope.cli import output_folder
from mesascope.cli.output_folder import REQUEST, check_writable, claim
from mesascope.core import files
from mesascope.core.errors import OutputError

REQUESTED = {"agent": "corner", "seed": 0}
NAMES = ("report.json", "report.html")
CONTENTS = {"report.json": "{}", "report.html": "<html>"}


def claimed(path, request=REQUESTED, *, force=False):
    return claim(path, dict(request), files=NAMES, force=force)


def read(path) -> dict[str, str]:
    return {file.name: file.read_text() for file in path.iterdir()}


def test_the_same_request_may_replace_its_own_result(tmp_path):
    claimed(tmp_path / "run").write(CONTENTS)
    folder = claimed(tmp_path / "run")
    paths = folder.write({**CONTENTS, "report.json": "new"})
    assert [path.read_text() for path in paths] == ["new", "<html>"]
    assert folder.holds({**CONTENTS, "report.json": "new"})
    assert not folder.holds(CONTENTS)
    claimed(tmp_path / "run")


def test_another_request_needs_force_and_is_told_what_differs(tmp_path):
    claimed(tmp_path).write(CONTENTS)
    other = {"agent": "corner", "seed": 1}
    with pytest.raises(OutputError, match=r"seed was 0, now 1.*--force.*--out"):
        claimed(tmp_path, other)
    assert (tmp_path / "report.json").read_text() == "{}"
    claimed(tmp_path, other, force=True).write(CONTENTS)
    assert json.loads((tmp_path / REQUEST).read_text())["request"]["seed"] == 1


@pytest.mark.parametrize("name", [*NAMES, REQUEST])
@pytest.mark.parametrize("content", ["precious", "", "[1]", "{", '{"request": {"agent": "corner", "seed": 0}}'])
def test_a_file_of_anothers_making_needs_force(tmp_path, name, content):
    (tmp_path / name).write_text(content)
    with pytest.raises(OutputError, match=rf"{name}' exists already, and nothing says who wrote it.*--force"):
        claimed(tmp_path)
    assert read(tmp_path) == {name: content}
    claimed(tmp_path, force=True).write(CONTENTS)
    claimed(tmp_path)


@pytest.mark.parametrize("name", NAMES)
def test_a_file_that_was_changed_since_needs_force(tmp_path, name):
    claimed(tmp_path).write(CONTENTS)
    (tmp_path / name).write_text("with notes of mine")
    with pytest.raises(OutputError, match=rf"{name}' exists already, and it was changed since"):
        claimed(tmp_path)


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo, lambda path: os.symlink("nowhere", path)])
def test_what_is_no_file_needs_force_and_is_not_waited_for(tmp_path, make):
    make(tmp_path / "report.html")
    with pytest.raises(OutputError, match="exists already"):
        claimed(tmp_path)


def test_files_that_the_verb_does_not_write_are_none_of_its_business(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    claimed(tmp_path).write(CONTENTS)
    claimed(tmp_path).write(CONTENTS)
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_a_file_of_its_own_that_is_not_written_again_goes(tmp_path):
    claimed(tmp_path).write(CONTENTS)
    claimed(tmp_path).write({"report.json": "{}"})
    assert set(read(tmp_path)) == {"report.json", REQUEST}


@pytest.mark.parametrize("standing", [False, True])
@pytest.mark.parametrize("writes", range(4))
def test_a_run_that_is_killed_leaves_a_folder_that_the_same_request_takes(tmp_path, monkeypatch, standing, writes):
    if standing:
        claimed(tmp_path).write({"report.json": "old", "report.html": "old"})
    write, left = files.write_atomically, [writes]

    def until_killed(path, content):
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        return write(path, content)

    monkeypatch.setattr(output_folder, "write_atomically", until_killed)
    with pytest.raises(KeyboardInterrupt):
        claimed(tmp_path).write(CONTENTS)
    monkeypatch.undo()
    claimed(tmp_path).write(CONTENTS)
    assert {name: read(tmp_path)[name] for name in NAMES} == CONTENTS


def test_an_unwritable_place_is_found_out_at_once(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(OutputError, match=r"Cannot write to the folder .*--out"):
        claimed(tmp_path / "file" / "run")
    with pytest.raises(OutputError, match="Cannot write to the folder '/proc/"):
        check_writable(output_folder.Path("/proc/mesascope"))


def test_a_full_disk_is_found_out_at_once_and_leaves_nothing(tmp_path, monkeypatch):
    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(output_folder.os, "fsync", full)
    with pytest.raises(OutputError, match="No space left on device"):
        check_writable(tmp_path / "run")
    assert list((tmp_path / "run").iterdir()) == []
