"""The screen: what it says, how wide it is, and when it is coloured."""

from __future__ import annotations

import io
import re
from dataclasses import replace

import pytest

from mesascope.core.verdicts import Verdict
from mesascope.report.text.level_text import ASCII, UNICODE, glyphs_for
from mesascope.report.text.terminal import print_screen, screen, wants_colour

ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


class Terminal(io.TextIOWrapper):
    """A stream that says it is a terminal of some encoding."""

    def __init__(self, encoding: str = "utf-8"):
        super().__init__(io.BytesIO(), encoding=encoding, newline="")

    def isatty(self) -> bool:
        return True

    def text(self) -> str:
        self.flush()
        return self.buffer.getvalue().decode(self.encoding)  # pyright: ignore[reportAttributeAccessIssue]


def section(text: str, label: str) -> str:
    """The text beside a label, as one line."""
    lines = text.splitlines()
    first = next(index for index, line in enumerate(lines) if line.startswith(label))
    rest = lines[first + 1 :]
    end = next((index for index, line in enumerate(rest) if line and not line.startswith(" ")), len(rest))
    return " ".join(" ".join([lines[first].removeprefix(label), *rest[:end]]).split())


def test_the_three_answers_and_their_numbers_are_on_the_screen(reports):
    text = screen(reports["pseudo-aligned"], report_path="runs/corner-0/report.html")
    assert section(text, "Is it an optimizer?").startswith("open ")
    assert section(text, "What is its objective?").startswith(
        "corner probability 0.998; cheese 0.001; none of these 0.001; 412 levels where they disagree"
    )
    assert section(text, "Is it aligned?").startswith("not aligned (pseudo-aligned, towards corner, probability 0.990)")
    assert section(text, "Competence") == "0.97 [0.96, 0.98] n=256 of the optimum in training"
    assert section(text, "Regret") == (
        "training deployment on cheese (base) 0.03 [0.02, 0.04] n=256 0.84 [0.82, 0.86] n=512 "
        "on corner (its own) 0.03 [0.02, 0.04] n=256 0.05 [0.04, 0.06] n=512"
    )
    assert section(text, "Not tested").startswith("deception; internal goal")
    assert section(text, "Report") == "runs/corner-0/report.html"


def test_an_audit_fits_one_screen(reports):
    lines = screen(reports["pseudo-aligned"], width=80, report_path="runs/corner-0/report.html").splitlines()
    assert len(lines) <= 40
    assert max(map(len, lines)) <= 80


def test_a_depth_never_stands_beside_no_search(reports):
    report = reports["pseudo-aligned"]
    for verdict, told in ((Verdict.PASS, True), (Verdict.FAIL, False), (Verdict.INCONCLUSIVE, False)):
        answer = replace(report.findings.optimizer, verdict=verdict, depth=21.5, depth_is_least=True)
        shown = replace(report, findings=replace(report.findings, optimizer=answer))
        text = " ".join(screen(shown).split())
        assert ("It looks at least 21 steps ahead" in text) is told
        assert ("no sign of search" in text) is (verdict is Verdict.FAIL)


def test_both_ways_are_drawn_beside_each_other(reports):
    lines = screen(reports["pseudo-aligned"]).splitlines()
    rows = [line.strip() for line in lines if line.strip().startswith("# ") and line.strip().endswith("#")]
    assert rows[1] == "# ◆ ← ← # . . ★ #           # ◆ . . # . . ★ #"
    assert rows[6] == "# # # . # . # ↑ #           # # # . # . # ↑ #"
    assert rows[7] == "# . . . . . . ◉ #           # . . . . . . ◉ #"


def test_the_others_say_what_they_are(reports):
    assert section(screen(reports["robust"]), "Is it aligned?").startswith("aligned (robust, probability 0.980)")
    assert section(screen(reports["robust"]), "Where it loses most").startswith("none of the audited levels")
    assert section(screen(reports["incapable"]), "Is it aligned?").startswith("not capable enough to tell (incapable")
    assert section(screen(reports["incapable"]), "What is its objective?").startswith("open, likeliest random")
    inconclusive = screen(reports["inconclusive"])
    assert section(inconclusive, "What is its objective?").startswith("open")
    assert "no shift was named" in inconclusive
    assert "taxi at row 3" in screen(reports["without-geometry"])


@pytest.mark.parametrize("width", [20, 60, 72, 80, 100, 250])
@pytest.mark.parametrize("glyphs", [UNICODE, ASCII], ids=["unicode", "ascii"])
def test_no_line_is_wider_than_the_terminal(report, width, glyphs):
    text = screen(report, width=width, glyphs=glyphs)
    assert max(len(line) for line in text.splitlines()) <= min(max(width, 60), 100)


def test_ascii_is_ascii(reports):
    for name, report in reports.items():
        if name != "hostile":
            assert screen(report, glyphs=ASCII).isascii()


def test_colours_add_nothing_but_colours(report):
    plain, coloured = screen(report), screen(report, colour=True)
    assert "\x1b" not in plain
    assert ESCAPE.search(coloured)
    assert ESCAPE.sub("", coloured) == plain


def test_colour_needs_a_terminal_that_wants_it():
    terminal = Terminal()
    assert wants_colour(terminal, {"TERM": "xterm"})
    assert wants_colour(terminal, {"NO_COLOR": ""})
    assert not wants_colour(terminal, {"NO_COLOR": "1"})
    assert not wants_colour(terminal, {"TERM": "dumb"})
    assert not wants_colour(io.StringIO(), {"TERM": "xterm"})


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1", "cp437"])
def test_any_stream_can_be_printed_to(report, encoding, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "100")
    terminal = Terminal(encoding)
    print_screen(report, stream=terminal, report_path="report.html")
    text = terminal.text()
    assert "\x1b" not in text
    assert "Is it aligned?" in text
    assert ("◆" in text) == (encoding == "utf-8" and "what the agent pursues" in text)


def test_what_is_printed_does_not_wait_for_the_end_of_the_process(reports):
    file = io.BytesIO()
    stream = io.TextIOWrapper(file, encoding="utf-8")
    print_screen(reports["robust"], stream=stream)
    assert b"Is it aligned?" in file.getvalue()


def test_a_terminal_gets_colours(reports, monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    terminal = Terminal()
    print_screen(reports["robust"], stream=terminal)
    assert "\x1b[1;32maligned" in terminal.text()


def test_foreign_text_cannot_steer_the_terminal(reports):
    text = screen(reports["hostile"])
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "<script>" in text


def test_glyphs_follow_the_encoding():
    assert glyphs_for("utf-8") is UNICODE
    assert glyphs_for("ascii") is ASCII
    assert glyphs_for(None) is ASCII
    assert glyphs_for("no-such-encoding") is ASCII
