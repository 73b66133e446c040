"""How well the battery names the class of trained organisms: trained, judged blind, and only then compared.

One file each is kept of what was trained and of what was found, so that the same call goes on where it was stopped.
What is found is on disk before a label is read.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

import jax
import numpy as np

from mesascope.agents.agent import Agent
from mesascope.agents.files import load_agent
from mesascope.audit.alignment.battery import alignment_battery
from mesascope.audit.alignment.battery_levels import BatteryLevels, make_battery_levels
from mesascope.audit.alignment.battery_outcomes import BatteryOutcome
from mesascope.audit.alignment.decoding import ErrorModel
from mesascope.core.errors import UsageError
from mesascope.core.files import write_atomically
from mesascope.core.json_reading import read_json
from mesascope.core.progress import Progress
from mesascope.core.random import root_key
from mesascope.core.verdicts import Estimate, Verdict
from mesascope.organisms.bank.scoring import kept_score
from mesascope.organisms.catalogue import ORGANISMS, kind_organisms, load_truth
from mesascope.organisms.processes import orphaned, side_by_side
from mesascope.organisms.train import AGENT, folder_of, intact, train_organism

SCHEMA: int = 1
"""Counted up whenever tests change, so that old findings are made anew."""

PLAIN_ERRORS = ErrorModel()
"""What findings are decoded by before anything was calibrated; outcomes do not depend on it."""


class Individual(NamedTuple):
    """One agent of a recipe.

    **Arguments:**

    - `organism`: whose recipe.
    - `seed`: of its training.
    """

    organism: str
    seed: int


class BlackBox(Agent):
    """An agent that can only be asked: neither opened nor changed.

    **Arguments:**

    - `agent`: who answers.
    """

    kind = "function"

    def __init__(self, agent: Agent):
        self._agent = agent
        self.name, self.memoryless = agent.name, agent.memoryless

    def initial_state(self, batch: int):
        return self._agent.initial_state(batch)

    def act(self, observations, state):
        return self._agent.act(observations, state)


@dataclass(frozen=True)
class Scored:
    """What was found in one organism, and what it is.

    **Arguments:**

    - `name`, `seed`: which one.
    - `truth`: its class.
    - `outcomes`, `black_box`: the table with everything that can be done, and with asking alone.
    - `training_seconds`, `battery_seconds`: CPU seconds; the first is 0 where it was trained before.
    """

    name: str
    seed: int
    truth: str
    outcomes: Mapping[str, BatteryOutcome]
    black_box: Mapping[str, BatteryOutcome]
    training_seconds: float
    battery_seconds: float


def train_kinds(
    organisms: Sequence[Individual], folder: Path, *, processes: int = 1, progress: Progress | None = None
) -> list[Path]:
    """Trains organisms of every class, those that are not in the folder yet.

    **Arguments:**

    - `organisms`: name and seed of each.
    - `folder`: gets a folder NAME-SEED for each; the same call goes on where it was stopped.
    - `processes`: how many are trained side by side.
    - `progress`: called with what is being done and the share done.

    **Returns:** their files.
    """
    files = [folder_of(name, seed, folder) / AGENT for name, seed in organisms]
    _all(
        _train_part,
        organisms,
        folder,
        processes,
        progress,
        lambda one: intact(folder_of(one[0], one[1], folder)),
    )
    return files


def score_kinds(
    organisms: Sequence[Individual], folder: Path, *, processes: int = 1, progress: Progress | None = None
) -> list[Scored]:
    """Trains organisms, puts each to the battery, and returns what was found beside what they are.

    **Arguments:** as of `train_kinds`; findings are kept in `folder/found`.
    """
    _all(_score_part, organisms, folder, processes, progress, lambda one: _kept(one, folder) is not None)
    return [_scored(one, folder) for one in organisms]


def every_organism(seeds: Sequence[int]) -> list[Individual]:
    """Returns all recipes with the given seeds, seeds of a recipe side by side."""
    return [Individual(name, seed) for name in kind_organisms() for seed in seeds]


def _all(work, organisms, folder: Path, processes: int, progress: Progress | None, done: Callable) -> None:
    if processes < 1:
        raise UsageError(f"processes={processes}: at least one is needed.")
    left = [one for one in organisms if not done(one)]

    def told() -> None:
        if progress is not None:
            finished = sum(map(done, organisms))
            progress(f"{finished} of {len(organisms)}", finished / max(len(organisms), 1))

    told()
    if processes == 1:
        for one in left:
            work([one], folder, None)
            told()
    elif left:
        # Seeds of a recipe share their compiled programs.
        cut = int(np.ceil(len(left) / processes))
        parts = [left[start : start + cut] for start in range(0, len(left), cut)]
        side_by_side(work, [(part, folder) for part in parts], waiting=told)


def _train_part(part: list[Individual], folder: Path, parent: int | None) -> None:
    previous = None
    for name, seed in part:
        if parent is not None and orphaned(parent):
            return
        if previous not in (None, name):
            jax.clear_caches()
        previous = name
        start = time.process_time()
        directory = folder_of(name, seed, folder)
        known = intact(directory)
        train_organism(name, seed=seed, directory=directory, note=lambda text: print(text, file=sys.stderr))
        if not known:
            write_atomically(directory / "seconds.json", json.dumps(time.process_time() - start))


def _score_part(part: list[Individual], folder: Path, parent: int | None) -> None:
    _train_part(part, folder, parent)
    jax.clear_caches()
    for one in part:
        if parent is not None and orphaned(parent):
            return
        if _kept(one, folder) is None:
            _find(one, folder)


def _find(one: Individual, folder: Path) -> None:
    name, seed = one
    agent = load_agent(folder_of(name, seed, folder) / AGENT)
    # Recipes share their world; its levels are solved once.
    battery_levels = _shared_battery_levels(name)
    start = time.process_time()
    white = alignment_battery(agent, battery_levels, key=root_key(0), errors=PLAIN_ERRORS).outcomes
    seconds = time.process_time() - start
    black = alignment_battery(BlackBox(agent), battery_levels, key=root_key(0), errors=PLAIN_ERRORS).outcomes
    found = {
        "schema": SCHEMA,
        "cells": {test: outcome_data(outcome) for test, outcome in white.items()},
        "black_box": {test: outcome_data(outcome) for test, outcome in black.items()},
        "battery_seconds": seconds,
    }
    write_atomically(_path(one, folder), json.dumps(found, indent=1) + "\n")


_battery_levels: dict = {}


def _shared_battery_levels(name: str) -> BatteryLevels:
    world = ORGANISMS.load(name).world
    if world not in _battery_levels:
        _battery_levels[world] = make_battery_levels(world)
    return _battery_levels[world]


def outcome_data(outcome: BatteryOutcome) -> dict:
    """Returns an outcome as plain data that `outcome_of` reads back."""
    return {**asdict(outcome), "chances": dict(outcome.chances), "verdict": str(outcome.verdict)}


def outcome_of(data: dict) -> BatteryOutcome:
    """Returns the outcome that plain data holds."""
    score = data["score"]
    return BatteryOutcome(
        **{
            **data,
            "verdict": Verdict(data["verdict"]),
            "score": None if score is None else Estimate(**score),
            "pursued": None if data["pursued"] is None else tuple(data["pursued"]),
            "checks": tuple(tuple(check) for check in data["checks"]),
        }
    )


def _path(one: Individual, folder: Path) -> Path:
    return folder / "found" / f"{one[0]}-{one[1]}.json"


def _kept(one: Individual, folder: Path) -> dict | None:
    file = _path(one, folder)
    if not os.path.lexists(file):
        return None
    found = kept_score(file)
    return found if found["schema"] == SCHEMA else None


def _scored(one: Individual, folder: Path) -> Scored:
    found = _kept(one, folder)
    assert found is not None
    truth = load_truth(one[0]).kind
    assert truth is not None
    try:
        seconds = read_json(folder_of(one[0], one[1], folder) / "seconds.json", purpose="a time", form=float)
    except UsageError:
        seconds = 0.0
    outcomes, black = (
        {test: outcome_of(outcome) for test, outcome in found[part].items()} for part in ("cells", "black_box")
    )
    return Scored(*one, str(truth), outcomes, black, seconds, found["battery_seconds"])
