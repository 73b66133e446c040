"""Files that say which inputs are meant and which outputs must not happen: VNN-LIB, and ACAS Xu's property files."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from mesascope.core.errors import UsageError
from mesascope.core.files import read_text
from mesascope.core.text import quoted
from mesascope.proof.box import BadOutputs, Box

MAXIMUM_BYTES: int = 2**20
MAXIMUM_VARIABLES: int = 100_000
MAXIMUM_DEPTH: int = 32
LONGEST_LINE: int = 2000
_SIZE = r"(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_NUMBER = rf"[-+]?{_SIZE}"
_TERM = re.compile(rf"([-+])\s*(?:({_SIZE})\s*\*?\s*)?y(\d{{1,6}})")
_ROW = re.compile(rf"((?:[-+]?\s*(?:{_SIZE}\s*\*?\s*)?y\d{{1,6}}\s*)+)(<=|>=)\s*({_NUMBER})")
_INPUT = re.compile(rf"x(\d{{1,6}})\s*(<=|>=)\s*({_NUMBER})")

Linear = tuple[dict[str, float], float]
"""Coefficients by variable, and a constant."""


def read_property(path: str | os.PathLike) -> tuple[Box, BadOutputs]:
    """Returns the inputs and the bad outputs of a file: VNN-LIB 1.0 with one box of inputs, or lines such as
    `x0 >= 0.6` and `+y0 -y1 <= 0`, all of which must not be true together (ACAS Xu; Katz et al. 2017).

    **Arguments:**

    - `path`: the file, at most `MAXIMUM_BYTES` long.

    **Raises:** `UsageError` naming what cannot be read, an input without both ends, or a box that is upside down.
    """
    text = read_text(path, purpose="a property", maximum_bytes=MAXIMUM_BYTES)
    uncommented = re.sub(r";[^\n]*", "", text)
    return _of_sentences(uncommented) if uncommented.lstrip().startswith("(") else _of_lines(text)


def _of_lines(text: str) -> tuple[Box, BadOutputs]:
    ends: dict[tuple[str, int], float] = {}
    rows: list[Linear] = []
    for number, line in enumerate(text.splitlines(), start=1):
        line = line.strip()
        if len(line) > LONGEST_LINE:
            raise UsageError(f"Line {number} of the property has more than {LONGEST_LINE:,} characters.")
        if found := _INPUT.fullmatch(line):
            _narrow(ends, int(found[1]), found[2], float(found[3]))
        elif found := _ROW.fullmatch(line):
            left = found[1].strip()
            terms = _TERM.findall(left if left[0] in "+-" else f"+{left}")
            sign = 1.0 if found[2] == "<=" else -1.0
            weights: dict[str, float] = {}
            for direction, size, output in terms:
                name = f"Y_{output}"
                weights[name] = weights.get(name, 0.0) + sign * float(f"{direction}{size or 1}")
            rows.append((weights, -sign * float(found[3])))
        elif line:
            raise UsageError(
                f"Line {number} of the property, {quoted(line)}, is neither of the form 'x0 >= 0.5' nor '+y0 -y1 <= 0'."
            )
    return _box(ends), _bad([rows])


def _of_sentences(text: str) -> tuple[Box, BadOutputs]:
    ends: dict[tuple[str, int], float] = {}
    cases: list[list[Linear]] = [[]]
    for sentence in _parsed(text):
        match sentence:
            case ["declare-const" | "declare-fun", *_]:
                continue
            case ["assert", claim]:
                either = [_together(one) for one in (claim[1:] if claim[0] == "or" else [claim])]
                both = [(weights, offset) for one in either for weights, offset in one]
                if len(either) == 1 and all(name.startswith("X_") for weights, _ in both for name in weights):
                    for weights, offset in both:
                        ((name, weight),) = weights.items() if len(weights) == 1 else (("", 0.0),)
                        if not weight:
                            raise UsageError("An assertion joins several inputs; a box has each by itself.")
                        _narrow(ends, int(name[2:]), "<=" if weight > 0 else ">=", -offset / weight)
                elif all(name.startswith("Y_") for weights, _ in both for name in weights):
                    cases = [[*case, *one] for case in cases for one in either]
                    if len(cases) > 10_000:
                        raise UsageError("The property has more than 10,000 cases when it is multiplied out.")
                else:
                    raise UsageError("An assertion joins inputs and outputs, or gives several boxes; one box is read.")
            case _:
                raise UsageError(f"The property holds {quoted(sentence)}, which is neither declare-const nor assert.")
    return _box(ends), _bad(cases)


def _together(claim: Any) -> list[Linear]:
    """Returns the rows `linear <= 0` that a conjunction of comparisons means."""
    if claim and claim[0] == "and":
        return [row for one in claim[1:] for row in _together(one)]
    match claim:
        case ["<=" | ">=" as order, left, right]:
            (first, above), (second, below) = map(_linear, (left, right) if order == "<=" else (right, left))
            names = dict.fromkeys([*first, *second])
            return [({name: first.get(name, 0.0) - second.get(name, 0.0) for name in names}, above - below)]
    raise UsageError(f"The property holds {quoted(claim)}, which is no comparison by <= or >= and no 'and' of such.")


def _linear(term: Any) -> Linear:
    match term:
        case str() if len(term) < LONGEST_LINE:
            if re.fullmatch(r"[XY]_\d{1,6}", term):
                return {term: 1.0}, 0.0
            if re.fullmatch(_NUMBER, term):
                return {}, float(term)
        case ["+" | "-" as sign, *parts] if parts:
            weights, constant = _linear(parts[0])
            weights = dict(weights)
            if sign == "-" and len(parts) == 1:
                return {name: -weight for name, weight in weights.items()}, -constant
            for more, offset in map(_linear, parts[1:]):
                factor = 1.0 if sign == "+" else -1.0
                constant += factor * offset
                for name, weight in more.items():
                    weights[name] = weights.get(name, 0.0) + factor * weight
            return weights, constant
        case ["*", left, right]:
            (first, one), (second, other) = _linear(left), _linear(right)
            if not first or not second:
                return {
                    name: weight * (other if first else one) for name, weight in (first or second).items()
                }, one * other
    raise UsageError(f"The property holds {quoted(term)}, which is no linear term in X_0, X_1, ..., Y_0, Y_1, ...")


def _parsed(text: str) -> Iterator[Any]:
    """Yields the sentences of a text in brackets, as lists of words and lists."""
    stack: list[list[Any]] = []
    for word in re.findall(r"[()]|[^\s()]+", text):
        if word == "(":
            if len(stack) == MAXIMUM_DEPTH:
                raise UsageError(f"The property has brackets more than {MAXIMUM_DEPTH} deep.")
            stack.append([])
        elif not stack:
            raise UsageError(f"The property holds {quoted(word)} outside of brackets.")
        elif word == ")":
            sentence = stack.pop()
            if not stack:
                yield sentence
            else:
                stack[-1].append(sentence)
        else:
            stack[-1].append(word)
    if stack:
        raise UsageError("The property ends inside a bracket: it is cut short.")


def _narrow(ends: dict[tuple[str, int], float], place: int, order: str, value: float) -> None:
    if place >= MAXIMUM_VARIABLES:
        raise UsageError(f"Input {place} is beyond the {MAXIMUM_VARIABLES:,} that are read.")
    end, tighter = ("high", min) if order == "<=" else ("low", max)
    ends[end, place] = tighter(ends.get((end, place), value), value)


def _box(ends: dict[tuple[str, int], float]) -> Box:
    places = {place for _, place in ends}
    if not places:
        raise UsageError("The property says nothing of the inputs: give each a least and a largest value.")
    for place in range(max(places) + 1):
        for end in ("low", "high"):
            if (end, place) not in ends:
                raise UsageError(
                    f"Input x{place} of the property has no {'least' if end == 'low' else 'largest'} value."
                )
    low, high = (np.array([ends[end, place] for place in range(len(places))]) for end in ("low", "high"))
    return Box(low, high)


def _bad(cases: list[list[Linear]]) -> BadOutputs:
    names = [name for case in cases for weights, _ in case for name in weights]
    if not names:
        raise UsageError("The property says nothing of the outputs: which of them must not happen?")
    count = max(int(name[2:]) for name in names) + 1
    if count > MAXIMUM_VARIABLES:
        raise UsageError(f"Output {count - 1} is beyond the {MAXIMUM_VARIABLES:,} that are read.")
    made = []
    for case in cases:
        rows = np.zeros((len(case), count))
        for row, (weights, _) in enumerate(case):
            for name, weight in weights.items():
                rows[row, int(name[2:])] = weight
        made.append((rows, np.array([offset for _, offset in case])))
    return BadOutputs(tuple(made))
