from __future__ import annotations

import time

import pytest

from mesascope.cli import console as module
from mesascope.cli.console import Console, progress_lines
from mesascope.core.progress import progress, progress_shown_by


@pytest.fixture
def often(monkeypatch):
    monkeypatch.setattr(module, "FIRST", 0.05)
    monkeypatch.setattr(module, "EVERY", 0.05)


def wait_for(lines: list[str], count: int) -> None:
    deadline = time.monotonic() + 30
    while len(lines) < count and time.monotonic() < deadline:
        time.sleep(0.01)


def test_what_is_done_quickly_says_nothing():
    lines: list[str] = []
    with progress_lines("Auditing", lines.append) as report:
        report("everything", 0.5)
    assert lines == []


def test_lines_come_also_while_nothing_new_is_said(often):
    lines: list[str] = []
    with progress_lines("Auditing", lines.append) as report:
        report("roll-outs\x1b[2J", 0.5)
        wait_for(lines, 2)
    assert len(lines) >= 2
    assert lines[0].startswith("Auditing 50%: roll-outs\\x1b[2J (")
    assert lines[0].endswith(" s)")


def test_work_deep_down_reports_to_whoever_listens(often, capsys):
    with progress("Enumerating") as report:
        report("nobody listens", 0.1)
    console = Console()
    with progress_shown_by(console.progress), progress("Enumerating Taxi") as report:
        report("500 states, 90 a second", 0.25)
        time.sleep(0.3)
    assert "Enumerating Taxi 25%: 500 states, 90 a second" in capsys.readouterr().err


def test_inside_another_it_adds_to_its_words(often, capsys):
    console = Console()
    with console.progress("Auditing") as outer:
        outer("levels", 0.1)
        with progress_shown_by(console.progress), progress("Enumerating") as inner:
            inner("500 states", 0.9)
            time.sleep(0.3)
    assert "Auditing 10%: Enumerating: 500 states (" in capsys.readouterr().err


def test_quiet_says_nothing(often, capsys):
    with Console(quiet=True).progress("Auditing") as report:
        report("levels", 0.1)
        time.sleep(0.2)
    assert capsys.readouterr() == ("", "")
