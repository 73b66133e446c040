"""The published schema of a report, and a check against it that needs no further package."""

from __future__ import annotations

import functools
import importlib.resources
import json
import math
from typing import Any, NoReturn

from mesascope.core.errors import UsageError

SCHEMA_VERSION = 1
_TYPES = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    # JSON does not tell 1.0 from 1.
    "integer": lambda value: (
        (isinstance(value, int) and not isinstance(value, bool)) or (isinstance(value, float) and value.is_integer())
    ),
}
_KEYWORDS = frozenset(
    {"$schema", "$id", "$defs", "$ref", "title", "description", "type", "const", "enum", "anyOf", "properties"}
    | {"required", "additionalProperties", "items", "minItems", "maxItems", "maxLength", "minimum", "maximum"}
)


@functools.cache
def report_schema() -> dict:
    """Returns the JSON Schema (draft 2020-12) of a report, as published in `docs/report-schema.json`."""
    return json.loads(importlib.resources.files("mesascope.report.data").joinpath("schema.json").read_text("utf-8"))


def check_report_data(data: Any) -> None:
    """Checks parsed JSON against the schema of a report.

    **Raises:** `UsageError` naming the first field at fault.
    """
    if not isinstance(data, dict):
        raise UsageError(f"A report is a JSON object, not {_kind(data)}.")
    version = data.get("schema_version")
    if version != SCHEMA_VERSION or isinstance(version, bool):
        raise UsageError(
            f"Field 'schema_version' of the report is {_shown(version)}; this Mesascope reads version "
            f"{SCHEMA_VERSION}. Make the report again, or read it with the version that wrote it."
        )
    _check(data, report_schema(), "")


def _check(value: Any, schema: dict, field: str) -> None:
    unknown = schema.keys() - _KEYWORDS
    if unknown:
        raise ValueError(f"the schema uses keywords that are not checked: {sorted(unknown)}")
    if "$ref" in schema:
        _check(value, report_schema()["$defs"][schema["$ref"].removeprefix("#/$defs/")], field)
    if "anyOf" in schema:
        _check_any(value, schema["anyOf"], field)
    if "const" in schema and (value != schema["const"] or isinstance(value, bool)):
        _fail(field, f"is {_shown(value)}; it must be {_shown(schema['const'])}")
    if "enum" in schema and not (isinstance(value, str) and value in schema["enum"]):
        _fail(field, f"is {_shown(value)}; it must be one of {', '.join(schema['enum'])}")
    if "type" in schema:
        kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        if not any(_TYPES[kind](value) for kind in kinds):
            _fail(field, f"is {_kind(value)}; it must be {' or '.join(kinds)}")
    if isinstance(value, dict):
        _check_object(value, schema, field)
    elif isinstance(value, list):
        _check_array(value, schema, field)
    elif isinstance(value, str):
        if len(value) > schema.get("maxLength", math.inf):
            _fail(field, f"has {len(value):,} characters; at most {schema['maxLength']:,} are read")
    elif isinstance(value, int | float) and not isinstance(value, bool):
        low, high = schema.get("minimum", -math.inf), schema.get("maximum", math.inf)
        if not low <= value <= high:
            _fail(field, f"is {value:.9g}; it must be between {low} and {high}")


def _check_any(value: Any, choices: list[dict], field: str) -> None:
    # Every choice in this schema is "something or null", so the message is that of the something.
    if value is None and {"type": "null"} in choices:
        return
    for choice in choices:
        if choice != {"type": "null"}:
            _check(value, choice, field)


def _check_object(value: dict, schema: dict, field: str) -> None:
    properties, others = schema.get("properties", {}), schema.get("additionalProperties", True)
    for name in schema.get("required", ()):
        if name not in value:
            _fail(_join(field, name), "is missing")
    for name, item in value.items():
        if name in properties:
            _check(item, properties[name], _join(field, name))
        elif others is False:
            _fail(_join(field, name), "is not part of a report")
        elif isinstance(others, dict):
            _check(item, others, _join(field, name))


def _check_array(value: list, schema: dict, field: str) -> None:
    low, high = schema.get("minItems", 0), schema.get("maxItems", math.inf)
    if not low <= len(value) <= high:
        _fail(field, f"has {len(value):,} entries; it must have {low} to {high}")
    if "items" in schema:
        for index, item in enumerate(value):
            _check(item, schema["items"], f"{field}[{index}]")


def _join(field: str, name: str) -> str:
    return f"{field}.{name}" if field else name


def _fail(field: str, why: str) -> NoReturn:
    raise UsageError(f"This is not a report of Mesascope: field {_shown(field)} {why}.")


def _kind(value: Any) -> str:
    return next(
        (name for name in ("null", "boolean", "object", "array", "string", "number") if _TYPES[name](value)), "?"
    )


def _shown(value: Any) -> str:
    text = ascii(value) if not isinstance(value, dict | list) else _kind(value)
    return text if len(text) <= 120 else f"{text[:120]}…"
