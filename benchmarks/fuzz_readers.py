"""Claim F: whatever is done to a file, the reader of its kind gives what it holds or one named refusal.

Every reader of files that others made is given files that were valid and are so no longer: cut, bits flipped, lengths
overwritten, instructions of pickles swapped, archives nested and members doubled, values of JSON replaced by what JSON
does not have. Hypothesis draws the cases; a case is a whole number, from which it can be made again
(`python benchmarks/fuzz_readers.py --reader NAME --case NUMBER` writes the file). The seeds of Hypothesis count up
from 0, and the valid files lie in `benchmarks/seeds`.

A crash is anything but a `MesascopeError` with exit code 2 or 4 (of a verb: an exit code other than 0, 1, 2, 3 or 4), a
message with control characters or of more than 2,000 characters. Seconds are CPU seconds of one case that was refused.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import io
import random
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import hypothesis
import mutations
import numpy as np
from hypothesis import strategies as st
from ledger import Claim, run

from mesascope.agents.adapters.pickled_arrays import ANY_CLASS, load_pickled_arrays
from mesascope.agents.adapters.stable_baselines3 import load_stable_baselines3
from mesascope.agents.adapters.torch_weights import read_torch_weights
from mesascope.agents.files import load_agent
from mesascope.agents.reading import read_model_file
from mesascope.cli.main import main
from mesascope.cli.output_folder import claim
from mesascope.core.errors import MesascopeError
from mesascope.objectives.reward_text import chosen_reward
from mesascope.report.data.audit_report import Report
from mesascope.report.text.terminal import print_screen
from mesascope.training.checkpoint import load_checkpoint
from mesascope.worlds.catalogue import resolve_world

SEEDS = Path(__file__).resolve().parent / "seeds"
LONGEST_MESSAGE: int = 2000
QUICK_SECONDS: float = 20.0

LEARNERS = {"weights": np.zeros((2, 3), np.float32)}
SETTINGS = {"seeds": "0, 1", "optimizer": "exact-gradient"}
"""Of the checkpoint among the seeds."""


@dataclass(frozen=True)
class Reader:
    """What reads one kind of file.

    **Arguments:**

    - `seeds`: names of valid files, of which one is damaged.
    - `mutation`: what is done to them.
    - `read`: takes the path of a damaged file; returns normally, or raises.
    - `beside`: names of valid files that lie beside it.
    - `examples`: cases before the next reader's turn; few where a case that is read takes seconds.
    """

    seeds: tuple[str, ...]
    mutation: mutations.Mutation
    read: Callable[[Path], object]
    beside: tuple[str, ...] = ()
    examples: int = 100


@dataclass
class Tally:
    """What came of the cases of one reader."""

    read: int = 0
    refused: int = 0
    crashes: list[tuple[int, str]] = field(default_factory=list)
    slowest: float = 0.0


def _verb(*arguments: str) -> Callable[[Path], object]:
    """Returns a reader that is a verb of the command line: its exit code says whether the file was read."""

    def read(path: Path) -> None:
        errors = io.StringIO()
        with contextlib.redirect_stderr(errors), contextlib.redirect_stdout(io.StringIO()):
            code = main([argument.format(file=path, folder=path.parent) for argument in arguments])
        if code not in (0, 1, 2, 3, 4):
            raise RuntimeError(f"exit code {code}: {errors.getvalue()[-400:]}")
        if code:
            raise MesascopeError(errors.getvalue().strip().replace("\n", " "))

    return read


def _screen_of(path: Path) -> None:
    print_screen(Report.load(path), stream=io.StringIO())


def _agent_of_zip(path: Path) -> None:
    agent = load_stable_baselines3(path)
    agent.act(np.eye(16, dtype=np.float32), agent.initial_state(16))


def _member(name: str) -> mutations.Mutation:
    if name == "data":
        return mutations.of_json
    if name.endswith(".pkl"):
        return mutations.of_pickle
    return mutations.of_zip(_member) if name.endswith(".pth") else mutations.of_bytes


_PICKLES = tuple(f"arrays-{protocol}.pkl" for protocol in (*range(6), "python2"))
_REPORTS = ("report.json", "report-full.json")
_REQUEST = {"verb": "audit", "seed": 0}

READERS: dict[str, Reader] = {
    "safetensors": Reader(("agent.safetensors",), mutations.of_safetensors, load_agent),
    "stable-baselines3": Reader(("agent.zip",), mutations.of_zip(_member), _agent_of_zip),
    "vecnormalize": Reader(
        ("vecnormalize.pkl",),
        mutations.of_pickle,
        lambda path: load_stable_baselines3(path.parent / "box.zip", vecnormalize=str(path)),
        beside=("box.zip",),
    ),
    "torch-weights": Reader(
        ("weights.pth",),
        mutations.of_zip(_member),
        lambda path: read_torch_weights(read_model_file(path), path=path, field="weights"),
    ),
    "pickled-arrays": Reader(_PICKLES, mutations.of_pickle, load_pickled_arrays),
    "pickled-records": Reader(
        ("vecnormalize.pkl",), mutations.of_pickle, lambda path: load_pickled_arrays(path, records=ANY_CLASS)
    ),
    "checkpoint": Reader(
        ("checkpoint.safetensors",),
        mutations.of_safetensors,
        lambda path: load_checkpoint(path, template=LEARNERS, settings=SETTINGS),
    ),
    "report": Reader(_REPORTS, mutations.of_json, _screen_of),
    "report-page": Reader(_REPORTS, mutations.of_json, _verb("report", "{file}"), examples=2),
    "reward": Reader(
        ("reward.json",), mutations.of_json, lambda path: chosen_reward(str(path), resolve_world("corner"))
    ),
    "answers": Reader(
        ("answers.json",),
        mutations.of_json,
        _verb("challenge", "score", "{file}", "--challenge", "{folder}"),
        beside=("sealed.json",),
    ),
    "sealed-challenge": Reader(
        ("sealed.json",),
        mutations.of_json,
        _verb("challenge", "score", "{folder}/answers.json", "--challenge", "{folder}"),
        beside=("answers.json",),
    ),
    "request": Reader(
        ("request.json",),
        mutations.of_json,
        lambda path: claim(path.parent, _REQUEST, files=("report.json",), force=False),
        beside=("report.json",),
    ),
}


def damaged(reader: Reader, case: int) -> tuple[str, bytes]:
    """Returns the name and content of a case: a valid file, damaged one to three times."""
    source = random.Random(case)
    name = source.choice(reader.seeds)
    content = (SEEDS / name).read_bytes()
    for _ in range(source.choice([1, 1, 2, 3])):
        content = reader.mutation(content, source)
    return name, content


def attempt(reader: Reader, case: int, *, folder: Path, tally: Tally) -> None:
    """Reads one case and counts what came of it."""
    name, content = damaged(reader, case)
    path = folder / name
    path.write_bytes(content)
    for other in reader.beside:
        shutil.copy(SEEDS / other, folder / other)
    start = time.process_time()
    try:
        reader.read(path)
    except MesascopeError as refusal:
        tally.slowest = max(tally.slowest, time.process_time() - start)
        text = str(refusal)
        named = refusal.exit_code in (2, 4) and len(text) <= LONGEST_MESSAGE and text.isprintable()
        if named:
            tally.refused += 1
        else:
            tally.crashes.append((case, f"exit code {refusal.exit_code}, message {text[:300]!r}"))
    except BaseException as fault:
        if isinstance(fault, KeyboardInterrupt):
            raise
        tally.crashes.append((case, f"{type(fault).__name__}: {str(fault)[:400]}"))
    else:
        tally.read += 1


def fuzz(seconds: float) -> tuple[dict[str, Tally], int]:
    """Returns what came of each reader's cases, and how many seeds of Hypothesis were used."""
    tallies = {name: Tally() for name in READERS}
    end, seed = time.monotonic() + seconds, 0
    with tempfile.TemporaryDirectory() as scratch:
        while time.monotonic() < end:
            for name, reader in READERS.items():
                folder = Path(scratch) / name
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir()

                _cases(
                    seed, functools.partial(attempt, reader, folder=folder, tally=tallies[name]), reader.examples, end
                )
            seed += 1
    return tallies, seed


