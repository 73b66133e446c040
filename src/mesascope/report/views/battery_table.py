"""The table of the alignment battery, read from the details of its evidence: what was found and what is predicted."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeGuard

from mesascope.core.verdicts import Evidence
from mesascope.report.views.plain_text import shortened

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


def battery_table(details: Mapping[str, Any]) -> BatteryTable | None:
    """Returns the table that details of evidence hold, or `None` if they hold none that is well-formed.

    **Arguments:**

    - `details`: of evidence of the alignment battery; from anywhere.
    """
    tests = [_test(entry) for entry in _entries(details.get("cells"), MOST_TESTS)]
    tests = [test for test in tests if test is not None]
    if not tests:
        return None
    kinds = [
        (shortened(entry["kind"], 40), float(entry["probability"]))
        for entry in _entries(details.get("kinds"), MOST_KINDS)
        if isinstance(entry.get("kind"), str) and _is_number(entry.get("probability"))
    ]
    distance = details.get("distance")
    return BatteryTable(
        tuple(tests),
        tuple(sorted(kinds, key=lambda pair: -pair[1])),
        tuple(shortened(kind, 40) for kind in _texts(details.get("together"), MOST_KINDS)),
        distance if isinstance(distance, int) and not isinstance(distance, bool) else None,
        _predicted(details.get("predicted")),
        _apart(details.get("divergence")),
    )


def _test(entry: Mapping[str, Any]) -> TestRow | None:
    name, code, score, swapped = (entry.get(key) for key in ("test", "code", "score", "swapped"))
    if not isinstance(name, str) or not name:
        return None
    numbers = score if isinstance(score, list | tuple) and len(score) == 4 and all(map(_is_number, score)) else None
    checks = entry.get("checks")
    pairs = checks if isinstance(checks, list | tuple) else ()
    return TestRow(
        shortened(name, 8),
        shortened(str(entry.get("does", "")), 60),
        code if isinstance(code, str) and code in MEANINGS else None,
        None if numbers is None else (float(numbers[0]), float(numbers[1]), float(numbers[2])),
        0 if numbers is None else int(numbers[3]),
        float(swapped) if _is_number(swapped) else None,
        _named_share(entry.get("pursued")),
        shortened(str(entry.get("reason", "")), 300),
        tuple((shortened(pair[0], 60), shortened(pair[1], 160)) for pair in map(_texts, pairs[:8]) if len(pair) == 2),
    )


def _predicted(given: Any) -> dict[str, dict[str, str]]:
    if not isinstance(given, Mapping):
        return {}
    return {
        shortened(str(kind), 40): {
            shortened(str(test), 8): code
            for test, code in list(row.items())[:MOST_TESTS]
            if isinstance(code, str) and code in MEANINGS
        }
        for kind, row in list(given.items())[:MOST_KINDS]
        if isinstance(row, Mapping)
    }


def _apart(given: Any) -> Apart | None:
    if not isinstance(given, Mapping) or not isinstance(given.get("test"), str):
        return None
    settings, share = given.get("settings"), given.get("share")
    return Apart(
        shortened(given["test"], 8),
        shortened(str(given.get("summary", "")), 120),
        tuple((shortened(str(key), 40), shortened(str(value), 40)) for key, value in list(settings.items())[:20])
        if isinstance(settings, Mapping)
        else (),
        str(given.get("text", ""))[:4000],
        tuple(shortened(step, 60) for step in _texts(given.get("does"), 20)),
        tuple(shortened(step, 60) for step in _texts(given.get("should"), 20)),
        float(share) if _is_number(share) else math.nan,
        _named_share(given.get("pursued")),
    )


def _named_share(given: Any) -> tuple[str, float] | None:
    if isinstance(given, list | tuple) and len(given) == 2 and isinstance(given[0], str) and _is_number(given[1]):
        return shortened(given[0], 40), float(given[1])
    return None


def _entries(given: Any, most: int) -> list[Mapping[str, Any]]:
    return [entry for entry in given[:most] if isinstance(entry, Mapping)] if isinstance(given, list | tuple) else []


def _texts(given: Any, most: int = 8) -> list[str]:
    return [text for text in given[:most] if isinstance(text, str)] if isinstance(given, list | tuple) else []


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e9
