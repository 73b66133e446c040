"""The expected numbers of heavy-tailed noise, by a derivation that shares nothing with the quadrature under test."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special, stats

from mesascope.theory.catalogue import KNOWN_ANSWERS

ROWS = [row for row in KNOWN_ANSWERS if row.id.startswith(("goodhart.student", "goodhart.cauchy"))]
VALUE, WEIGHT = np.polynomial.legendre.leggauss(400)
VALUE, WEIGHT = 10 * VALUE, 10 * WEIGHT * stats.norm.pdf(10 * VALUE)


def selected(noise: str, n: int) -> float:
    """By Tweedie's formula `E[V | x] = -f'(x) / f(x)`; so by parts `E V = n (n-1) int F^(n-2) f^2`."""
    law = stats.t(3) if noise == "student-3" else stats.cauchy()
    edges = np.concatenate([-np.geomspace(1e4, 0.5, 60), np.geomspace(0.5, 1e6, 120)])
    node, weight = np.polynomial.legendre.leggauss(20)
    x = ((edges[1:] + edges[:-1])[:, None] + np.diff(edges)[:, None] * node).ravel() / 2
    weight = (np.diff(edges)[:, None] * weight).ravel() / 2
    tail = law.sf(x[:, None] - VALUE) @ WEIGHT
    density = special.voigt_profile(x, 1, 1) if noise == "cauchy" else law.pdf(x[:, None] - VALUE) @ WEIGHT
    return float(weight @ (n * (n - 1) * np.exp((n - 2) * np.log1p(-np.minimum(tail, 1 - 1e-15))) * density**2))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_expected_is_the_independent_derivation(row):
    assert selected(row.arguments["noise"], row.arguments["n"][0]) == pytest.approx(row.expected, abs=1e-6)


def test_printed_figures_of_students_t_are_off_by_more_than_rounding():
    gaps = {row.id: abs(row.published - row.expected) for row in ROWS if "student" in row.id}
    assert gaps["goodhart.student-3-1000"] > 0.015
    assert gaps["goodhart.student-3-10000"] > 0.07
