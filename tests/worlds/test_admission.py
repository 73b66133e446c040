"""What would not fit into memory is refused before any of it is made, and so are options that no array can hold."""

from __future__ import annotations

import tracemalloc

import pytest

from mesascope.core.errors import MesascopeError, UsageError, WorldError
from mesascope.worlds.admission import check_size
from mesascope.worlds.catalogue import resolve_world


@pytest.mark.parametrize(
    ("name", "options", "count"),
    [("corner", {"size": "128"}, 4096), ("keys", {"size": "101", "keys": "3", "deploy_keys": "3"}, 512)],
)
def test_levels_that_would_not_fit_are_refused_at_once(name, options, count):
    world = resolve_world(name, options)
    tracemalloc.start()
    with pytest.raises(WorldError, match=r"numbers; at most 268,435,456 are made\. Ask for fewer levels"):
        check_size(world, "train", count)
    assert tracemalloc.get_traced_memory()[1] < 64 * 2**20
    tracemalloc.stop()
    check_size(world, "train", 1)


def test_what_audits_ask_for_fits():
    for name in ("corner", "keys", "maze", "doors"):
        check_size(resolve_world(name), "train", 512)


@pytest.mark.parametrize("value", ["1000000", "129", "nan", "1e3", "", "9" * 5000, str(2**63), "-1", "0", "--5", "9.0"])
def test_sizes_that_cannot_be_are_one_line(value):
    with pytest.raises(MesascopeError) as caught:
        resolve_world("corner", {"size": value})
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "1e999", "", "much"])
def test_numbers_that_are_none_are_refused(value):
    with pytest.raises(UsageError, match=r"Option density .*give one from"):
        resolve_world("corner", {"density": value})


def test_so_many_keys_that_their_states_have_no_name():
    with pytest.raises(WorldError, match="use at most"):
        resolve_world("keys", {"keys": "99999999"})
