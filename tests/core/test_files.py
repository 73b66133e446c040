"""A file is written whole or not at all, whatever the disk does."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys

import pytest

from mesascope.core.errors import OutputError, UsageError
from mesascope.core.files import checked_file, write_atomically


def full(*_):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_text_and_bytes_arrive_and_missing_folders_are_made(tmp_path):
    path = tmp_path / "a" / "b" / "report.json"
    assert write_atomically(path, "é\n") == path
    assert path.read_bytes() == "é\n".encode()
    write_atomically(str(path), b"\x00\xff")
    assert path.read_bytes() == b"\x00\xff"
    assert os.listdir(path.parent) == ["report.json"]


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_who_may_read_a_file_is_what_the_umask_says(tmp_path, umask, mode):
    before = os.umask(umask)
    try:
        assert stat.S_IMODE(write_atomically(tmp_path / "f", "x").stat().st_mode) == mode
    finally:
        os.umask(before)


KILLED = """
import os, signal
from mesascope.core import files
files.os.fsync = lambda descriptor: os.kill(os.getpid(), signal.SIGKILL)
files.write_atomically("report.json", "never finished")
"""


def test_what_a_killed_run_left_is_removed_when_the_file_is_next_written(tmp_path):
    subprocess.run([sys.executable, "-c", KILLED], cwd=tmp_path, check=False)
    (left,) = os.listdir(tmp_path)
    assert left.startswith(".report.json.")
    others = [".report.json.notes.tmp", ".report.json.tmp", "report.json.abcdefgh.tmp", ".other.json.abcdefgh.tmp"]
    for name in others:
        (tmp_path / name).write_text("another's")
    (tmp_path / ".report.json.abcdefgh.tmp").symlink_to(tmp_path / others[0])
    write_atomically(tmp_path / "report.json", "new")
    assert sorted(os.listdir(tmp_path)) == sorted([*others, ".report.json.abcdefgh.tmp", "report.json"])


def test_what_another_run_is_just_writing_stays(tmp_path, monkeypatch):
    replace = os.replace

    def meanwhile(source, target):
        monkeypatch.setattr(os, "replace", replace)
        write_atomically(target, "by another run")
        return replace(source, target)

    monkeypatch.setattr(os, "replace", meanwhile)
    write_atomically(tmp_path / "f", "by this run")
    assert (tmp_path / "f").read_text() == "by this run"
    assert os.listdir(tmp_path) == ["f"]


def test_a_name_as_long_as_names_may_be_can_be_written(tmp_path):
    write_atomically(tmp_path / ("é" * 127), "x")
    assert len(os.listdir(tmp_path)) == 1


@pytest.mark.parametrize("path", ["a\0b", "a\0b/c"])
def test_a_path_with_a_nul_is_one_message(tmp_path, path):
    with pytest.raises(OutputError, match="null byte"):
        write_atomically(tmp_path / path, "x")
    with pytest.raises(UsageError, match="null byte"):
        checked_file(tmp_path / path, maximum_bytes=1, purpose="a report")


@pytest.mark.parametrize("failing", ["fsync", "replace"])
def test_a_full_disk_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, failing):
    path = tmp_path / "report.json"
    path.write_text("old")
    monkeypatch.setattr(os, failing, full)
    with pytest.raises(OutputError, match="No space left on device") as caught:
        write_atomically(path, "new")
    assert str(path) in str(caught.value)
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["report.json"]


def test_a_disk_that_fills_up_in_mid_write_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "report.json"
    path.write_text("old")
    import resource
    import signal

    # A limit on the size of files makes the kernel refuse the write itself.
    before, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    try:
        with pytest.raises(OutputError, match="File too large"):
            write_atomically(path, b"x" * 100_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["report.json"]


def test_an_interruption_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "report.json"
    path.write_text("old")

    def interrupted(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(path, "new")
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["report.json"]


def test_places_that_cannot_be_written_are_one_message(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match="Choose another place"):
        write_atomically(tmp_path / "file" / "inside", "x")
    with pytest.raises(OutputError, match="Choose another place"):
        write_atomically(tmp_path, "x")
    assert sorted(os.listdir(tmp_path)) == ["file"]
    with pytest.raises(OutputError, match="Choose another place"):
        write_atomically(tmp_path / ("x" * 300), "x")


def test_an_existing_file_is_kept_unless_it_may_be_replaced(tmp_path):
    path = tmp_path / "f"
    write_atomically(path, "old", overwrite=False)
    with pytest.raises(OutputError, match="exists already"):
        write_atomically(path, "new", overwrite=False)
    assert path.read_text() == "old"


def test_a_link_is_replaced_and_what_it_points_to_is_not(tmp_path):
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_text("old")
    link.symlink_to(target)
    write_atomically(link, "new")
    assert (target.read_text(), link.read_text()) == ("old", "new")
    # A link that points nowhere is in the way all the same.
    dangling = tmp_path / "dangling"
    dangling.symlink_to(tmp_path / "nowhere")
    with pytest.raises(OutputError, match="exists already"):
        write_atomically(dangling, "new", overwrite=False)


def test_only_regular_files_of_bearable_size_are_read(tmp_path):
    path = tmp_path / "f"
    path.write_bytes(b"12345")
    assert checked_file(path, maximum_bytes=5, purpose="a report") == path
    with pytest.raises(UsageError, match="it has 5 bytes; at most 4 are read"):
        checked_file(path, maximum_bytes=4, purpose="a report")
    with pytest.raises(UsageError, match="as a report: No such file"):
        checked_file(tmp_path / "none", maximum_bytes=4, purpose="a report")
    with pytest.raises(UsageError, match="not a regular file"):
        checked_file(tmp_path, maximum_bytes=10**9, purpose="a report")
    # Opening a pipe that nobody writes to would wait for ever.
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UsageError, match="not a regular file"):
        checked_file(tmp_path / "pipe", maximum_bytes=10**9, purpose="a report")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(UsageError, match="Cannot read"):
        checked_file(tmp_path / "loop", maximum_bytes=10**9, purpose="a report")
