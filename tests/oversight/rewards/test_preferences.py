"""Tables of pairs that somebody compared."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import polars
import pytest

from mesascope.core.errors import UnknownNameError, UsageError
from mesascope.oversight.rewards.preferences import PAIRS, STEPS, read_preferences, write_preferences
from mesascope.worlds.corner import Corner

WORLD = Corner(size=6)
LEVEL = "######\n#A..C#\n#.#..#\n#....#\n#....#\n######"
SOON, LATE = "right right right", "down down right"


def table(path: Path, *rows: tuple[str, ...], columns=("level", "first", "second", "preferred")) -> Path:
    frame = polars.DataFrame(rows, schema=list(columns), orient="row")
    frame.write_csv(path) if path.suffix == ".csv" else frame.write_parquet(path)
    return path


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_pairs_are_read(tmp_path, ending):
    rows = [(LEVEL, SOON, LATE, "first"), (LEVEL, LATE, SOON + " stay", "second"), (LEVEL, SOON, LATE, "0.75")]
    found = read_preferences(table(tmp_path / f"pairs.{ending}", *rows), WORLD)
    assert found.answers.tolist() == [1, 0, 0.75]
    assert found.pairs.levels.count == 3
    assert found.pairs.first.states[0].tolist()[:3] == [0, 1, 2]
    assert found.pairs.second.lengths.tolist() == [3, 4, 3]
    assert found.pairs.first.counts(found.pairs.levels)[0, 0] == pytest.approx(0.05 * 0.95**2)


def test_what_was_written_is_read(tmp_path):
    rows = [(LEVEL, SOON, LATE, "first"), (LEVEL, LATE + " stay", SOON + " stay", "0.25")]
    once = read_preferences(table(tmp_path / "a.csv", *rows), WORLD)
    write_preferences(tmp_path / "b.csv", WORLD, once)
    again = read_preferences(tmp_path / "b.csv", WORLD)
    assert again.answers.tolist() == once.answers.tolist()
    assert np.array_equal(again.pairs.second.states[1], once.pairs.second.states[1])


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (("####", SOON, LATE, "first"), "Pair 1 of"),
        ((LEVEL, "right rihgt", LATE, "first"), "Did you mean 'right'"),
        ((LEVEL, "right:9", LATE, "first"), "in state 0 right leads to 1"),
        ((LEVEL, SOON, LATE, "both"), "neither first, second"),
        ((LEVEL, SOON, LATE, "1.5"), "neither first, second"),
        ((LEVEL, SOON, LATE, "nan"), "neither first, second"),
        ((LEVEL, SOON, "", "first"), "'second' is empty"),
        ((LEVEL.replace("A", "."), SOON, LATE, "first"), "draw the agent"),
        ((LEVEL, "stay " * (STEPS + 1), LATE, "first"), "at most"),
    ],
)
def test_what_cannot_be_is_said_with_its_row(tmp_path, row, message):
    with pytest.raises(UsageError, match=message):
        read_preferences(table(tmp_path / "pairs.csv", row), WORLD)


def test_tables_that_hold_no_preferences(tmp_path):
    columns = ("level", "first", "secnd", "preferred")
    with pytest.raises(UnknownNameError, match="Did you mean 'second'"):
        read_preferences(table(tmp_path / "a.csv", (LEVEL, SOON, LATE, "first"), columns=columns), WORLD)
    with pytest.raises(UsageError, match="lacks the columns preferred"):
        read_preferences(table(tmp_path / "b.csv", (LEVEL, SOON, LATE), columns=(*columns[:2], "second")), WORLD)
    with pytest.raises(UsageError, match="holds no pair"):
        read_preferences(table(tmp_path / "c.csv"), WORLD)
    with pytest.raises(UsageError, match=f"more than {PAIRS:,}"):
        read_preferences(table(tmp_path / "d.parquet", *[(LEVEL, SOON, LATE, "first")] * (PAIRS + 1)), WORLD)
    for name in ("e.parquet", "f.csv", "g.txt"):
        (tmp_path / name).write_bytes(b"PAR1\xff\x00nothing of the sort\x00PAR1" if name[0] != "f" else b"")
        with pytest.raises(UsageError):
            read_preferences(tmp_path / name, WORLD)
    with pytest.raises(UsageError, match="No such file"):
        read_preferences(tmp_path / "h.csv", WORLD)


def test_contradictions_are_said_and_left_out(tmp_path, caplog):
    both = [(LEVEL, SOON, LATE, "first"), (LEVEL, LATE, SOON, "first")]
    with pytest.raises(UsageError, match="contradicts itself"):
        read_preferences(table(tmp_path / "a.csv", *both), WORLD)
    with caplog.at_level(logging.WARNING, logger="mesascope"):
        found = read_preferences(table(tmp_path / "b.csv", *both, (LEVEL, "down", "right", "second")), WORLD)
    assert len(found.answers) == 1
    assert "2 of 3 answers" in caplog.text
    # Two against one is noise, and stays.
    assert len(read_preferences(table(tmp_path / "c.csv", *both, both[0]), WORLD).answers) == 3
