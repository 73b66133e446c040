"""Canonical forms: the known answers of the ring, and what they must not depend on."""

from __future__ import annotations

import numpy as np

from mesascope.objectives.canonical import minimal, value_adjusted
from tests.objectives.small import here, random_transitions, ring, shaped, table

ENTER_2 = table(lambda s, a, t: t == 2)


def test_the_uniform_policy_on_the_ring():
    reward = here(ring(), ENTER_2)
    assert np.allclose(reward.values(reward.uniform), [2.990033, 3.654485, 3.355482], atol=1e-6)
    expected = np.array([0.299003, 0.365449, 0.664452])[:, None] * np.array([[-1, 1], [-1, 1], [1, -1]])
    assert np.allclose(value_adjusted(reward), expected, atol=1e-6)


def test_the_smallest_reward_on_the_ring():
    expected = [[-0.330882, 0.0], [-0.367647, 0.036765], [0.698529, -0.036765]]
    assert np.allclose(minimal(here(ring(), ENTER_2)), expected, atol=1e-6)


def test_shaping_and_redistribution_leave_no_trace():
    random = np.random.default_rng(0)
    for _ in range(5):
        transitions = random_transitions(random, 6, 3)
        reward = random.normal(size=(6, 3, 6))
        moved = random.normal(size=(6, 3, 6))
        # What is paid for next states changes, what is expected of them does not.
        moved -= (transitions * moved).sum(-1, keepdims=True)
        other = here(transitions, shaped(reward, random.normal(size=6)) + moved)
        for form in (value_adjusted, minimal):
            assert np.allclose(form(here(transitions, reward)), form(other), atol=1e-10)


def test_the_smallest_is_smaller_than_any_shaped_one():
    random = np.random.default_rng(1)
    transitions, reward = random_transitions(random, 6, 3), random.normal(size=(6, 3, 6))
    least = np.linalg.norm(minimal(here(transitions, reward)))
    for _ in range(20):
        other = here(transitions, shaped(reward, random.normal(size=6)))
        assert least <= np.linalg.norm(other.expected) + 1e-12
