from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mesascope.audit.objective.behaviour import behaviour_of
from mesascope.audit.objective.switches import by_time


@pytest.fixture(scope="module")
def alternating(deploy, pursue):
    """Returns a function that makes the behaviour of one who is after the corner in some steps, else cheese."""
    small = replace(deploy, levels=deploy.levels[:24])
    cheese, corner = (behaviour_of([pursue(small, name)]) for name in ("cheese", "corner"))

    def make(steps: tuple[int, ...], last: int):
        since = np.random.default_rng(0).integers(last, size=len(cheese.unit))
        sometimes = np.isin(since, steps)[:, None]
        # Choices in the same states: those of the one who meets them.
        table = corner.evaluations[0].policy[cheese.level, cheese.state]
        return replace(cheese, since=since, policy=np.where(sometimes, table, cheese.policy))

    return make


@pytest.mark.parametrize(
    ("steps", "last", "words"),
    [
        ((0, 1), 4, "corner before step 2, else cheese"),
        ((2, 3), 4, "cheese before step 2, else corner"),
        ((1, 3), 4, "cheese in steps 0, 2, else corner"),
        ((0, 3, 6, 7, 8), 9, "corner in steps 0, 3, 6 on, else cheese"),
        ((1, 4, 5), 9, "cheese in steps 0, 2, 3, 6 on, else corner"),
    ],
)
def test_goals_that_alternate_are_told_by_the_steps(alternating, deploy, steps, last, words):
    behaviour = alternating(steps, last)
    candidates = [deploy.objectives.index(name) for name in ("cheese", "corner")]
    family = by_time(behaviour, candidates)
    assert family is not None
    assert family.name == words


def test_who_is_met_in_one_step_only_has_no_time(alternating, deploy):
    behaviour = alternating((), 1)
    assert by_time(behaviour, [deploy.objectives.index(name) for name in ("cheese", "corner")]) is None
