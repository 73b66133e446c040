"""Pairs that somebody compared, as a table: CSV or Parquet, one pair a row.

| column | what it holds |
|---|---|
| `level` | the level in its world's text form, with the agent (`A`) where both trajectories begin |
| `first`, `second` | actions by name, between spaces; `up:12` says that it led to state 12, where chance decides |
| `preferred` | `first`, `second`, or how sure it is that the first is better, 0 to 1 |
| `start` | optional: the state where both begin, for worlds whose text form shows no agent |
"""

from __future__ import annotations

import logging
import os
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int

from mesascope.audit.alignment.level_edits import stacked
from mesascope.core.boundary import code_of_others
from mesascope.core.errors import UnknownNameError, UsageError, WorldError
from mesascope.core.files import checked_file, write_atomically
from mesascope.core.text import quoted, shown
from mesascope.oversight.rewards.segments import Segments
from mesascope.worlds.level import Level
from mesascope.worlds.world import World

if TYPE_CHECKING:
    import polars

COLUMNS: tuple[str, ...] = ("level", "first", "second", "preferred")
OPTIONAL: tuple[str, ...] = ("start",)
BYTES: int = 16 * 2**20
PAIRS: int = 10_000
STEPS: int = 500
"""Of a trajectory, at most: at a discount of .99, what comes later is worth 1 % of what comes first."""
ENTRIES: int = 16_000_000
"""Bound on levels x transitions x attributes of a file's levels: 64 MB."""


@dataclass(frozen=True)
class Preferences:
    """N pairs in L different levels, and what was answered.

    **Arguments:**

    - `levels`: L.
    - `row`: the level of each pair, `[N]`.
    - `first`, `second`: segments, `[N]`.
    - `answers`: 1 where the first is better, 0 where the second is, `[N]`.
    """

    levels: Level
    row: Int[np.ndarray, " N"]
    first: Segments
    second: Segments
    answers: Float[np.ndarray, " N"]


def read_preferences(path: str | os.PathLike, world: World) -> Preferences:
    """Returns the pairs of a file. Pairs that are answered both ways equally often are left out, and that is said.

    **Arguments:**

    - `path`: ends in `.csv` or `.parquet`.
    - `world`: of the levels.

    **Raises:** `UsageError` that names the row of a level that the world cannot read, a trajectory that is impossible
    in it, or an answer that is none; for a file that is too large or empty, and if no answer is left.
    `UnknownNameError` for a column or action that does not exist.
    """
    rows = _table(path).to_dicts()
    place: dict[str, int] = {}
    levels: list[Level] = []
    ways: list[tuple[Way, Way]] = []
    answers = np.zeros(len(rows))
    for number, row in enumerate(rows):
        try:
            text = _text(row, "level")
            if text not in place:
                place[text] = len(levels)
                levels.append(jax.device_get(world.parse(text)))
                if levels[0].attributes.size * len(levels) > ENTRIES:
                    raise UsageError(f"level {len(levels):,} is one too many of this size to be held in memory.")
            level = levels[place[text]]
            start = _start(world, level, text, row)
            ways.append(
                (_way(world, level, start, _text(row, "first")), _way(world, level, start, _text(row, "second")))
            )
            answers[number] = _answer(_text(row, "preferred"))
        except (UsageError, WorldError) as error:
            raise UsageError(f"Pair {number + 1} of {quoted(path, limit=200)}: {error}") from error
    row = np.array([place[str(one["level"])] for one in rows])
    kept = _decided(list(zip(row.tolist(), ways, strict=True)), answers, path)
    first, second = (_segments([pair[side] for pair in ways])[kept] for side in (0, 1))
    return Preferences(stacked(levels), row[kept], first, second, answers[kept])


def write_preferences(path: str | os.PathLike, world: World, preferences: Preferences) -> None:
    """Writes pairs as `read_preferences` reads them, as CSV: who changes its last column has answered them.

    **Raises:** `OutputError` if it cannot be written.
    """
    import polars

    rows = []
    for number, place in enumerate(preferences.row.tolist()):
        level, start = preferences.levels[place], int(preferences.first.states[number, 0])
        ways = [_written(world, level, one[number : number + 1]) for one in (preferences.first, preferences.second)]
        rows.append(
            (
                world.format(jax.tree.map(jnp.asarray, level), start),
                *ways,
                f"{preferences.answers[number]:g}",
                str(start),
            )
        )
    table = polars.DataFrame(rows, schema=dict.fromkeys((*COLUMNS, *OPTIONAL), polars.String), orient="row")
    write_atomically(path, table.write_csv())


Way = tuple[tuple[int, int, int], ...]
"""State, action and outcome of each step."""


def _table(path: str | os.PathLike) -> polars.DataFrame:
    import polars

    name, ending = quoted(path, limit=200), Path(path).suffix
    if ending not in (".csv", ".parquet"):
        raise UsageError(f"Cannot read {name} as preferences: its name ends in neither .csv nor .parquet.")
    file = checked_file(path, maximum_bytes=BYTES, purpose="preferences")
    with code_of_others(f"The table {name}", "when it was read", error=UsageError):
        if ending == ".csv":
            table = polars.read_csv(file, infer_schema=False, n_rows=PAIRS + 1)
        else:
            # Columns before rows: of a table of others only what is wanted is read.
            lazy = polars.scan_parquet(file)
            wanted = [column for column in lazy.collect_schema().names() if column in (*COLUMNS, *OPTIONAL)]
            _check_columns(lazy.collect_schema().names())
            table = lazy.select(wanted).head(PAIRS + 1).cast(polars.String).collect()
    _check_columns(table.columns)
    if not 1 <= len(table) <= PAIRS:
        found = "holds no pair" if not len(table) else f"holds more than {PAIRS:,} pairs"
        raise UsageError(f"Cannot read {name} as preferences: it {found}. No reward is learned from that.")
    return table


