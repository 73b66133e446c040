"""What is read off activations: the audit's own probe, by a formula that can be differentiated."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.audit.search import probes
from mesascope.audit.search.probes import Split, fit_probe
from mesascope.core.random import root_key
from mesascope.oversight.readout import RIDGE, Readout, moved_readout
from tests.oversight.small import SMALL


@pytest.fixture(scope="module")
def rows():
    names = ("cheese", "corner")
    return moved_readout(SMALL.world, "train", names, levels=16, states=4, key=root_key(0))


def test_it_is_the_probe_of_the_audit(rows, monkeypatch):
    monkeypatch.setattr(probes, "PENALTIES", (RIDGE,))
    features = np.random.default_rng(0).normal(size=(64, 12))
    features[:, :5] += np.asarray(rows.targets[0])
    first = np.arange(64) < 32
    for place, share in enumerate(rows.shares(jnp.asarray(features)).tolist()):
        targets = np.asarray(rows.targets[place], float)
        known = np.ones(targets.shape, bool)
        assert share == pytest.approx(
            fit_probe(features, targets, known, known, Split(first, ~first, ~first)).judged, abs=1e-4
        )


def test_what_is_there_is_read_and_noise_is_not(rows):
    noise = jnp.asarray(np.random.default_rng(1).normal(size=(64, 5)))
    base, proxy = rows.shares(1e3 * rows.targets[0] + 1e-3 * noise).tolist()
    assert base > 0.99
    assert proxy < base
    assert max(rows.shares(noise).tolist()) < 0.3


def test_its_gradient_is_that_of_its_value(rows):
    features = jnp.asarray(np.random.default_rng(2).normal(size=(64, 6)), jnp.float32) + rows.targets[0, :, :1]
    direction = jnp.asarray(np.random.default_rng(3).normal(size=(64, 6)), jnp.float32)

    along = jax.jit(lambda step: rows.shares(features + step * direction)[0])
    slope = float(along(1e-2) - along(-1e-2)) / 2e-2
    assert float(jax.jit(jax.grad(along))(0.0)) == pytest.approx(slope, rel=0.05, abs=1e-3)


def test_cheese_was_moved_and_the_best_action_is_worth_most(rows):
    seen = np.asarray(rows.seen)
    cheese = seen[..., 1].reshape(64, -1).argmax(-1)
    assert len(np.unique(cheese)) > 4
    assert np.abs(np.asarray(rows.targets).mean(-1)).max() < 1e-5


def test_features_of_no_use_read_nothing_below_the_mean():
    rows = Readout(jnp.zeros((8, 1)), jnp.asarray(np.random.default_rng(4).normal(size=(1, 8, 2)), jnp.float32))
    assert rows.shares(jnp.zeros((8, 3)))[0] <= 1e-6
