"""The ledger of remedies that look inside: claims follow from what was kept, and erasing leaves nothing to be read."""

from __future__ import annotations

import internals
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.core.random import root_key
from mesascope.oversight.readout import Readout, moved_readout
from mesascope.oversight.trainee import Trainee
from tests.oversight.small import SMALL


def looked_at(base: float, regret: float, class_: str) -> internals.Numbers:
    both = {f"{key} {name}": base for key in ("linear", "first", "waves", "erased") for name in ("base", "proxy")}
    return {
        **both,
        "linear proxy": 0.5,
        "class": class_,
        "regret before": 0.0,
        "regret after": regret,
        "own after": 0.0,
    }


def test_an_assay_that_is_pleased_is_no_cure(monkeypatch):
    rows = {
        "placebo": looked_at(0.1, 0.9, "pseudo-aligned"),
        "penalty": looked_at(0.8, 0.89, "pseudo-aligned"),
    }
    monkeypatch.setattr(internals, "kept", lambda part, work: rows)
    found = {claim.id: claim for claim in internals.internals(range(8), quick=True)}
    assert found["internals.corner.trained-on"].value == pytest.approx(0.7)
    assert found["internals.corner.trained-on"].met
    assert not found["internals.corner.held-out-regret"].met
    assert found["internals.corner.held-out-class"].value == 0
    assert not found["internals.corner.held-out-class"].met
    assert found["internals.corner.capability"].met


def test_after_erasing_no_linear_probe_reads_anything():
    rows = moved_readout(SMALL.world, "train", ("cheese", "corner"), levels=16, states=4, key=root_key(0))
    trainee = Trainee(SMALL, SMALL.task.build(key=root_key(0)), seed=0)
    seen = np.asarray(rows.seen)
    step = trainee.agent.step(seen, trainee.agent.initial_state(len(seen)))
    site = trainee.agent.sites()[-1]
    features = step.activations[site]
    basis = internals.basis_of(features[:32], np.asarray(rows.targets)[0, :32])
    without = features - features[:32].mean(0)
    without = without - without @ basis @ basis.T
    half = Readout(rows.seen[:32], rows.targets[:, :32])
    # Fitted and judged in the same rows, so that only what is not there can be read.
    twice = Readout(jnp.concatenate([half.seen] * 2), jnp.concatenate([half.targets] * 2, axis=1))
    assert twice.shares(jnp.asarray(np.concatenate([without[:32]] * 2)))[0] < 1e-3
    assert twice.shares(jnp.asarray(np.concatenate([features[:32]] * 2)))[0] > 0.02
    found = internals._erased(trainee.agent, rows, site, features, step.probabilities)
    assert 0 < found["erased base"] < 1
