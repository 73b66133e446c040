"""A Turing machine with weights set by hand copies without an error, and its addresses climb row by row."""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.agents.networks.network import transplant
from mesascope.agents.networks.turing_machine import TuringMachineSpec
from mesascope.core.errors import UsageError
from tests.agents.networks.small import answers

BITS, SURE = 3, 40.0
SPEC = TuringMachineSpec(width=BITS + 2, rows=8, columns=BITS)
MARKED, MARK = BITS, BITS + 1
"""Units of the controller: whether the mark was seen, and whether it is seen now; before them one for each bit."""


def by_hand():
    """Weights that write rows until the mark, and read them afterwards."""
    network = jax.tree.map(jnp.zeros_like, SPEC.build((BITS + 1,), BITS, key=jax.random.key(0)))
    width, mark = SPEC.width, BITS
    inputs = np.zeros((2 * BITS + 1, 4, width), np.float32)
    recurrent, bias = np.zeros((width, 4, width), np.float32), np.zeros((4, width), np.float32)
    take, forget, say, new = range(4)
    for unit in range(BITS):
        # A bit is 1 or -1 while it is shown; nothing once the mark was or is seen.
        inputs[unit, new, unit], bias[new, unit] = 2 * SURE, -SURE
        inputs[mark, take, unit], recurrent[MARKED, take, unit], bias[take, unit] = -4 * SURE, -4 * SURE, SURE
        bias[forget, unit] = -SURE
    inputs[mark, take, [MARKED, MARK]], bias[take, MARKED], bias[new, [MARKED, MARK]] = 2 * SURE, -SURE, SURE
    bias[take, MARK], bias[forget, MARKED], bias[forget, MARK] = -SURE, SURE, -SURE
    bias[say] = SURE
    said = np.tanh(1.0)
    read, read_bias = np.zeros((width, BITS + 6), np.float32), np.zeros(BITS + 6, np.float32)
    believed, clean, stay, climb = BITS + 1, BITS + 2, BITS + 4, BITS + 5
    read_bias[[believed, clean, stay]] = -SURE, SURE, SURE
    read[MARKED, climb], read[MARK, climb] = 2 * SURE / said, -2 * SURE / said
    write = np.zeros((width, BITS + 6 + 2 * BITS), np.float32)
    write_bias = np.zeros(write.shape[1], np.float32)
    write_bias[[believed, clean, stay, climb]] = -SURE, SURE, 0, SURE
    write[MARKED, stay] = 2 * SURE / said
    write_bias[BITS + 6 : 2 * BITS + 6], write[MARKED, BITS + 6 : 2 * BITS + 6] = SURE, -2 * SURE / said
    write[range(BITS), range(2 * BITS + 6, 3 * BITS + 6)] = SURE
    answer = np.zeros((width + BITS, BITS), np.float32)
    answer[range(width, width + BITS), range(BITS)] = SURE
    return eqx.tree_at(
        lambda net: (
            net.controller.inputs.weight,
            net.controller.inputs.bias,
            net.controller.recurrent.weight,
            net.read.weight,
            net.read.bias,
            net.write.weight,
            net.write.bias,
            net.answer.weight,
        ),
        network,
        tuple(
            jnp.asarray(one)
            for one in (
                inputs.reshape(len(inputs), -1),
                bias.reshape(-1),
                recurrent.reshape(width, -1),
                read,
                read_bias,
                write,
                write_bias,
                answer,
            )
        ),
    )


@pytest.mark.parametrize("length", [5, 20])
def test_copies_without_an_error_and_climbs_a_staircase(length):
    bits = np.random.default_rng(length).integers(2, size=(length, BITS))
    shown = np.zeros((2 * length + 1, BITS + 1), np.float32)
    shown[:length, :BITS], shown[length, BITS] = bits, 1
    spec = TuringMachineSpec(width=SPEC.width, rows=length + 3, columns=BITS)
    network = transplant(by_hand(), spec, (BITS + 1,), BITS)
    found, memories = answers(network, jnp.asarray(shown))
    assert ((np.asarray(found)[length + 1 :] > 0) == bits).all()
    assert np.abs(found[length + 1 :]).min() > SURE / 2
    first = np.eye(spec.rows)[0]
    written, read = (np.asarray(one) + first for one in (memories.write_to, memories.read_from))
    assert min(written[:length].max(1).min(), read.max(1).min()) > 0.999
    assert written[:length].argmax(1).tolist() == read[length + 1 :].argmax(1).tolist() == list(range(1, length + 1))


def test_a_tape_on_which_nothing_can_move_is_refused():
    with pytest.raises(UsageError, match="rows=2"):
        TuringMachineSpec(rows=2)
