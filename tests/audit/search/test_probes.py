"""Probes: a planted map is found again, nothing is found in nothing, and levels are never on two sides."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesascope.audit.search.probes import PENALTIES, Split, fit_probe, split_by_level

LEVELS, ROWS, WIDTH, TARGETS = 60, 4, 6, 5


def planted(seed: int = 0, noise: float = 0.0):
    """Features, targets that are a linear map of them, and a split by level."""
    random = np.random.default_rng(seed)
    level = np.repeat(np.arange(LEVELS), ROWS)
    features = random.normal(size=(len(level), WIDTH)) * 3 + 1
    weights, offset = random.normal(size=(WIDTH, TARGETS)), random.normal(size=TARGETS)
    targets = features @ weights + offset + noise * random.normal(size=(len(level), TARGETS))
    return features, targets, weights, offset, split_by_level(level, random)


def everywhere(targets: np.ndarray) -> np.ndarray:
    return np.ones(targets.shape, bool)


def test_a_planted_map_is_found_again():
    features, targets, weights, offset, split = planted()
    probe = fit_probe(features, targets, everywhere(targets), everywhere(targets), split)
    assert np.allclose(probe.weights, weights, atol=0.01)
    assert np.allclose(probe.offset, offset, atol=0.03)
    assert min(probe.chosen, probe.judged) > 0.9999


def test_what_is_predicted_is_what_the_weights_say():
    features, targets, _, _, split = planted(noise=1.0)
    probe = fit_probe(features, targets, everywhere(targets), everywhere(targets), split)
    predicted = probe.predict(features)
    assert np.allclose(predicted, features @ probe.weights + probe.offset)
    # The score is the variance explained against the mean of the rows that were fitted.
    left = ((predicted - targets)[split.judge] ** 2).sum()
    spread = ((targets - targets[split.fit].mean(0))[split.judge] ** 2).sum()
    assert probe.judged == pytest.approx(1 - left / spread)
    assert 0.8 < probe.judged < 0.99


def test_ridge_is_the_textbook_one():
    """Both ways of solving it, with fewer and with more columns than rows, against the normal equations."""
    random = np.random.default_rng(1)
    level = np.arange(80)
    split = split_by_level(level, random)
    for width in (5, 70):
        features, targets = random.normal(size=(80, width)), random.normal(size=(80, 2))
        probe = fit_probe(features, targets, everywhere(targets), everywhere(targets), split)
        rows, wanted = features[split.fit], targets[split.fit] - targets[split.fit].mean(0)
        centred = rows - rows.mean(0)
        scale = (centred**2).sum(-1).mean()
        tried = [
            np.linalg.solve(centred.T @ centred + penalty * scale * np.eye(width), centred.T @ wanted)
            for penalty in PENALTIES
        ]
        assert min(np.abs(probe.weights - one).max() for one in tried) < 1e-8


@pytest.mark.parametrize("seed", range(5))
def test_shuffled_targets_explain_nothing(seed):
    features, targets, _, _, split = planted(seed)
    shuffled = targets[np.random.default_rng(seed).permutation(len(targets))]
    probe = fit_probe(features, shuffled, everywhere(targets), everywhere(targets), split)
    # What is there by chance, in 60 rows, is a few hundredths to either side.
    assert -0.3 < probe.judged < 0.05


def test_targets_that_are_not_known_are_not_fitted_and_others_not_scored():
    features, targets, weights, _, split = planted()
    known = np.random.default_rng(0).random(targets.shape) < 0.7
    known[:, 0] = False
    spoilt = np.where(known, targets, 1e6)
    probe = fit_probe(features, spoilt, known, known, split)
    assert probe.judged > 0.99
    assert np.allclose(probe.weights[:, 1:], weights[:, 1:], atol=0.2)
    assert not probe.weights[:, 0].any()
    # Scored is what is counted: the same probe fails where the unknown counts.
    assert fit_probe(features, spoilt, known, everywhere(targets), split).judged < 0.5


def test_what_never_varies_or_is_never_counted_explains_nothing():
    features, targets, _, _, split = planted()
    nothing = np.zeros(targets.shape, bool)
    assert fit_probe(features, targets, everywhere(targets), nothing, split).judged == 0
    constant = fit_probe(np.ones_like(features), targets, everywhere(targets), everywhere(targets), split)
    assert constant.judged <= 0
    assert not constant.weights.any()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**31), st.integers(4, 200), st.integers(1, 5))
def test_no_level_is_in_two_parts(seed, levels, rows):
    random = np.random.default_rng(seed)
    level = random.permutation(np.repeat(random.choice(1000, levels, replace=False), rows))
    split = split_by_level(level, random)
    parts = [set(level[mask]) for mask in (split.fit, split.choose, split.judge)]
    assert set.union(*parts) == set(level)
    assert sum(len(part) for part in parts) == levels
    assert (split.fit.astype(int) + split.choose + split.judge == 1).all()
    assert len(parts[0]) == levels // 2
    assert len(parts[1]) == levels // 4


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000), st.floats(-100, 100), st.floats(-100, 100), st.floats(0.1, 10))
def test_scores_do_not_depend_on_where_zero_is_nor_on_units(seed, shift, lift, unit):
    features, targets, _, _, split = planted(seed, noise=1.0)
    all_of_them = everywhere(targets)
    one = fit_probe(features, targets, all_of_them, all_of_them, split)
    other = fit_probe(unit * features + shift, targets + lift, all_of_them, all_of_them, split)
    assert other.judged == pytest.approx(one.judged, abs=1e-6)
    assert np.allclose(other.predict(unit * features + shift), one.predict(features) + lift, atol=1e-5)


def test_the_penalty_is_chosen_by_other_levels_than_those_judged():
    features, targets, _, _, split = planted(noise=30.0)
    all_of_them = everywhere(targets)
    probe = fit_probe(features, targets, all_of_them, all_of_them, split)
    swapped = fit_probe(features, targets, all_of_them, all_of_them, Split(split.fit, split.judge, split.choose))
    spoilt = targets.copy()
    spoilt[split.judge] = np.random.default_rng(5).normal(size=spoilt[split.judge].shape) * 100
    same = fit_probe(features, spoilt, all_of_them, all_of_them, split)
    # Nothing about the probe depends on the levels that it is judged on; nothing is scored on others.
    assert np.array_equal(same.weights, probe.weights)
    assert same.chosen == probe.chosen
    assert same.judged != probe.judged
    assert swapped.chosen >= probe.judged - 1e-12
