"""Values as the text of a JSON file: numbers rounded, nothing that JSON cannot hold, whatever fits on a line on one."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

SIGNIFICANT_DIGITS = 9
"""Of every number in a report: fewer than the 1e-9 to which the solvers agree, so that equal runs give equal bytes."""
_LINE = 110


def json_text(value: Any, indent: int = 0) -> str:
    """Returns JSON in which whatever fits on a line stands on one, so that levels and paths stay readable."""
    flat = json.dumps(value, ensure_ascii=False, allow_nan=False)
    if len(flat) + indent <= _LINE or not isinstance(value, dict | list) or not value:
        return flat
    pad, close = " " * (indent + 2), " " * indent
    if isinstance(value, list):
        if all(not isinstance(item, dict) for item in value) and not any(_nested(item) for item in value):
            return _filled(value, indent)
        return "[\n" + ",\n".join(pad + json_text(item, indent + 2) for item in value) + "\n" + close + "]"
    items = (
        f"{pad}{json.dumps(key, ensure_ascii=False)}: {json_text(item, indent + 2)}" for key, item in value.items()
    )
    return "{\n" + ",\n".join(items) + "\n" + close + "}"


def _nested(item: Any) -> bool:
    return isinstance(item, list) and any(isinstance(inner, dict | list) for inner in item)


def _filled(values: list, indent: int) -> str:
    lines, line = [], ""
    for text in (json.dumps(value, ensure_ascii=False, allow_nan=False) for value in values):
        if line and len(line) + len(text) + indent > _LINE:
            lines.append(line.rstrip())
            line = ""
        line += f"{text}, "
    lines.append(line.removesuffix(", "))
    pad = " " * (indent + 2)
    return "[\n" + "\n".join(pad + line for line in lines) + "\n" + " " * indent + "]"


def plain_json(value: Any) -> Any:
    """Returns a value as JSON can hold it; `TypeError` names the field that cannot be held."""
    return _jsonable(value, "report")


def _jsonable(value: Any, field: str) -> Any:
    """Returns plain JSON values: rounded numbers, null for those that are not finite, text that UTF-8 can hold."""
    if isinstance(value, Mapping):
        return {_clean(str(key)): _jsonable(item, f"{field}.{key}") for key, item in value.items()}
    if isinstance(value, str):
        return _clean(str(value))
    if value is None or isinstance(value, bool | np.bool_):
        return value if value is None else bool(value)
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return _rounded(float(value))
    if isinstance(value, np.ndarray):
        return _jsonable(value.tolist(), field)
    if isinstance(value, list | tuple):
        return [_jsonable(item, f"{field}[{index}]") for index, item in enumerate(value)]
    raise TypeError(
        f"{field} is a {type(value).__name__}; a report holds numbers, texts, lists and dictionaries of them"
    )


def _rounded(value: float) -> float | None:
    if not math.isfinite(value):
        return None
    # Adding zero turns -0.0 into 0.0.
    return float(f"{value:.{SIGNIFICANT_DIGITS - 1}e}") + 0.0


def _clean(text: str) -> str:
    # File names that are not UTF-8 arrive with lone surrogates, which no file or terminal can take.
    return text.encode("utf-8", "replace").decode("utf-8")
