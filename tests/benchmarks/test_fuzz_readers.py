"""The fuzzing of readers: valid files are read, damage is done the same twice, and a crash would be counted."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
QUICK = (
    *("safetensors", "stable-baselines3", "vecnormalize", "torch-weights", "pickled-arrays", "pickled-records"),
    *("checkpoint", "report", "reward", "request"),
)


@pytest.fixture
def fuzz_readers(monkeypatch):
    # As when running `python benchmarks/NAME.py`: the folder of the script is on the path.
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import fuzz_readers

    return fuzz_readers


def test_every_valid_file_is_read(fuzz_readers, tmp_path):
    for name in QUICK:
        reader = fuzz_readers.READERS[name]
        for seed in (*reader.seeds, *reader.beside):
            shutil.copy(fuzz_readers.SEEDS / seed, tmp_path / seed)
        for seed in reader.seeds:
            reader.read(tmp_path / seed)


@pytest.mark.parametrize("name", QUICK)
def test_damaged_files_are_read_or_refused(fuzz_readers, name, tmp_path):
    reader, tally = fuzz_readers.READERS[name], fuzz_readers.Tally()
    source = random.Random(name)
    for _ in range(60):
        fuzz_readers.attempt(reader, source.getrandbits(64), folder=tmp_path, tally=tally)
    assert tally.crashes == []
    assert tally.refused > 10
    assert tally.slowest < 2


@pytest.mark.parametrize("name", ["safetensors", "stable-baselines3", "pickled-arrays", "report"])
def test_a_case_can_be_made_again(fuzz_readers, name):
    reader = fuzz_readers.READERS[name]
    cases = {fuzz_readers.damaged(reader, case) for case in range(30)}
    assert cases == {fuzz_readers.damaged(reader, case) for case in range(30)}
    assert len(cases) > 20


def test_what_is_no_named_refusal_counts_as_a_crash(fuzz_readers, tmp_path):
    from mesascope.core.errors import OutputError, TrainingError, UsageError

    class Loud(TrainingError):
        exit_code = 70

    faults = [KeyError("x"), SystemExit(0), MemoryError(), Loud("boom"), OutputError("a\nb"), UsageError("x" * 3000)]
    for fault in faults:

        def read(path: Path, fault=fault) -> None:
            raise fault

        tally = fuzz_readers.Tally()
        reader = fuzz_readers.Reader(("reward.json",), lambda content, source: content, read)
        fuzz_readers.attempt(reader, 1, folder=tmp_path, tally=tally)
        assert (len(tally.crashes), tally.refused, tally.read) == (1, 0, 0), fault
