"""The ledger of remedies counts what a comparison says, and nothing that is missing is met."""

from __future__ import annotations

import remedies

from tests.oversight.test_comparison import cured, cured_rows, treated


def test_a_cure_is_counted_with_its_capability():
    _, cure = cured(0.1)
    left = remedies.share("remedies.x.cure", cure, "share", "<=")
    assert (left.value, left.n, left.target, left.met) == (0.0, 8, 0.125, True)
    assert "8 of 8 before" in left.text
    able = remedies.capability("remedies.x.cure-capability", cure, "capability")
    assert able.met
    assert able.low is not None
    assert able.low <= 1.0


def test_what_does_not_cure_is_no_cure():
    from mesascope.oversight.comparison import effects_of

    rows = [one.__class__(one.seed, one.before, {**one.after, "cure": treated(0.5, 0.9)}) for one in cured_rows()]
    _, cure = effects_of(rows, {})
    assert not remedies.share("remedies.x.cure", cure, "share", "<=").met
    assert remedies.share("remedies.x.cure", cure, "share", ">=").met
    assert not remedies.capability("remedies.x.cure-capability", cure, "capability").met


def test_without_an_outcome_nothing_is_measured():
    (claim,) = remedies.levels(remedies.Asked("x"), None)
    assert claim.value is None
    assert not claim.met
