from __future__ import annotations

import subprocess
import sys

import jax
import numpy as np

from mesascope.core.random import root_key, seed_of, stream

NAMES = ("levels/train", "levels/deploy", "network", "edits", "levels/train ", "")


def data(key):
    return tuple(np.asarray(jax.random.key_data(key)).tolist())


def test_streams_differ_by_name_and_by_seed_and_from_their_parent():
    keys = {data(stream(name, key=root_key(seed))) for name in NAMES for seed in (0, 1)}
    keys |= {data(root_key(seed)) for seed in (0, 1)}
    assert len(keys) == 2 * len(NAMES) + 2


def test_a_stream_depends_on_its_name_alone_in_every_process():
    program = (
        "import jax, mesascope.core.random as r;"
        "print(jax.random.key_data(r.stream('edits', key=r.root_key(7))).tolist())"
    )
    runs = {
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.strip()
        for _ in range(2)
    }
    for name in NAMES:
        stream(name, key=root_key(7))
    assert runs == {str(list(data(stream("edits", key=root_key(7)))))}


def test_streams_of_two_names_are_not_correlated():
    first, second = (jax.random.normal(stream(name, key=root_key(0)), (20_000,)) for name in NAMES[:2])
    # 5 standard errors: a false alarm in about two million.
    assert abs(float(np.corrcoef(first, second)[0, 1])) < 5 / 20_000**0.5


def test_seeds_for_other_libraries_are_whole_numbers_that_differ():
    seeds = [seed_of(stream(name, key=root_key(0))) for name in NAMES]
    assert len(set(seeds)) == len(NAMES)
    assert all(isinstance(seed, int) and 0 <= seed < 2**63 for seed in seeds)
    assert seeds == [seed_of(stream(name, key=root_key(0))) for name in NAMES]
    assert max(seeds) > 2**32
    np.random.default_rng(max(seeds))
