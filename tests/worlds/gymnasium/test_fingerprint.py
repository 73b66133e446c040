import collections
import random

import numpy as np
import pytest

from mesascope.core.errors import WorldError
from mesascope.worlds.gymnasium.fingerprint import fingerprint


class Thing:
    def __init__(self, **attributes):
        vars(self).update(attributes)


class Slotted:
    __slots__ = ("x",)

    def __init__(self, x):
        self.x = x


PAIRS = [
    (lambda: Thing(a=1, b=[1, 2]), lambda: Thing(a=1, b=[2, 1])),
    (lambda: np.arange(4), lambda: np.arange(4).reshape(2, 2)),
    (lambda: {"a": 1, "b": 2}, lambda: {"a": 2, "b": 1}),
    (lambda: {1, 2, 3}, lambda: {1, 2, 4}),
    (lambda: collections.deque([1, 2]), lambda: collections.deque([2, 1])),
    (lambda: Slotted(1), lambda: Slotted(2)),
    (lambda: bytearray(b"a"), lambda: bytearray(b"b")),
    (lambda: (1, "a", None), lambda: (1, "a", False)),
    (lambda: np.array([Thing(a=1)], object), lambda: np.array([Thing(a=2)], object)),
    (lambda: 1.0, lambda: 1),
]


@pytest.mark.parametrize(("make", "other"), PAIRS)
def test_equal_states_have_equal_fingerprints_and_others_do_not(make, other):
    assert fingerprint(make()) == fingerprint(make())
    assert fingerprint(make()).state != fingerprint(other()).state


def test_order_does_not_matter_where_it_has_no_meaning():
    assert fingerprint({"a": 1, "b": 2}) == fingerprint({"b": 2, "a": 1})
    assert fingerprint({"x", "y", "z"}) == fingerprint({"z", "y", "x"})


def test_cycles_end_and_sharing_counts():
    ring = Thing(next=None)
    ring.next = ring
    again = Thing(next=None)
    again.next = again
    assert fingerprint(ring) == fingerprint(again)
    shared = [1]
    assert fingerprint([shared, shared]) != fingerprint([[1], [1]])


@pytest.mark.parametrize("make", [lambda: np.random.default_rng(0), lambda: random.Random(0), np.random.RandomState])
def test_generators_are_told_apart_from_the_rest(make):
    holder = Thing(generator=make(), x=1)
    before = fingerprint(holder)
    holder.generator.random()
    after = fingerprint(holder)
    assert before.state == after.state
    assert before.random != after.random


def test_methods_carry_the_state_of_their_owner():
    assert fingerprint([Thing(a=1).__init__]) != fingerprint([Thing(a=2).__init__])


def test_attributes_can_be_ignored_and_types_kept_closed():
    ignored = frozenset({"count"})
    assert fingerprint(Thing(a=1, count=1), ignore=ignored) == fingerprint(Thing(a=1, count=2), ignore=ignored)
    assert fingerprint(Slotted(1), opaque=(Slotted,)) == fingerprint(Slotted(2), opaque=(Slotted,))


def test_named_objects_stand_for_themselves():
    one, two = Thing(a=1), Thing(a=2)
    before = fingerprint([one, two], names={id(one): 0, id(two): 1})
    one.a = 5
    assert fingerprint([one, two], names={id(one): 0, id(two): 1}) == before
    assert fingerprint([two, one], names={id(one): 0, id(two): 1}) != before


def test_what_has_no_readable_state_is_named():
    with (
        (lambda: open(__file__))() as file,
        pytest.raises(WorldError, match=r"environment\.file holds a .*ignore=file"),
    ):
        fingerprint(Thing(file=file))
