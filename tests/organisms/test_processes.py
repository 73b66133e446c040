"""Work is done once, here or side by side, and told as it goes on."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mesascope.core.errors import UsageError
from mesascope.organisms.processes import finish, orphaned


def written(part: list[int], folder: Path, parent: int | None) -> None:
    """Leaves a file for each number: which process did it, for whom, and what it had to do besides."""
    for number in part:
        (folder / str(number)).write_text(f"{os.getpid()} {parent} {part}")


@pytest.mark.parametrize(("dealt", "parts"), [(False, {"[0, 1]", "[2, 4]"}), (True, {"[0, 2]", "[1, 4]"})])
def test_what_is_left_is_shared_among_processes(tmp_path, dealt, parts):
    (tmp_path / "3").write_text("")
    told = []
    finish(
        written,
        range(5),
        tmp_path,
        done=lambda number: (tmp_path / str(number)).exists(),
        processes=2,
        progress=lambda text, share: told.append((text, share)),
        dealt=dealt,
    )
    assert told[0] == ("1 of 5", 0.2)
    assert told[-1] == ("5 of 5", 1.0)
    found = [(tmp_path / str(number)).read_text().split(" ", 2) for number in (0, 1, 2, 4)]
    assert {part for _, _, part in found} == parts
    assert {int(parent) for _, parent, _ in found} == {os.getpid()}
    assert os.getpid() not in {int(process) for process, _, _ in found}
    assert (tmp_path / "3").read_text() == ""


def test_one_process_is_this_one(tmp_path):
    told = []
    finish(written, [7, 8], tmp_path, done=lambda number: False, progress=lambda text, share: told.append(share))
    assert (tmp_path / "8").read_text() == f"{os.getpid()} None [8]"
    assert told == [0.0, 0.5, 1.0]
    assert not orphaned(None)
    with pytest.raises(UsageError, match="processes=0"):
        finish(written, [], tmp_path, done=lambda number: True, processes=0)
