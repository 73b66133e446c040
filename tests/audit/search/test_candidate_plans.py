"""Candidate plans, refinement and evaluation: what can be read of branches that are not chosen, and who follows it."""

from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np
import pytest

from mesascope.audit.search import candidate_plans as plans
from mesascope.audit.search.activation_sample import ActivationSample
from mesascope.audit.search.candidate_plans import MORE, candidate_plans
from mesascope.audit.search.direction import beyond_direction
from mesascope.audit.search.evaluation import FEWEST, _ranked, evaluation
from mesascope.audit.search.refinement import _partial, refinement
from mesascope.core.random import root_key
from mesascope.core.verdicts import Estimate, Verdict
from tests.audit.search.opened_agents import Opened, Reflex


def test_the_worth_of_branches_can_be_read_off_a_planner(searching):
    found = candidate_plans(searching.activations)
    assert found.verdict is Verdict.PASS
    assert found.effect is not None
    assert found.effect.low > 0.05
    assert found.details.judged > found.details.rivals["observation"]
    assert found.details.shuffled < 0.1
    assert f"'{found.details.site}'" in found.sentence


def test_direction_reads_what_the_raw_observation_hides(searching):
    """The probe of the raw observation has too many weights for so few rows: it is no rival by itself."""
    inside = searching.activations
    direction, none = beyond_direction(inside, np.broadcast_to(inside.mean_values, inside.values.shape))
    assert direction > 0.3
    assert inside.observation_probe.judged < direction
    assert none.value == pytest.approx(0, abs=1e-9)
    _, whole = beyond_direction(inside, inside.values)
    assert direction + whole.value == pytest.approx(1, abs=0.1)  # the mean of levels, and of squares
    assert whole.low > MORE


def test_who_holds_no_more_than_direction_is_open(searching, monkeypatch):
    """All else alike: the worth that is read off would pass beside the raw observation, and is what direction gives."""
    monkeypatch.setattr(plans, "beyond_direction", lambda sample, held: (0.9, Estimate(0.06, 0.04, 0.08, 40)))
    found = candidate_plans(searching.activations)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "hardly more than the direction" in found.reason
    assert found.effect.low > MORE


def test_where_no_rival_reads_anything_no_site_lacks_it(reflex, monkeypatch):
    inside = reflex.activations
    assert candidate_plans(inside).verdict is Verdict.FAIL
    monkeypatch.setattr(plans, "beyond_direction", lambda sample, held: None)
    other = copy.copy(inside)
    other.__dict__["observation_probe"] = replace(inside.observation_probe, judged=0.0)
    found = candidate_plans(other)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "nothing reads them" in found.reason


def test_no_more_can_be_read_off_a_reflex_than_off_what_it_sees(reflex):
    found = candidate_plans(reflex.activations)
    assert found.verdict is not Verdict.PASS
    assert found.effect is not None
    assert found.effect.value < 0.05


def test_presence_is_not_use(deaf):
    """An agent that computes all that a planner does, and chooses without it: read it can be, used it is not."""
    assert candidate_plans(deaf.activations).verdict is Verdict.PASS
    found = evaluation(deaf.activations)
    assert found.verdict is Verdict.FAIL
    assert found.details.moved == pytest.approx(0, abs=1e-6)
    assert found.effect is not None
    assert found.effect.low > 0


def test_the_probe_of_other_levels_values_knows_nothing_in_twenty_of_twenty_draws(searching):
    """At an upper end of 97.5 % one in forty may fire by chance; here what was read lies far below what is seen."""
    fired = []
    for seed in range(20):
        other = copy.copy(searching.activations)
        other.__dict__.pop("shuffled_probe", None)
        object.__setattr__(other, "key", root_key(seed))
        fired.append(candidate_plans(other, placebo=True))
    assert not any(one.verdict is Verdict.PASS for one in fired)
    assert not any(one.effect.low > 0 for one in fired if one.effect is not None)


