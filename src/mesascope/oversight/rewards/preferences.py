"""Pairs that somebody compared, as a table: CSV or Parquet, one pair a row.

| column | what it holds |
|---|---|
| `level` | the level in its world's text form, with the agent (`A`) where both trajectories begin |
| `first`, `second` | actions by name, between spaces; `up:12` says that it led to state 12, where chance decides |
| `preferred` | `first`, `second`, or how sure it is that the first is better, 0 to 1 |
"""

from __future__ import annotations

import functools
import logging
import os
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from mesascope.audit.alignment.level_edits import stacked
from mesascope.core.boundary import code_of_others
from mesascope.core.errors import UnknownNameError, UsageError, WorldError
from mesascope.core.files import checked_file, write_atomically
from mesascope.core.text import quoted
from mesascope.oversight.rewards.segments import Pairs, Segments
from mesascope.worlds.level import Level
from mesascope.worlds.world import World

if TYPE_CHECKING:
    import polars

COLUMNS: tuple[str, ...] = ("level", "first", "second", "preferred")
BYTES: int = 16 * 2**20
PAIRS: int = 10_000
STEPS: int = 500
"""Of a trajectory, at most: at a discount of .99, what comes later is worth 1 % of what comes first."""
ENTRIES: int = 64_000_000
"""Bound on pairs x transitions x attributes of a level: 256 MB."""
EVEN: float = 1e-9
"""Mean vote for one of two segments that is none."""

Way = tuple[tuple[int, int, int], ...]
"""State, action and outcome of each step."""


class Preferences(NamedTuple):
    """N pairs of segments, and what was answered: 1 where the first is better, 0 where the second is."""

    pairs: Pairs
    answers: Float[np.ndarray, " N"]


def read_preferences(path: str | os.PathLike, world: World) -> Preferences:
    """Returns the pairs of a file. Pairs that are answered both ways equally often are left out, and that is said.

    **Arguments:**

    - `path`: ends in `.csv` or `.parquet`.
    - `world`: of the levels.

    **Raises:** `UsageError` that names the row of a level that the world cannot read, a trajectory that is impossible
    in it, or an answer that is none; for a file that is too large or empty, for columns that are missing or not known,
    and if no answer is left.
    """
    read = functools.cache(lambda text: jax.device_get(world.parse(text)))
    levels: list[Level] = []
    ways: list[tuple[Way, Way]] = []
    answers: list[float] = []
    votes: defaultdict[tuple, list[tuple[int, float]]] = defaultdict(list)
    for number, row in enumerate(_table(path).to_dicts()):
        try:
            if empty := [column for column in COLUMNS if not row[column]]:
                raise UsageError(f"its column '{empty[0]}' is empty.")
            level = read(row["level"])
            if level.attributes.size * (number + 1) > ENTRIES:
                raise UsageError("pairs in levels of this size take too much memory from here on; leave some out.")
            start = _start(world, level, row["level"])
            first, second = (_way(world, level, start, row[column]) for column in ("first", "second"))
            answer = _answer(row["preferred"])
        except (UsageError, WorldError) as error:
            raise UsageError(f"Pair {number + 1} of {quoted(path, limit=200)}: {error}") from error
        levels.append(level)
        ways.append((first, second))
        answers.append(answer)
        vote = (answer - 0.5) * (1 if first <= second else -1)
        votes[row["level"], min(first, second), max(first, second)].append((number, vote))
    even = [cast for cast in votes.values() if abs(sum(vote for _, vote in cast)) < EVEN * len(cast)]
    tied = {number for cast in even if any(vote for _, vote in cast) for number, _ in cast}
    if len(tied) == len(answers):
        raise UsageError(
            f"{quoted(path, limit=200)} contradicts itself: it answers every pair both ways equally often."
        )
    if tied:
        message = "%s: %d of %d answers are left out: the same pair, answered both ways equally often, first in row %d."
        logging.getLogger("mesascope").warning(message, quoted(path), len(tied), len(answers), min(tied) + 1)
    kept = [number for number in range(len(answers)) if number not in tied]
    first, second = (_segments([ways[number][which] for number in kept]) for which in (0, 1))
    return Preferences(Pairs(stacked([levels[number] for number in kept]), first, second), np.array(answers)[kept])


