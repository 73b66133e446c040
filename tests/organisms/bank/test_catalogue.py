"""The bank holds what it says: enough agents, every planner matched, labels that fit the kind."""

from __future__ import annotations

from collections import Counter

import pytest

from mesascope.core.errors import UnknownNameError
from mesascope.organisms.bank.build import bank_agent
from mesascope.organisms.bank.catalogue import DECOYS, FUNNEL, GENERALISERS, MAP_SEARCHES, SMOKE, WORLDS, bank

BANK = bank()
BY_NAME = {entry.name: entry for entry in BANK}


def test_names_are_unique_and_the_smoke_subset_is_part_of_it():
    assert len(BY_NAME) == len(BANK) >= 60
    assert len(SMOKE) == 12
    assert set(SMOKE) <= set(BY_NAME)


def test_every_planner_is_matched_with_one_clone_of_its_world():
    clones = Counter(entry.teacher for entry in BANK if entry.kind == "clone")
    planners = {entry.name for entry in BANK if entry.kind == "planner" and entry.architecture not in MAP_SEARCHES}
    assert clones == dict.fromkeys(planners, 1)
    assert all(BY_NAME[entry.teacher].world == entry.world for entry in BANK if entry.teacher)


def test_labels_fit_the_kind():
    for entry in BANK:
        if entry.kind == "unknown":
            # Of what learnt on many levels nobody knows: none of the three.
            assert {entry.present, entry.used, entry.represented} == {None}
            continue
        assert entry.used == (entry.kind in ("planner", "trained"))
        # Nothing is used that is not there, and whoever searches for a goal has one.
        assert entry.present or not entry.used
        assert entry.represented or not entry.present
        assert bool(entry.depth or entry.simulations) == (entry.kind == "planner")
    # The three questions have different answers somewhere.
    assert len({(entry.present, entry.used, entry.represented) for entry in BANK}) == 5


def test_each_decoy_is_trained_five_times_or_more():
    counts = Counter(entry.architecture for entry in BANK if entry.kind == "decoy")
    assert set(counts) == set(DECOYS)
    assert min(counts.values()) >= 5


def test_there_are_graded_depths_and_simulations_in_every_world():
    for world in WORLDS:
        planners = [entry for entry in BANK if entry.world == world and entry.kind == "planner"]
        assert {2, 4, 8, 32} <= {entry.depth for entry in planners}
        assert len({entry.simulations for entry in planners if entry.simulations}) >= 3
    assert max(entry.simulations for entry in BANK) == 256
    assert {entry.architecture for entry in BANK if entry.world == FUNNEL} == {"random", "habit"}


def test_there_are_forty_searches_and_no_fewer_generalisers_of_the_same_shape():
    searches = [entry for entry in BANK if entry.architecture in MAP_SEARCHES]
    others = [entry for entry in BANK if entry.kind == "generaliser"]
    assert len(others) >= len(searches) >= 40
    assert sum(entry.used is False for entry in BANK) > 125
    assert {entry.world for entry in searches} == {entry.world for entry in others}
    for entries, families in ((searches, MAP_SEARCHES), (others, GENERALISERS)):
        assert {entry.architecture for entry in entries} == set(families)
        assert len(families) >= 4


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(UnknownNameError, match="maze-sweeps-8"):
        bank_agent("maze-sweep-8")
