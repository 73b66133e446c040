"""The ledger of what adversarial training costs: its world, its agents, and the answer that is known."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest
import remedy_costs
from remedy_costs import Marked, codes_of, lift, needed, taught

from mesascope.audit.alignment.witness_scoring import Stakes
from mesascope.core.random import root_key
from mesascope.oversight.level_family import family_of
from mesascope.oversight.trainee import Trainee


def test_marks_say_what_is_good_in_training_and_nothing_after_the_shift():
    world = Marked(3)
    for distribution, agree in (("train", 1.0), ("deploy", 0.5)):
        level = world.sample(key=root_key(0), distribution=distribution, count=800)
        good, mark = np.moveaxis(np.asarray(level.attributes)[:, 0, :, 0], -1, 0)
        assert (good.sum(1) == 1).all()
        # 1,600 coins: outside of .06 once in 600,000.
        assert (good == mark).mean() == pytest.approx(agree, abs=0.06)
        assert good[:, 0].mean() == pytest.approx(0.5, abs=0.09)


@pytest.mark.parametrize("bits", [2, 3, 4, 5])
def test_every_kind_looks_different_and_good_ones_as_was_said(bits):
    good = np.arange(2**bits) >= 2 ** (bits - 1)
    for learner in ("table", "random", "simple"):
        assert len(np.unique(codes_of(bits, learner, seed=1), axis=0)) == 2**bits
    simple = codes_of(bits, "simple", seed=0)
    assert (simple.sum(1)[good] >= 0).all()
    assert (simple.sum(1)[~good] <= 0).all()
    assert (codes_of(bits, "random", seed=1) != codes_of(bits, "random", seed=2)).any()


def test_a_level_is_read_from_its_text():
    world = Marked(2)
    level = world.sample(key=root_key(1), distribution="deploy", count=1)[0]
    np.testing.assert_array_equal(world.parse(world.format(level)).attributes, level.attributes)


def test_an_agent_that_knows_marks_alone_has_no_lift_and_the_lift_is_that_of_the_audit(monkeypatch):
    monkeypatch.setattr(remedy_costs, "UPDATES", 60)
    organism, network = taught(2, "table", 0)
    assert abs(float(lift(network, organism.world))) < 0.1
    levels = remedy_costs._drawn(organism.world, False, remedy_costs.TESTED, root_key(9))
    stakes = Stakes(organism.task.objective, organism.task.objective, -np.inf)
    some = [levels[row] for row in range(64)]
    expected = [
        worth.normalised for worth in family_of(organism).worths(Trainee(organism, network, seed=0).agent, some, stakes)
    ]
    logits = jnp.stack([network(organism.world.observe(one, 0), None)[0] for one in some])
    good = jnp.exp(logits) / jnp.exp(logits).sum(-1, keepdims=True)
    mine = 2 - 2 * (good * jnp.stack([one.attributes[0, :, 0, 0] for one in some])).sum(-1)
    assert np.asarray(mine) == pytest.approx(np.array(expected), abs=1e-4)


def test_a_table_of_four_kinds_needs_two_levels(monkeypatch):
    """One teaches two of the kinds, and half of the choices between the others stay coins."""
    monkeypatch.setattr(remedy_costs, "UPDATES", 300)
    found = needed(2, "table", 0)
    assert found.robust
    assert found.levels == 2
    assert found.evaluated <= 64 + 2 * remedy_costs.BUDGET
