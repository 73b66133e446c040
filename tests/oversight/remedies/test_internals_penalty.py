"""Selection by internals: what the probe reads rises, and who is asked for what cannot be is told so."""

import pytest

from mesascope.agents.networks.deliberator import DeliberatorSpec
from mesascope.core.errors import UnknownNameError, UsageError
from mesascope.core.random import root_key
from mesascope.organisms.organism import Organism
from mesascope.oversight.remedies.internals_penalty import InternalsPenalty
from mesascope.oversight.trainee import Trainee
from mesascope.worlds.choice import Choice
from tests.oversight.small import SMALL


def under(remedy: InternalsPenalty) -> Trainee:
    trainee = Trainee(SMALL, SMALL.task.build(key=root_key(0)), seed=0, updates=120)
    for stage in remedy.stages(trainee, key=root_key(1)):
        trainee.train(stage)
    return trainee


def test_what_the_probe_reads_of_the_base_objective_rises():
    trainee = under(InternalsPenalty(proxy="corner", rounds=4, levels=32, weight=3.0))
    measured = trainee.measured
    assert measured["base objective read after"] > measured["base objective read before"] + 0.1
    assert trainee.account.searched == 32 * 6
    assert trainee.account.levels == trainee.account.labels == 0


def test_it_says_where_it_cannot_be_applied():
    menus = Organism("chooser", Choice(), "value", SMALL.optimizer, DeliberatorSpec())
    assert "nothing can be moved in world 'choice'" in (InternalsPenalty().inapplicable(menus) or "")
    assert InternalsPenalty().inapplicable(SMALL) is None


def test_an_unknown_site_is_answered_with_the_nearest():
    with pytest.raises(UnknownNameError, match="hidden-0"):
        under(InternalsPenalty(proxy="corner", site="hidden-9"))


@pytest.mark.parametrize("settings", [{"weight": 0.0}, {"rounds": 0}, {"levels": 9}, {"states": 0}])
def test_settings_that_make_no_sense_are_refused(settings):
    with pytest.raises(UsageError, match="must be"):
        InternalsPenalty(**settings)
