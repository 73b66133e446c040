"""Known answers: a few trials by hand, and the equations of Daw et al. (2011) trial by trial."""

import numpy as np

from mesascope.planning.learners.two_step import PARTS, evidence


def of(choices, places, rewards, rate, common=0.8):
    one = (np.array([choices]), np.array([places]), np.array([rewards], float))
    return evidence(*one, rates=np.array([rate]), common=common)[0, 0]


def test_values_after_a_rare_and_a_common_trial_are_those_by_hand():
    # A rare trial: the first choice led to the second place, which paid. Then a common one that paid nothing.
    found = of([0, 1, 0], [1, 1, 0], [1, 0, 0], 0.5)
    np.testing.assert_allclose(found[0], [0, 0, 0, 0])
    # The second place is worth .75 now: who plans prefers the second choice, who was rewarded for it the first one,
    # and by values of places alone nothing has changed.
    np.testing.assert_allclose(found[1], [0.6 * 0.25, -0.25, 0.0, -1])
    # The second choice led to a place of .75, which it has half of, and paid nothing.
    np.testing.assert_allclose(found[2], [0.6 * (0.375 - 0.5), 0.25 - 0.75, 0.625 - 0.5, 1])


def test_a_trace_between_mixes_the_two_as_the_equations_do():
    generator = np.random.default_rng(0)
    choices, places, rewards = generator.integers(0, 2, (3, 30))
    rate, trace = 0.3, 0.4
    stage, first, gaps = [0.5, 0.5], [0.5, 0.5], []
    for choice, place, reward in zip(choices, places, rewards, strict=True):
        gaps.append(first[1] - first[0])
        surprise, later = stage[place] - first[choice], reward - stage[place]
        first[choice] += rate * surprise + rate * trace * later
        stage[place] += rate * later
    found = of(choices, places, rewards, rate)
    traced, bootstrapped = found[:, PARTS.index("traced")], found[:, PARTS.index("bootstrapped")]
    np.testing.assert_allclose(trace * traced + (1 - trace) * bootstrapped, gaps, atol=1e-12)


def test_a_model_of_ways_that_lead_anywhere_says_nothing():
    generator = np.random.default_rng(1)
    choices, places, rewards = generator.integers(0, 2, (3, 10))
    assert not of(choices, places, rewards, 0.3, common=0.5)[:, 0].any()
    crossed, straight = (of(choices, places, rewards, 0.3, common=one)[:, 0] for one in (0.2, 0.8))
    np.testing.assert_allclose(crossed, -straight)
