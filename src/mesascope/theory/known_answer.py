"""A known answer: a number that is stated somewhere, and the function that must arrive at it again."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field

from mesascope.core.errors import UnknownNameError, UsageError
from mesascope.core.registry import load_target

SCHEMA = 1
"""Of the JSON object that `summary` returns."""


@dataclass(frozen=True)
class Value:
    """An argument of a row that is no number, still as data: what a name stands for, or what it makes of arguments.

    **Arguments:**

    - `target`: `"module:attribute"`.
    - `arguments`: of what it names, by name; `None` for that itself.
    """

    target: str
    arguments: Mapping[str, object] | None = None

    def made(self) -> object:
        """Returns the value."""
        found = load_target(self.target)
        return found if self.arguments is None else found(**self.arguments)  # pyright: ignore[reportCallIssue]


@dataclass(frozen=True)
class KnownAnswer:
    """One row of the catalogue: what is stated, where, and what computes it.

    `expected` comes from a publication, a closed form or a derivation of its own; never from `target`.

    **Arguments:**

    - `id`: slug of the form topic.what.
    - `section`: of RFLO, the one that the row bears on (`"4.5"`).
    - `source`: who stated it, or which derivation.
    - `statement`: one line: what the number is.
    - `expected`: the number.
    - `target`: `"module:attribute"` of the function that computes it.
    - `arguments`: of that function, by name: numbers, or a `Value`.
    - `part`: where the number stands in what is returned: attributes and indices with dots between (`"roots.0"`);
      empty if it is the number itself.
    - `tolerance`: largest absolute difference that passes.
    - `published`: the printed figure, where `expected` is not that one.
    - `remark`: what a reader must know, such as why `published` is not `expected`.
    """

    id: str
    section: str
    source: str
    statement: str
    expected: float
    target: str
    arguments: Mapping[str, object] = field(default_factory=dict)
    part: str = ""
    tolerance: float = 1e-9
    published: float | None = None
    remark: str = ""

    def compute(self) -> float:
        """Returns the number as it comes out now.

        **Raises:** `UsageError` if the target is no function, and whatever the function raises.
        """
        function = load_target(self.target)
        if not callable(function):
            raise UsageError(f"'{self.target}' of the known answer '{self.id}' is no function.")
        arguments = {name: one.made() if isinstance(one, Value) else one for name, one in self.arguments.items()}
        found: object = function(**arguments)
        for step in filter(None, self.part.split(".")):
            found = found[int(step)] if step.lstrip("-").isdigit() else getattr(found, step)  # pyright: ignore[reportIndexIssue]
        return float(found)  # pyright: ignore[reportArgumentType]


@dataclass(frozen=True)
class Topic:
    """What rows about one thing have in common; called, it makes one of them.

    **Arguments:**

    - `name`: first part of their ids.
    - `section`, `source`, `tolerance`, `remark`: as of `KnownAnswer`, where a row does not say otherwise.
    - `module`: of `mesascope.theory`, which holds the functions.
    """

    name: str
    section: str
    source: str
    module: str
    tolerance: float = 1e-9
    remark: str = ""

    def value(self, attribute: str, **arguments: object) -> Value:
        """Returns an argument that the module makes: an attribute of it, called with arguments if there are any."""
        return Value(f"mesascope.theory.{self.module}:{attribute}", arguments or None)

    def __call__(
        self,
        what: str,
        statement: str,
        expected: float,
        function: str,
        part: str = "",
        /,
        *,
        section: str | None = None,
        source: str | None = None,
        tolerance: float | None = None,
        published: float | None = None,
        remark: str | None = None,
        **arguments: object,
    ) -> KnownAnswer:
        """Returns a row.

        **Arguments:** as of `KnownAnswer`; `what` is the second part of its id, `function` one of the module, and
        `arguments` are those of the function.
        """
        return KnownAnswer(
            f"{self.name}.{what}",
            section or self.section,
            source or self.source,
            statement,
            expected,
            f"mesascope.theory.{self.module}:{function}",
            arguments,
            part,
            self.tolerance if tolerance is None else tolerance,
            published,
            self.remark if remark is None else remark,
        )


@dataclass(frozen=True)
class Recomputed:
    """A known answer beside what came out.

    **Arguments:**

    - `answer`: the row of the catalogue.
    - `computed`: the number; `None` if there is none, and then `reason` says why.
    - `seconds`: of wall time that it took.
    - `reason`: of a missing number.
    """

    answer: KnownAnswer
    computed: float | None
    seconds: float
    reason: str = ""

    @property
    def difference(self) -> float | None:
        """Computed less expected."""
        return None if self.computed is None else self.computed - self.answer.expected

    @property
    def passed(self) -> bool:
        """Whether there is a number, and within the tolerance; not a number is no number."""
        return self.difference is not None and abs(self.difference) <= self.answer.tolerance

    def data(self) -> dict:
        """Returns the row as it stands in the JSON object; numbers that JSON lacks are null."""
        kept = ("id", "section", "source", "statement", "expected", "tolerance", "published", "remark")
        row = {key: value for key, value in asdict(self.answer).items() if key in kept}
        computed = self.computed if self.computed is not None and math.isfinite(self.computed) else None
        return {
            **row,
            "computed": computed,
            "difference": None if computed is None else computed - self.answer.expected,
            "passed": self.passed,
            "reason": self.reason,
            "seconds": round(self.seconds, 4),
        }


def in_section(answers: Sequence[KnownAnswer], section: str) -> tuple[KnownAnswer, ...]:
    """Returns the answers of a section of the paper and of those within it, in the order of sections.

    **Arguments:**

    - `answers`: of any sections.
    - `section`: such as `"4"` or `"4.5"`; empty for all.

    **Raises:** `UnknownNameError` if there is none.
    """
    wanted = section.strip("§ ")
    kept = [one for one in answers if not wanted or (one.section + ".").startswith(wanted.rstrip(".") + ".")]
    if not kept:
        known = {one.section for one in answers} | {one.section.split(".")[0] for one in answers}
        raise UnknownNameError("section with known answers", section, known)
    return tuple(sorted(kept, key=lambda one: [int(number) for number in one.section.split(".")]))


def recompute(
    answers: Iterable[KnownAnswer], *, progress: Callable[[str, float], None] = lambda words, share: None
) -> list[Recomputed]:
    """Computes known answers again, in their order.

    A function that raises makes its row fail, with the error as reason: one broken row must not hide the others.

    **Arguments:**

    - `answers`: rows of the catalogue.
    - `progress`: called with an id and the share that is done.
    """
    rows, found = list(answers), []
    for index, answer in enumerate(rows):
        progress(answer.id, index / len(rows))
        start = time.perf_counter()
        computed, reason = None, ""
        try:
            computed = answer.compute()
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
        found.append(Recomputed(answer, computed, time.perf_counter() - start, reason))
    return found


def summary(found: Sequence[Recomputed]) -> dict:
    """Returns the JSON object of `mesascope check --json`: counts, and a row for each answer.

    **Arguments:**

    - `found`: of `recompute`.
    """
    passed = sum(one.passed for one in found)
    return {
        "schema": SCHEMA,
        "total": len(found),
        "passed": passed,
        "failed": len(found) - passed,
        "rows": [one.data() for one in found],
    }
