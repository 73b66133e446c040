import logging

import pytest

from mesascope.audit import cost
from mesascope.audit.ground import sample_ground
from mesascope.core.random import root_key
from mesascope.objectives.objective import compile_objectives
from mesascope.worlds.corner import Corner


@pytest.fixture(scope="module")
def ground():
    world = Corner(size=5)
    objectives = compile_objectives(world)
    return sample_ground("train", world, "train", objectives, "cheese", count=4, key=root_key(0))


def test_cost_grows_with_levels_states_and_objectives(ground):
    one, both = cost.seconds_of([ground]), cost.seconds_of([ground, ground])
    entries = ground.levels.successors.size * len(ground.objectives)
    assert both - one == pytest.approx(one - cost.START) == pytest.approx(cost.PER_ENTRY * entries)


@pytest.mark.parametrize(("minutes", "said"), [(0.9, None), (3.2, "about 3 minutes"), (90, "about 90 minutes")])
def test_only_a_long_audit_is_announced(ground, monkeypatch, caplog, minutes, said):
    entries = ground.levels.successors.size * len(ground.objectives)
    monkeypatch.setattr(cost, "PER_ENTRY", (60 * minutes - cost.START) / entries)
    with caplog.at_level(logging.WARNING, logger="mesascope"):
        cost.announce([ground])
    assert (
        (said in caplog.text and f"4 levels of {ground.levels.states} states" in caplog.text)
        if said
        else not caplog.text
    )
