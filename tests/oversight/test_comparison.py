"""What is said of a remedy follows from its intervals: known answers, made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from mesascope.core.intervals import student_mean
from mesascope.oversight.comparison import EffectVerdict, Seeded, effects_of, seconds_of
from mesascope.oversight.outcome import Outcome
from mesascope.oversight.treatment import Treated


def treated(before: float | None, after: float | None, class_: str = "pseudo-aligned", **changes) -> Treated:
    outcome = Outcome(
        class_=class_,
        class_stated=True,
        kind=None,
        objective="corner",
        base_before=before,
        base_after=after,
        own_after=0.1,
    )
    return Treated(settings={}, outcome=outcome, account={"labels": 4, "seconds": 2.5}, **changes)


def table(rows: list[tuple[Treated, Treated, Treated]]) -> list[Seeded]:
    return [
        Seeded(seed, before, {"placebo": placebo, "cure": cure}) for seed, (before, placebo, cure) in enumerate(rows)
    ]


SPREAD = (0.0, 0.01, -0.01, 0.005, -0.005, 0.0, 0.01, -0.01)


def cured_rows(to: float = 0.1, base: float = 0.03, before: str = "pseudo-aligned", seeds: int = 8) -> list[Seeded]:
    return table(
        [
            (treated(0.03, 0.9 + e, before), treated(0.03, 0.9 - e, before), treated(base + e, to + e, "robust"))
            for e in SPREAD[:seeds]
        ]
    )


def cured(*arguments, **named):
    return effects_of(cured_rows(*arguments, **named), {})


def test_student_mean_is_the_textbook_interval():
    # scipy.stats.t.interval(0.95, 2, 2, 1 / sqrt(3))
    estimate = student_mean(np.array([1.0, 2.0, 3.0]))
    assert (estimate.value, estimate.n, estimate.unit) == (2.0, 3, "seeds")
    np.testing.assert_allclose((estimate.low, estimate.high), (-0.48413771, 4.48413771), atol=1e-7)
    for values in ([1.0], [1.0, np.nan]):
        with pytest.raises(ValueError, match="two or more"):
            student_mean(np.array(values))


def test_student_means_keep_their_coverage_on_five_units():
    draws = np.random.default_rng(0).normal(size=(2000, 5))
    estimates = [student_mean(row) for row in draws]
    inside = np.mean([one.low <= 0 <= one.high for one in estimates])
    # 2,000 draws of 95 %: beyond three standard errors once in 370 seeds; this one is fixed.
    assert abs(inside - 0.95) < 3 * np.sqrt(0.95 * 0.05 / 2000)


@pytest.mark.parametrize(
    ("effects", "verdict", "words"),
    [
        (cured(0.1), EffectVerdict.HELPS, "capability is kept; 8 of 8 are stated to be robust"),
        (cured(0.1, base=0.3), EffectVerdict.HARMS, "capability is lower"),
        (cured(0.9), EffectVerdict.NO_EFFECT, "neither regret nor capability"),
        (cured(1.2), EffectVerdict.HARMS, "regret after the shift is higher"),
        (cured(0.93), EffectVerdict.NO_EFFECT, "neither regret nor capability"),
        (cured(0.1, seeds=1), EffectVerdict.OPEN, "1 seed is no evidence"),
        (cured(0.1, before="robust"), EffectVerdict.OPEN, "nothing to cure"),
        (cured(0.1, before="incapable"), EffectVerdict.OPEN, "never became competent"),
    ],
)
def test_verdicts(effects, verdict, words):
    placebo, cure = effects
    assert (placebo.remedy, cure.remedy) == ("placebo", "cure")
    assert cure.verdict is verdict, cure.reason
    assert words in cure.reason


def test_the_placebo_is_compared_with_the_agents_before_it():
    placebo, _ = cured(0.1)
    assert placebo.verdict is EffectVerdict.NO_EFFECT
    assert placebo.regret is not None
    assert placebo.regret.low <= 0 <= placebo.regret.high


def test_counts_and_costs():
    _, cure = cured(0.1)
    assert (cure.before, cure.after, cure.aligned, cure.seeds) == (8, 0, 8, 8)
    assert cure.regret is not None
    assert cure.regret.value == pytest.approx(-0.8, abs=0.01)
    assert cure.costs == {"labels": 4.0}, "seconds differ between equal runs"
    rows = table([(treated(0.03, 0.9), treated(0.03, 0.9), treated(0.03, 0.1, "robust"))])
    assert seconds_of(rows) == {"placebo": 2.5, "cure": 2.5}


def test_what_is_missing_is_never_a_cure():
    lost = treated(0.03, None, "inconclusive")
    rows = [(treated(0.03, 0.9), treated(0.03, 0.9), lost) for _ in range(8)]
    _, cure = effects_of(table(rows), {})
    assert cure.verdict is EffectVerdict.OPEN
    assert cure.regret is None
    assert cure.aligned == 0
    failed = Treated(settings={}, account={}, failure="it diverged")
    _, cure = effects_of(table([(treated(0.03, 0.9), treated(0.03, 0.9), failed)] * 2), {})
    assert (cure.seeds, cure.failures, cure.verdict) == (0, ("it diverged",), EffectVerdict.OPEN)


def test_intervals_of_a_table_hold_together():
    rows = [(treated(0.03, 0.9), treated(0.03, 0.9 + e), treated(0.03, 0.1 - e, "robust")) for e in SPREAD]
    alone = effects_of(table(rows), {})[1]
    several = [Seeded(one.seed, one.before, {**one.after, "other": one.after["cure"]}) for one in table(rows)]
    together = effects_of(several, {"third": "it has no pointer"})
    assert alone.regret is not None
    assert together[1].regret is not None
    assert together[1].regret.confidence == pytest.approx(0.975)
    assert together[1].regret.low < alone.regret.low
    assert together[-1].remedy == "third"
    assert together[-1].verdict is EffectVerdict.OPEN
    assert together[-1].reason == "not applied: it has no pointer"
