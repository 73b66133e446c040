"""Writing: what follows from an addition, beside random ones, in those who read what is written and who do not."""

from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np
import pytest

from mesascope.audit.search.activation_sample import ActivationSample
from mesascope.audit.search.retargeting import retargeting
from mesascope.audit.search.writing import (
    FARTHEST,
    FARTHEST_STATE,
    NEAREST_STATE,
    PLAN_INJECTION,
    WORTH,
    Written,
    _turned,
    plan_injection,
    worth,
    write,
    written_evidence,
)
from mesascope.core.random import root_key
from mesascope.core.verdicts import Estimate, Verdict
from tests.audit.search.opened_agents import Deaf, planner


@pytest.fixture(scope="module")
def sweeping(examine) -> ActivationSample:
    """Of a planner, in as many levels as goals need to be exchanged."""
    return examine(planner("sweeps", 10)).activations


@pytest.fixture(scope="module")
def deafened(sweeping) -> ActivationSample:
    """The same of an agent that shows the same and does not read what is written."""
    assert sweeping.value_probes
    other = copy.copy(sweeping)
    object.__setattr__(other, "agent", Deaf(sweeping.agent))
    return other


def with_key(inside: ActivationSample, seed: int) -> ActivationSample:
    """The same sample, probes included, with other random additions and targets."""
    other = copy.copy(inside)
    object.__setattr__(other, "key", root_key(seed))
    return other


@pytest.mark.parametrize("assay", [plan_injection, retargeting])
def test_a_planner_goes_where_it_is_written_to(assay, sweeping):
    found = assay(sweeping)
    assert found.verdict is Verdict.PASS
    assert found.effect is not None
    assert found.effect.low > 0.2
    assert found.details.site == "goal"


@pytest.mark.parametrize("assay", [plan_injection, retargeting])
def test_who_does_not_read_what_is_written_fails(assay, deafened):
    found = assay(deafened)
    assert found.verdict is Verdict.FAIL
    assert found.effect is not None
    assert (found.effect.value, found.null.value) == (pytest.approx(0, abs=1e-6), pytest.approx(0, abs=1e-6))


def test_random_additions_argue_for_nothing_in_at_least_nine_of_ten_planners(sweeping):
    """Half of 5 % of placebos may fire by chance: of 10 draws none does in 78 % of cases, two or more in 2 %."""
    fired = [plan_injection(with_key(sweeping, seed), placebo=True) for seed in range(10)]
    assert all(one.effect is not None for one in fired)
    assert sum(one.effect.low > 0 for one in fired if one.effect is not None) <= 1
    assert not any(one.verdict is Verdict.PASS for one in fired)


def test_the_effect_does_not_hang_on_one_draw(sweeping):
    assert all(plan_injection(with_key(sweeping, seed)).verdict is Verdict.PASS for seed in range(4))
    assert all(retargeting(with_key(sweeping, seed)).verdict is Verdict.PASS for seed in range(4))


def test_too_few_levels_write_nothing(searching):
    """Twenty levels are needed on each side; of 128 not so many are left for goals that are known."""
    found = retargeting(searching.activations)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.effect is None
    assert found.reason == "no site could be written to in 20 levels"


def far_states(inside: ActivationSample) -> tuple[np.ndarray, np.ndarray]:
    open_to = inside.branches & (inside.away >= NEAREST_STATE) & (inside.away <= FARTHEST_STATE)
    rows = np.flatnonzero(open_to.any(-1))
    return rows, open_to[rows].argmax(-1)