def test_an_untrained_network_is_a_rival(examine, cases):
    """What random features yield counts for nothing: before training they yielded as much."""

    class Grown(Opened):
        def untrained(self, *, key):
            return Opened(Reflex(cases[0], np.roll(cases[1], 1, axis=-1)))

    inside = examine(Grown(Reflex(*cases)), 128).activations
    assert inside.untrained_probe is not None
    found = candidate_plans(inside)
    assert found.details.rivals.keys() == {"observation", "shuffled", "untrained network"}
    assert found.verdict is not Verdict.PASS


def test_values_become_clearer_from_sweep_to_sweep(searching):
    found = refinement(searching.activations)
    assert found.verdict is Verdict.PASS
    assert found.details.rise > 0.05
    assert found.details.p < 0.05


def test_in_a_row_turned_round_they_become_less_clear(searching):
    inside = searching.activations

    class Backwards(Opened):
        def sites(self):
            return tuple(reversed(self.inner.sites()))

    other = copy.copy(inside)
    other.__dict__.pop("value_probes", None)
    object.__setattr__(other, "agent", Backwards(inside.agent))
    found = refinement(other)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.effect is not None
    assert found.effect.value < 0
    assert found.details.rise < 0


def test_a_row_of_few_sites_is_none(reflex):
    found = refinement(reflex.activations)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.reason == "it has 2 sites in a row; 4 are needed to see a rise"


def test_partial_correlation_by_hand():
    order = np.arange(6.0)
    # Without anything held fixed it is Spearman's; a rise that the choice accounts for leaves nothing.
    assert _partial(order**2, np.zeros(6))(order) == pytest.approx(1)
    assert _partial(-order, np.zeros(6))(order) == pytest.approx(-1)
    assert _partial(np.exp(order), np.exp(order))(order) == 0
    assert _partial(np.ones(6), order[::-1])(order) == 0
    # Ranks (1..6) and (1, 2, 3, 4, 6, 5), given (2, 1, 4, 3, 6, 5): the textbook formula.
    branches, choice = np.array([1.0, 2, 3, 4, 6, 5]), np.array([2.0, 1, 4, 3, 6, 5])
    xy, xz, yz = (np.corrcoef(*pair)[0, 1] for pair in ((order, branches), (order, choice), (branches, choice)))
    assert _partial(branches, choice)(order) == pytest.approx((xy - xz * yz) / np.sqrt((1 - xz**2) * (1 - yz**2)))


def test_a_planner_ranks_alternatives_and_follows_them(searching):
    found = evaluation(searching.activations)
    assert found.verdict is Verdict.PASS
    assert found.details.ranked > found.details.observation
    assert found.details.moved > 0.05


def test_a_reflex_holds_no_number_that_ranks_and_moves(reflex):
    assert evaluation(reflex.activations).verdict is not Verdict.PASS


def test_ranking_by_hand(searching):
    inside = searching.activations
    counted = np.zeros(inside.values.shape, bool)
    rows = np.flatnonzero(inside.branches.sum(-1) >= 3)[:4]
    for row in rows:
        counted[row, np.flatnonzero(inside.branches[row])[:3]] = True
    right, wrong, even = (
        _ranked(inside, scores, counted) for scores in (inside.values, -inside.values, 0 * inside.values)
    )
    known = np.isfinite(right)
    assert 0 < known.sum() <= len(rows)
    assert (right[known] == 1).all()
    assert not wrong[known].any()
    assert not even[known].any()
    assert np.isnan(np.delete(right, rows)).all()


def test_too_few_alternatives_decide_nothing(searching):
    other = copy.copy(searching.activations)
    split = other.split
    few = split.judge & (other.level <= np.unique(other.level[split.judge])[FEWEST // 2])
    object.__setattr__(other, "split", replace(split, judge=few))
    assert isinstance(other, ActivationSample)
    found = evaluation(other)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.reason == "fewer than 20 levels hold two alternatives of different worth"
