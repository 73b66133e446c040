import logging

import pytest

from mesascope.audit import watching


def test_cost_grows_with_levels_states_and_objectives(train):
    one, both = watching.seconds_of([train]), watching.seconds_of([train, train])
    entries = train.levels.successors.size * len(train.objectives)
    assert both - one == pytest.approx(one - watching.START) == pytest.approx(watching.PER_ENTRY * entries)


@pytest.mark.parametrize(("minutes", "said"), [(0.9, None), (3.2, "about 3 minutes"), (90, "about 90 minutes")])
def test_only_a_long_audit_is_announced(train, monkeypatch, caplog, minutes, said):
    entries = train.levels.successors.size * len(train.objectives)
    monkeypatch.setattr(watching, "PER_ENTRY", (60 * minutes - watching.START) / entries)
    with caplog.at_level(logging.WARNING, logger="mesascope"):
        watching.announce([train])
    assert (
        (said in caplog.text and f"{train.levels.count} levels of {train.levels.states} states" in caplog.text)
        if said
        else not caplog.text
    )
