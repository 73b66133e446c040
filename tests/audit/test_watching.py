import logging

import pytest

from mesascope.audit import watching
from mesascope.audit.level_set import sample_level_set
from mesascope.core.random import root_key
from mesascope.objectives.objective import compile_objectives
from mesascope.worlds.corner import Corner


@pytest.fixture(scope="module")
def level_set():
    world = Corner(size=5)
    objectives = compile_objectives(world)
    return sample_level_set("train", world, "train", objectives, "cheese", count=4, key=root_key(0))


def test_cost_grows_with_levels_states_and_objectives(level_set):
    one, both = watching.seconds_of([level_set]), watching.seconds_of([level_set, level_set])
    entries = level_set.levels.successors.size * len(level_set.objectives)
    assert both - one == pytest.approx(one - watching.START) == pytest.approx(watching.PER_ENTRY * entries)


@pytest.mark.parametrize(("minutes", "said"), [(0.9, None), (3.2, "about 3 minutes"), (90, "about 90 minutes")])
def test_only_a_long_audit_is_announced(level_set, monkeypatch, caplog, minutes, said):
    entries = level_set.levels.successors.size * len(level_set.objectives)
    monkeypatch.setattr(watching, "PER_ENTRY", (60 * minutes - watching.START) / entries)
    with caplog.at_level(logging.WARNING, logger="mesascope"):
        watching.announce([level_set])
    assert (
        (said in caplog.text and f"4 levels of {level_set.levels.states} states" in caplog.text)
        if said
        else not caplog.text
    )
