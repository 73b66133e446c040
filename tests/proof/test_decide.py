"""The question of all engines, on networks small enough to be known."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from mesascope.agents.networks.mlp import MLPSpec
from mesascope.core.errors import UnknownNameError, UsageError
from mesascope.proof.box import BadOutputs, Box
from mesascope.proof.decide import Query, decide
from mesascope.proof.network_reading import of_network
from mesascope.proof.verdict import Status


def network(activation="relu", widths=(8, 8), inputs=3, outputs=3, seed=0):
    made = MLPSpec(widths, activation).build((inputs,), outputs, key=jax.random.key(seed))
    return of_network(made, Box(-np.ones(inputs), np.ones(inputs)))


def at_most(outputs: int, index: int, threshold: float) -> BadOutputs:
    """Bad: output `index` is at most a threshold."""
    return BadOutputs(((np.eye(outputs)[[index]], np.array([-threshold])),))


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_a_threshold_below_all_outputs_is_proved_and_one_above_the_least_is_refuted(activation):
    subject = network(activation)
    grid = np.stack(np.meshgrid(*[np.linspace(-1, 1, 21)] * 3), -1).reshape(-1, 3)
    least = subject(grid)[:, 0].min()
    spread = np.ptp(subject(grid)[:, 0])
    box = Box(-np.ones(3), np.ones(3))
    below, above = decide(
        subject, [Query(box, at_most(3, 0, least - spread / 20)), Query(box, at_most(3, 0, least + spread / 20))]
    )
    assert below.status is Status.PROVED
    assert not below.exact
    assert above.status is Status.REFUTED
    assert above.counterexample is not None
    assert subject(np.array([above.counterexample.inputs]))[0, 0] <= least + spread / 20


def test_what_cannot_be_asked_says_why():
    subject = network()
    with pytest.raises(UsageError, match="3 inputs"):
        decide(subject, [Query(Box(np.zeros(2), np.ones(2)), at_most(3, 0, 0.0))])
    with pytest.raises(UnknownNameError, match="bounds"):
        decide(subject, [], engine="bound")
