"""Which recipes are trained together: all learners but those that take long, seeds side by side."""

from __future__ import annotations

from mesascope.organisms.kinds import every_learner, every_organism
from mesascope.organisms.learners.catalogue import LEARNERS


def test_every_learner_is_a_short_one():
    chosen = every_learner((3, 5))
    long = {name for name in LEARNERS.names() if LEARNERS.load(name).long}
    assert long == {"rl2-bandits-long"}
    assert [one.organism for one in chosen[::2]] == [name for name in LEARNERS.names() if name not in long]
    assert [one.seed for one in chosen[:4]] == [3, 5, 3, 5]
    assert not {one.organism for one in chosen} & {one.organism for one in every_organism((0,))}