def test_an_addition_is_the_least_that_makes_the_probe_read_the_worth(sweeping):
    rows, targets = far_states(sweeping)
    kept, wanted, direction = worth(sweeping, rows, targets)
    site = sweeping.few_sites[-1]
    probe = sweeping.value_probes[site]
    addition = direction(site, kept)
    assert addition is not None
    target_of = dict(zip(rows, targets, strict=True))
    columns = np.array([target_of[row] for row in kept])
    before, after = (
        probe.predict(sweeping.features(site)[kept] + extra)[np.arange(len(kept)), columns] for extra in (0, addition)
    )
    written = np.abs(addition).max(-1) > 0
    assert written.any()
    assert np.allclose(after[written], np.maximum(before, WORTH)[written], atol=1e-6)
    # The least: along the probe's own direction.
    weights = probe.weights[:, columns].T
    across = addition - (addition * weights).sum(-1, keepdims=True) * weights / (weights**2).sum(
        -1, keepdims=True
    ).clip(1e-12)
    assert np.abs(across[written]).max() < 1e-6
    # Rows in which there is nothing to argue for are left out.
    chosen = sweeping.captured.probabilities[kept].argmax(-1)
    assert not wanted[np.arange(len(kept)), chosen].any()
    assert wanted.any(-1).all()
    assert not wanted.all(-1).any()


def test_additions_are_never_much_longer_than_activations(sweeping, monkeypatch):
    rows, targets = far_states(sweeping)
    kept, wanted, _ = worth(sweeping, rows, targets)
    lengths = []

    def record(self, mask, patches):
        for site, patch in patches.items():
            change = (patch - self.captured.activations[site][mask]).reshape(len(patch), -1)
            lengths.append(np.linalg.norm(change, axis=-1).max() / np.linalg.norm(self.features(site), axis=-1).mean())
        return self.captured.probabilities[mask]

    monkeypatch.setattr(ActivationSample, "act", record)
    found = write(
        sweeping, kept, wanted, lambda site, used: 1e6 * np.ones((len(used), sweeping.features(site).shape[1]))
    )
    assert len(lengths) == 2 * len(sweeping.few_sites)
    assert max(lengths) == pytest.approx(FARTHEST, rel=1e-3)
    # Nothing changed, so nothing was drawn.
    assert found is not None
    assert found.difference.value == 0


def test_a_direction_that_nobody_knows_is_not_written(sweeping):
    rows, targets = far_states(sweeping)
    kept, wanted, _ = worth(sweeping, rows, targets)
    assert write(sweeping, kept, wanted, lambda site, used: None) is None


def test_random_additions_are_as_long():
    random = np.random.default_rng(0)
    addition = random.normal(size=(200, 30)) * random.random((200, 1))
    turned = _turned(addition, random)
    assert np.allclose(np.linalg.norm(turned, axis=-1), np.linalg.norm(addition, axis=-1))
    cosine = (turned * addition).sum(-1) / (addition**2).sum(-1)
    assert abs(cosine.mean()) < 0.05
    assert np.array_equal(_turned(np.zeros((3, 4)), random), np.zeros((3, 4)))


def estimate(value: float, low: float, high: float) -> Estimate:
    return Estimate(value, low, high, 40)


@pytest.mark.parametrize(
    ("low", "high", "verdict", "reason"),
    [
        (0.06, 0.3, Verdict.PASS, "yes"),
        (-0.1, 0.04, Verdict.FAIL, "no"),
        (0.0, 0.3, Verdict.INCONCLUSIVE, "cannot be told from none"),
    ],
)
def test_verdicts_go_by_the_interval(low, high, verdict, reason):
    middle = estimate((low + high) / 2, low, high)
    written = Written("here", estimate(0.4, 0.3, 0.5), estimate(0.1, 0.0, 0.2), middle, {"here": 0.1})
    found = written_evidence(PLAN_INJECTION, written, "there", "yes", "no")
    assert found.verdict is verdict
    assert reason in found.reason
    assert "'here'" in found.sentence
    assert found.effect is middle
    assert found.null is written.random


def test_the_site_is_chosen_on_other_levels_than_it_is_judged_on(sweeping):
    whole = plan_injection(sweeping)
    swapped = copy.copy(sweeping)
    split = replace(sweeping.split, choose=sweeping.split.judge, judge=sweeping.split.choose)
    object.__setattr__(swapped, "split", split)
    other = plan_injection(swapped)
    assert whole.effect is not None
    assert other.effect is not None
    # What one chooses by is what the other judges by, to rounding: rows are weighed alike in both.
    assert other.details.by_site[whole.details.site] == pytest.approx(whole.effect.value, abs=0.1)
