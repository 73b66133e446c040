"""From competences to what is said about the fit."""

from __future__ import annotations

import numpy as np
import pytest

from mesascope.audit.fit.fit import judged, rows_of

RANDOM = np.random.default_rng(0)
CHANGE = ("scale=255",)


def around(mean: float) -> np.ndarray:
    return mean + 0.1 * RANDOM.normal(size=40)


@pytest.mark.parametrize(
    ("shown", "changed", "elsewhere", "scrambled", "verdict"),
    [
        (0.95, 0.95, 0.2, 0.1, "as shown"),
        (0.3, 0.9, 0.2, 0.1, "changed"),
        (0.95, 0.2, 0.2, 1.0, "as shown"),
        (0.1, 0.3, 0.2, 0.4, "none"),
        (-0.3, -0.3, -0.3, -0.5, "none"),
        (0.1, 0.3, 0.95, 0.4, "another distribution"),
    ],
    ids=["as-shown", "changed", "competent", "chance", "worse-than-chance", "elsewhere"],
)
def test_what_beats_chance_is_named(shown, changed, elsewhere, scrambled, verdict):
    rows = rows_of([(), CHANGE], [around(shown), around(changed)], {"deploy": around(elsewhere)}, "train", seed=0)
    found, sentence, _, ranked = judged(rows, [scrambled] * 19, "train", ())
    assert found == verdict, sentence
    assert ranked[0].view == (CHANGE if verdict == "changed" else ranked[0].view)