def write_preferences(path: str | os.PathLike, world: World, given: Preferences) -> None:
    """Writes pairs as `read_preferences` reads them, as CSV: who changes its last column has answered them.

    **Raises:** `OutputError` if it cannot be written.
    """
    import polars

    rows = []
    for number, answer in enumerate(given.answers.tolist()):
        pair = given.pairs[number]
        text = world.format(jax.tree.map(jnp.asarray, pair.levels), int(pair.first.states[0]))
        ways = (_written(world, pair.levels, way) for way in (pair.first, pair.second))
        rows.append((text, *ways, f"{answer:g}"))
    table = polars.DataFrame(rows, schema=dict.fromkeys(COLUMNS, polars.String), orient="row")
    write_atomically(path, table.write_csv())


def _table(path: str | os.PathLike) -> polars.DataFrame:
    import polars

    name, ending = quoted(path, limit=200), Path(path).suffix
    if ending not in (".csv", ".parquet"):
        raise UsageError(f"Cannot read {name} as preferences: its name ends in neither .csv nor .parquet.")
    file = checked_file(path, maximum_bytes=BYTES, purpose="preferences")
    with code_of_others(f"The table {name}", "when it was read", error=UsageError):
        csv = ending == ".csv"
        lazy = polars.scan_csv(file, infer_schema=False) if csv else polars.scan_parquet(file)
        # Columns before rows: of a table of others only what is wanted is read.
        columns = lazy.collect_schema().names()
        for column in columns:
            if column not in COLUMNS:
                raise UnknownNameError("column of preferences", column, COLUMNS)
        if missing := [column for column in COLUMNS if column not in columns]:
            raise UsageError(f"{name} lacks the columns {', '.join(missing)} of preferences.")
        table = lazy.head(PAIRS + 1).cast(polars.String).collect()
    if not 1 <= len(table) <= PAIRS:
        found = f"more than {PAIRS:,} pairs" if len(table) else "no pair"
        raise UsageError(f"Cannot read {name} as preferences: it holds {found}. No reward is learned from that.")
    return table


def _start(world: World, level: Level, text: str) -> int:
    """Returns the state where a pair begins: where the agent is drawn, or the only one where episodes do."""
    able = np.flatnonzero(level.initial > 0).tolist()
    places = [(i, line.index("A")) for i, line in enumerate(text.splitlines()) if "A" in line]
    if len(able) > 1 and places:
        able = [state for state in able if world.position(level, state) == places[0]]
    if len(able) != 1:
        raise UsageError("it does not say where the trajectories begin: draw the agent, A, where an episode can begin.")
    return able[0]


def _way(world: World, level: Level, state: int, text: str) -> Way:
    way, words = [], text.split()
    if len(words) > STEPS:
        raise UsageError(f"a trajectory has {len(words):,} steps; at most {STEPS} are read.")
    for number, word in enumerate(words):
        name, _, goal = word.partition(":")
        if name not in world.actions:
            raise UnknownNameError(f"action of world '{world.name}'", name, world.actions)
        action = world.actions.index(name)
        possible = {
            str(level.successors[state, action, k]): k for k in np.flatnonzero(level.probabilities[state, action] > 0)
        }
        if level.terminal[state] or ((goal or len(possible) > 1) and goal not in possible):
            follows = "the episode is over" if level.terminal[state] else f"{name} leads to {', '.join(possible)}"
            raise UsageError(
                f"step {number + 1}, {quoted(word)}, cannot be: in state {state} {follows}. Where several states "
                "can follow, write the one that did behind the action, as in up:12."
            )
        outcome = possible[goal] if goal else next(iter(possible.values()))
        way.append((state, action, int(outcome)))
        state = int(level.successors[state, action, outcome])
    return tuple(way)


def _answer(text: str) -> float:
    said = {"first": "1", "second": "0"}.get(text.strip().lower(), text)
    try:
        number = float(said)
    except ValueError:
        number = np.nan
    if not 0 <= number <= 1:
        raise UsageError(f"preferred={quoted(text)} is neither first, second, nor a number from 0 to 1.")
    return number


def _segments(ways: list[Way]) -> Segments:
    lengths = np.array([len(way) for way in ways])
    steps = np.zeros((len(ways), int(lengths.max()), 3), int)
    for number, way in enumerate(ways):
        steps[number, : len(way)] = way
    return Segments(steps[..., 0], steps[..., 1], steps[..., 2], lengths)


def _written(world: World, level: Level, way: Segments) -> str:
    words = []
    for state, action, outcome in zip(way.states, way.actions, way.outcomes, strict=True):
        if level.terminal[state]:
            break
        following = level.successors[state, action]
        sure = len(set(following[level.probabilities[state, action] > 0].tolist())) == 1
        words.append(world.actions[action] + ("" if sure else f":{following[outcome]}"))
    return " ".join(words)