def _check_columns(columns: list[str]) -> None:
    for column in columns:
        if column not in (*COLUMNS, *OPTIONAL):
            raise UnknownNameError("column of preferences", column, (*COLUMNS, *OPTIONAL))
    if missing := [column for column in COLUMNS if column not in columns]:
        raise UsageError(f"Preferences lack the columns {', '.join(missing)}; they have: {', '.join(columns)}.")


def _text(row: dict, column: str) -> str:
    if not row[column]:
        raise UsageError(f"its column '{column}' is empty.")
    return row[column]


def _start(world: World, level: Level, text: str, row: dict) -> int:
    """Returns the state where a pair begins: as its column says, where the agent is drawn, or the only first one."""
    if given := row.get("start"):
        if not given.isascii() or not given.isdigit() or len(given) > 9 or int(given) >= level.states:
            raise UsageError(f"start={quoted(given)} is not the number of a state, 0 to {level.states - 1}.")
        return int(given)
    places = [(i, line.index("A")) for i, line in enumerate(text.splitlines()) if "A" in line]
    able = np.flatnonzero(level.initial > 0).tolist()
    if places:
        able = [state for state in able if world.position(level, state) == places[0]]
    if len(able) != 1:
        raise UsageError(
            "it does not say where the trajectories begin: draw the agent, A, where an episode can begin, or add a "
            "column 'start'."
        )
    return able[0]


def _way(world: World, level: Level, state: int, text: str) -> Way:
    way, words = [], text.split()
    if len(words) > STEPS:
        raise UsageError(f"a trajectory has {len(words):,} steps; at most {STEPS} are read.")
    for number, word in enumerate(words):
        name, _, goal = word.partition(":")
        if name not in world.actions:
            raise UnknownNameError(f"action of world '{world.name}'", name, world.actions)
        if level.terminal[state]:
            raise UsageError(f"step {number + 1}, {quoted(word)}, comes after the end of the episode.")
        action = world.actions.index(name)
        following, likely = level.successors[state, action], level.probabilities[state, action] > 0
        able = [k for k in np.flatnonzero(likely).tolist() if not goal or str(following[k]) == goal]
        if len({int(following[k]) for k in able}) != 1:
            states = ", ".join(str(following[k]) for k in np.flatnonzero(likely))
            raise UsageError(
                f"step {number + 1}, {quoted(word)}, is "
                + (f"impossible: {name} leads from state {state} to {states}." if goal else "not enough: write which ")
                + ("" if goal else f"state it led to, as {name}:{following[able[0]]}; possible are {states}.")
            )
        way.append((state, action, able[0]))
        state = int(following[able[0]])
    return tuple(way)


def _answer(text: str) -> float:
    said = {"first": 1.0, "second": 0.0}.get(text.strip().lower())
    if said is not None:
        return said
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number <= 1:
        raise UsageError(f"preferred={quoted(text)} is neither first, second, nor a number from 0 to 1.")
    return number


def _decided(pairs: list[tuple[int, tuple[Way, Way]]], answers: np.ndarray, path) -> np.ndarray:
    """Returns the numbers of the pairs that are not answered both ways equally often."""
    groups: defaultdict[tuple, list[int]] = defaultdict(list)
    for number, (place, ways) in enumerate(pairs):
        groups[place, min(ways), max(ways)].append(number)
    tied = np.zeros(len(pairs), bool)
    for numbers in groups.values():
        votes = [answers[one] if pairs[one][1][0] <= pairs[one][1][1] else 1 - answers[one] for one in numbers]
        tied[numbers] = len(set(votes)) > 1 and abs(sum(votes) / len(votes) - 0.5) < 1e-9
    if tied.all():
        raise UsageError(
            f"{quoted(path, limit=200)} contradicts itself: every pair is answered both ways equally often."
        )
    if tied.any():
        logging.getLogger("mesascope").warning(
            "%d of %d answers in %s contradict one another and are left out: the same pair, preferred both ways "
            "equally often, first at row %d.",
            int(tied.sum()),
            len(tied),
            shown(path),
            int(np.flatnonzero(tied)[0]) + 1,
        )
    return np.flatnonzero(~tied)


def _segments(ways: list[Way]) -> Segments:
    lengths = np.array([len(way) for way in ways])
    steps = np.zeros((len(ways), max(1, int(lengths.max())), 3), int)
    for number, way in enumerate(ways):
        steps[number, : len(way)] = np.array(way).reshape(-1, 3)
    return Segments(steps[..., 0], steps[..., 1], steps[..., 2], lengths)


def _written(world: World, level: Level, way: Segments) -> str:
    words = []
    for state, action, outcome in zip(way.states[0], way.actions[0], way.outcomes[0], strict=True):
        if level.terminal[state]:
            break
        sure = len(np.unique(level.successors[state, action][level.probabilities[state, action] > 0])) == 1
        words.append(world.actions[action] + ("" if sure else f":{level.successors[state, action, outcome]}"))
    return " ".join(words)