def _cases(seed: int, attempted: Callable[[int], None], examples: int, end: float) -> None:
    """Draws cases until there are enough or the time is up."""

    @hypothesis.seed(seed)
    @hypothesis.settings(max_examples=examples, database=None, deadline=None, phases=[hypothesis.Phase.generate])
    @hypothesis.given(st.integers(0, 2**64 - 1))
    def cases(case: int) -> None:
        if time.monotonic() < end:
            attempted(case)

    cases()


def measure(quick: bool, *, seconds: float) -> Iterable[Claim]:
    tallies, seeds = fuzz(QUICK_SECONDS if quick else seconds)
    for name, tally in tallies.items():
        print(f"{name}: {tally.read} read, {tally.refused} refused, slowest {tally.slowest:.2f} s", file=sys.stderr)
        for case, what in tally.crashes[:20]:
            print(f"  --reader {name} --case {case}: {what}", file=sys.stderr)
    kinds = ", ".join(tallies)
    crashes = [len(tally.crashes) for tally in tallies.values()]
    cases = [tally.read + tally.refused + len(tally.crashes) for tally in tallies.values()]
    refused = sum(tally.refused for tally in tallies.values())
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    slowest = [tally.slowest for tally in tallies.values()]
    yield Claim(
        "fuzz-readers.crashes",
        f"Crashes of readers of damaged files ({kinds}): neither a result nor one named refusal, of n cases by "
        f"Hypothesis (seeds 0 to {seeds - 1}); the interval is of one reader.",
        float(sum(crashes)),
        float(min(crashes)),
        float(max(sum(crashes), *crashes)),
        sum(cases),
        0,
        "<=",
    )
    yield Claim(
        "fuzz-readers.cases",
        f"Damaged files that were read or refused, counted, of n readers; {min(cases)} of the reader with the fewest.",
        float(sum(cases)),
        float(sum(cases)),
        float(sum(cases)),
        len(cases),
        500 if quick else 10_000,
        ">=",
    )
    yield Claim(
        "fuzz-readers.slowest-refusal",
        "CPU seconds of the slowest refusal of a damaged file; the interval is over the slowest of each reader.",
        max(slowest),
        min(slowest),
        max(slowest),
        refused,
        2.0,
        "<=",
    )
    yield Claim(
        "fuzz-readers.memory",
        "Largest memory in GiB of the one process that read all of them, JAX and figures included.",
        memory,
        memory,
        memory,
        1,
        1.0,
        "<=",
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--reader", choices=sorted(READERS))
    parser.add_argument("--case", type=int)
    own, others = parser.parse_known_args()
    if own.reader is not None and own.case is not None:
        given, damage = damaged(READERS[own.reader], own.case)
        Path(given).write_bytes(damage)
        print(f"{given}: {len(damage):,} bytes, for the reader {own.reader}")
    else:
        run("fuzz_readers", functools.partial(measure, seconds=own.seconds), others)
