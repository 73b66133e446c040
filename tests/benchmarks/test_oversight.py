"""The ledger of overseers: claims of amplification at a small scale."""

from __future__ import annotations

import numpy as np
import oversight
import pytest
from reward_modelling_answers import information


def test_amplification_claims_are_met_at_a_small_scale():
    found = {claim.id: claim for claim in oversight.amplification(repeats=60, draws=2)}
    assert len(found) == 8
    rounds = [claim for name, claim in found.items() if ".rounds-" in name]
    assert len(rounds) == 5
    assert all(claim.met for claim in rounds)


def test_pairs_are_decided_and_the_truth_is_right_about_them():
    drawn = oversight.drawn_pairs("corner", count=40, steps=5, truth=oversight.AmplifiedOverseer(60))
    assert 20 <= len(drawn.better) <= 40
    assert drawn.right(oversight.AmplifiedOverseer(60)).all()
    assert drawn.right(oversight.AmplifiedOverseer(0)).mean() < 1


def test_a_coin_shrinks_the_information_of_an_even_pair_by_the_square_of_what_it_leaves():
    even = np.array([[1.0, 2.0, 0.0]])
    full, shrunk = (information(np.zeros(3), even, mistaken=share) for share in (0.0, 0.1))
    assert full == pytest.approx(np.outer(even, even) / 4)
    assert shrunk == pytest.approx(0.9**2 * full)
