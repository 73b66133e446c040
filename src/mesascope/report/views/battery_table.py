"""The table of the alignment battery, from the details of its evidence: what was found and what is predicted."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from mesascope.audit.alignment.battery import BatteryDetails
from mesascope.audit.alignment.battery import TestRow as Cell
from mesascope.audit.alignment.divergence import Divergence
from mesascope.core.verdicts import Evidence
from mesascope.report.views.plain_text import shortened
from mesascope.report.views.record import drawable, record_of

BATTERY: str = "alignment-battery"
MEANINGS: Mapping[str, str] = MappingProxyType(
    {
        "A": "as good as can be",
        "a": "nearly so",
        "X": "fallen, pursues something else with skill",
        "F": "as good as can be at the swapped objective",
        "L": "lost, pursues nothing with skill",
    }
)
"""Codes of a cell, and what they say about the score on the base objective."""
MOST_TESTS, MOST_KINDS = 40, 30


@dataclass(frozen=True)
class TestRow:
    """What one test found.

    **Arguments:**

    - `name`, `does`: of the test.
    - `code`: one of `MEANINGS`; `None` if the test could not be made.
    - `score`: share of the optimum of the base objective, with its interval; `None` if it could not be measured.
    - `levels`: behind the score.
    - `swapped`: share of the optimum of the swapped objective, where the pointer was swapped.
    - `pursued`: the other objective that is pursued with most skill, and its share of the optimum.
    - `reason`: why there is this code, or none.
    - `checks`: what was checked about the test itself, as `(what, found)`.
    """

    __test__ = False  # for pytest: its name is no promise

    name: str
    does: str
    code: str | None
    score: tuple[float, float, float] | None
    levels: int
    swapped: float | None
    pursued: tuple[str, float] | None
    reason: str
    checks: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Apart:
    """Where the agent comes apart from the base objective most.

    **Arguments:**

    - `test`, `summary`: which test, and in which of its conditions.
    - `settings`: what the condition changes in the world, as `(option, value)`.
    - `text`: the level in the world's text form.
    - `does`, `should`: choices of the agent, and those that the base objective asks for.
    - `share`: of the optimum of the base objective that it gets there; NaN if unknown.
    - `pursued`: the objective that it serves best there, and its share of the optimum.
    """

    test: str
    summary: str
    settings: tuple[tuple[str, str], ...]
    text: str
    does: tuple[str, ...]
    should: tuple[str, ...]
    share: float
    pursued: tuple[str, float] | None


@dataclass(frozen=True)
class BatteryTable:
    """What was found beside what each class predicts.

    **Arguments:**

    - `tests`: in order.
    - `kinds`: every class and its probability, most probable first; empty if nothing could be decoded.
    - `together`: classes that no test which was made tells from the most probable one, itself included.
    - `distance`: tests made whose predictions differ between the two most probable classes that have a row.
    - `predicted`: codes by class and test. Classes that predict no row are left out.
    - `apart`: `None` if it gets nearly all of the base objective everywhere.
    """

    tests: tuple[TestRow, ...]
    kinds: tuple[tuple[str, float], ...]
    together: tuple[str, ...]
    distance: int | None
    predicted: Mapping[str, Mapping[str, str]]
    apart: Apart | None

    @property
    def rows(self) -> tuple[str, ...]:
        """Every class, the most probable first; at the end those that predict no row."""
        named = [kind for kind, _ in self.kinds]
        known = (*named, *(kind for kind in self.predicted if kind not in named))
        return tuple(sorted(known, key=lambda kind: kind not in self.predicted))

    @property
    def compared(self) -> tuple[str, ...]:
        """The two most probable classes that predict a row."""
        return tuple(kind for kind, _ in self.kinds if kind in self.predicted)[:2]

    @property
    def levels(self) -> str:
        """How many levels stand behind each test, in words."""
        counts = sorted({test.levels for test in self.tests if test.code is not None})
        if not counts:
            return "no levels"
        return f"{counts[0]} levels" if len(counts) == 1 else f"{counts[0]} to {counts[-1]} levels"

    def differs(self, kind: str, test: TestRow) -> bool:
        """Returns whether a test that was made found another code than a class predicts."""
        predicted = self.predicted.get(kind, {}).get(test.name)
        # Who falls and is lost has fallen.
        return None not in (predicted, test.code) and test.code != predicted and (predicted, test.code) != ("X", "L")


def battery_of(evidence: Sequence[Evidence]) -> Evidence | None:
    """Returns the evidence of the alignment battery, or `None` if it is not among them."""
    return next((piece for piece in evidence if piece.assay == BATTERY), None)


def battery_table(details: Any) -> BatteryTable | None:
    """Returns the table that details of evidence hold, or `None` if they hold none.

    **Arguments:**

    - `details`: of evidence of the alignment battery.
    """
    found = record_of(details, BatteryDetails)
    if found is None or not found.cells:
        return None
    kinds = [(shortened(one.kind, 40), drawable(one.probability) or 0.0) for one in found.kinds[:MOST_KINDS]]
    predicted = {
        shortened(kind, 40): {
            shortened(test, 8): code for test, code in list(row.items())[:MOST_TESTS] if code in MEANINGS
        }
        for kind, row in list(found.predicted.items())[:MOST_KINDS]
    }
    return BatteryTable(
        tuple(_test(cell) for cell in found.cells[:MOST_TESTS]),
        tuple(sorted(kinds, key=lambda pair: -pair[1])),
        tuple(shortened(kind, 40) for kind in found.together[:MOST_KINDS]),
        found.distance,
        predicted,
        None if found.divergence is None else _apart(found.divergence),
    )


def _test(cell: Cell) -> TestRow:
    numbers = [] if cell.score is None else [drawable(number) for number in cell.score[:3]]
    value, low, high = numbers or (None, None, None)
    score = None if value is None or low is None or high is None else (value, low, high)
    return TestRow(
        shortened(cell.test, 8),
        shortened(cell.does, 60),
        cell.code if cell.code in MEANINGS else None,
        score,
        0 if cell.score is None else cell.score[3],
        drawable(cell.swapped),
        _named_share(cell.pursued),
        shortened(cell.reason, 300),
        tuple((shortened(what, 60), shortened(found, 160)) for what, found in cell.checks[:8]),
    )


def _apart(found: Divergence) -> Apart:
    share = drawable(found.share)
    return Apart(
        shortened(found.test, 8),
        shortened(found.summary, 120),
        tuple((shortened(key, 40), shortened(str(value), 40)) for key, value in list(found.settings.items())[:20]),
        found.text[:4000],
        tuple(shortened(step, 60) for step in found.does[:20]),
        tuple(shortened(step, 60) for step in found.should[:20]),
        math.nan if share is None else share,
        _named_share(found.pursued),
    )


def _named_share(pair: tuple[str, float] | None) -> tuple[str, float] | None:
    share = None if pair is None else drawable(pair[1])
    return None if pair is None or share is None else (shortened(pair[0], 40), share)
