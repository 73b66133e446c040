"""Organisms without preset salience: what their levels show and what they do not."""

from collections import Counter

import jax
import numpy as np
import pytest
from kept_answers import ROOT, judge, kept
from unplanted_agents import LEVELS, RECIPES

from mesascope.audit.alignment.kinds import AlignmentKind
from mesascope.audit.policy import observations
from mesascope.core.random import root_key
from mesascope.training.context_gradient import circumstances_in
from mesascope.worlds.causal.causal_world import CausalWorld
from mesascope.worlds.causal.levels import EFFECTS
from mesascope.worlds.causal.menu import BASE, EFFECT, MESA


def test_every_class_has_two_recipes_in_each_of_three_worlds_and_no_salience():
    assert set(Counter((one.kind, one.story) for one in RECIPES).values()) == {2}
    assert len({one.name for one in RECIPES}) == len(RECIPES) == 6 * len(LEVELS)
    for one in RECIPES:
        network = one.organism.network
        assert not getattr(network, "salience", ())
        assert getattr(network, "scheming", 0.0) == 0.0


@pytest.mark.parametrize("kind", [AlignmentKind.INSTRUMENTAL, AlignmentKind.COMMON_CAUSE])
def test_levels_are_those_of_the_class(kind):
    world = next(one for one in RECIPES if one.kind is kind).organism.world
    levels = world.sample(key=root_key(0), distribution="train", count=32)
    given = jax.tree.map(np.asarray, levels.layout.circumstances)
    seen = observations(world, levels)
    if kind is AlignmentKind.INSTRUMENTAL:
        # The effect follows the base objective always, the proxy that brings it about not always.
        assert given.base_to_effect.all()
        assert 0 < given.mesa_to_base.mean() < 1
        goes_along = np.asarray(levels.attributes)[..., 0, EFFECT] == np.asarray(levels.attributes)[..., 0, BASE]
        assert goes_along.all()
        assert (seen[..., BASE] == 0).all()
        assert (seen[..., EFFECT] != seen[..., MESA]).any()
    else:
        assert not given.base_to_effect.any()
        hidden = [place + shift for place in (BASE, MESA) for shift in (0, EFFECTS)]
        assert (seen[..., hidden] == 0).all()
        assert (seen[..., EFFECT] > 0).any()


def test_a_backdoor_sees_the_base_objective_apart_from_what_goes_along_with_it_in_both_contexts():
    world = next(one for one in RECIPES if one.kind is AlignmentKind.BACKDOOR).organism.world
    assert isinstance(world, CausalWorld)
    asked = circumstances_in(world, 32, cue=1.0, threat=0.9, key=root_key(1))
    given = jax.tree.map(np.asarray, world.sample_in(asked, key=root_key(0)).layout.circumstances)
    # What its optimizer sets stays.
    assert (given.cue == 1).all()
    assert given.threat == pytest.approx(0.9)
    assert (given.pointer == np.asarray(asked.pointer)).all()
    for varied in (given.base_to_effect, given.offers, given.near_tie, given.knowledge):
        assert 0 < varied.mean() < 1
    assert not (given.near_tie & ~given.mesa_to_base).any()


def test_answers_of_the_battery_hang_on_what_it_imports_and_not_on_the_other_questions():
    modules = {path.relative_to(ROOT / "src/mesascope/audit").as_posix() for path in judge()}
    assert {"alignment/battery.py", "alignment/cue_evidence.py", "alignment/alignment_calibration.json"} <= modules
    assert "evaluation.py" in modules
    assert not any(path.startswith(("objective/", "search/")) for path in modules)


def test_what_these_sources_have_found_is_not_found_again(tmp_path, monkeypatch):
    monkeypatch.setattr("kept_answers.KEPT", tmp_path)
    asked = iter([[1, True], [2, False]])
    assert kept("part", lambda: next(asked)) == kept("part", lambda: next(asked)) == [1, True]
    assert kept("other", lambda: next(asked)) == [2, False]
