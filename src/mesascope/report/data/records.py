"""Records in the forms of their JSON, and back."""

from __future__ import annotations

import functools
import math
import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

from mesascope.audit.findings import (
    AlignmentAnswer,
    AllLevels,
    ObjectiveAnswer,
    OptimizerAnswer,
    SearchVerdict,
    Witness,
)
from mesascope.core.details import details_data
from mesascope.core.verdicts import Estimate, Evidence
from mesascope.report.data import forms

FORMS: dict[type, type[msgspec.Struct]] = {
    Estimate: forms.EstimateForm,
    Evidence: forms.EvidenceForm,
    SearchVerdict: forms.SearchVerdictForm,
    OptimizerAnswer: forms.OptimizerForm,
    ObjectiveAnswer: forms.ObjectiveForm,
    AlignmentAnswer: forms.AlignmentForm,
    AllLevels: forms.AllLevelsForm,
    Witness: forms.WitnessForm,
}
"""Records whose form is not field by field their own."""
ENTRIES: dict[str, type[msgspec.Struct]] = {
    "contributions": forms.ContributionForm,
    "posterior": forms.CandidateForm,
    "kinds": forms.KindForm,
    "classes": forms.CandidateForm,
    "legend": forms.LegendForm,
    "arrows": forms.ArrowForm,
}
"""Fields that are lists of tuples in records, and of objects in JSON."""
_TABLES: dict[str, Any] = {
    "world_options": forms.Options,
    "stream_options": forms.Options,
    "at_first": forms.AtFirstForm,
    "provenance": forms.ProvenanceForm,
}
"""Fields that are mappings in records."""

_NOT_RECOVERED = "no objective could be recovered; see the evidence of the assay recovery"
_NO_DEPTH = "no horizon was measured, or it has little skill at any distance"
_NO_KIND = "the battery of tests was not part of the audit"
_FREE = frozenset({"details", "world_options", "stream_options", "deploy_options", "missing"})
"""Objects whose names are not ours: what is in them stays as it is."""
_INTERVAL = frozenset({"value", "low", "high"})
_REGRETS = frozenset({"base_regret", "own_regret"})
"""Numbers of estimates and of levels that are null in JSON where they are not finite."""


@functools.cache
def form_of(record: type, description: str, version: int | None = None) -> type[msgspec.Struct]:
    """Returns the form of a dataclass: its fields as they are annotated, records in them in their own forms.

    **Arguments:**

    - `record`: the dataclass.
    - `description`: of the form, in its schema.
    - `version`: of the schema, which stands first; `None` for what is part of a report.
    """
    hints = get_type_hints(record, include_extras=True)
    own = [(field.name, _TABLES.get(field.name) or _form(hints[field.name])) for field in fields(record)]
    return msgspec.defstruct(
        f"{record.__name__}Form",
        own if version is None else [("schema_version", Literal[version]), *own],
        bases=(forms.Form,),
        namespace={"__doc__": description},
        module=record.__module__,
        frozen=True,
    )


def _form(hint: Any) -> Any:
    origin, parts = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return Annotated[_form(parts[0]), *hint.__metadata__]
    if origin in (Union, types.UnionType):
        return Union[tuple(map(_form, parts))]  # noqa: UP007
    if origin is tuple and parts[-1] is ...:
        return list[_form(parts[0])]
    if hint in FORMS or not is_dataclass(hint):
        return FORMS.get(hint, hint)
    return form_of(hint, (hint.__doc__ or "").partition("\n")[0])


def folded(value: Any) -> Any:
    """Returns records as objects of their published form; other values as they are.

    **Arguments:**

    - `value`: a record of `FORMS`, another dataclass, a sequence of them, or anything else.
    """
    if isinstance(value, list | tuple):
        return [folded(item) for item in value]
    if isinstance(value, msgspec.Struct):
        return msgspec.to_builtins(value)
    if not is_dataclass(value) or isinstance(value, type):
        return value
    form = FORMS.get(type(value))
    names = [field.name for field in fields(value)] if form is None else form.__struct_fields__
    keys = names if form is None else form.__struct_encode_fields__
    data: dict[str, Any] = {}
    for name, key in zip(names, keys, strict=True):
        if name == "missing":
            continue
        found = getattr(value, name)
        if name == "details":
            found = details_data(found)
        if name in ENTRIES:
            data[key] = [dict(zip(ENTRIES[name].__struct_fields__, entry, strict=True)) for entry in found]
        else:
            data[key] = _by_name(found) if name in _FREE and isinstance(found, Mapping) else folded(found)
    return with_missing(data, _reasons(value))


def unfolded(data: Any) -> Any:
    """Returns JSON in published forms as records can be made of it: the inverse of `folded`."""
    if isinstance(data, list):
        return [unfolded(item) for item in data]
    if not isinstance(data, dict):
        return data
    tree = {}
    for key, value in data.items():
        if key in ENTRIES and value and isinstance(value[0], dict):
            names = ENTRIES[key].__struct_fields__
            tree[key] = [[entry[name] for name in names] for entry in value]
        elif value is None and (key in _REGRETS or (key in _INTERVAL and "confidence" in data)):
            tree[key] = math.nan
        else:
            tree["class_" if key == "class" else key] = value if key in _FREE else unfolded(value)
    return tree


def with_missing(data: dict[str, Any], reasons: Mapping[str, str]) -> dict[str, Any]:
    """Returns an object that says under `missing` why its nulls are null.

    **Arguments:**

    - `data`: the object.
    - `reasons`: by field, for those that may be null.
    """
    missing = {name: why or "the audit did not say why" for name, why in reasons.items() if data[name] is None}
    return {**data, "missing": missing} if missing else data


def _by_name(table: Mapping[str, Any]) -> dict[str, Any]:
    # Equal tables give equal bytes.
    return {name: table[name] for name in sorted(table)}


def _reasons(record: Any) -> dict[str, str]:
    if isinstance(record, OptimizerAnswer):
        return {"probability": record.reason, "depth": _NO_DEPTH}
    if isinstance(record, ObjectiveAnswer):
        unknown = dict.fromkeys(("distance_to_base", "unidentified_dimensions"), _NOT_RECOVERED)
        return {"name": record.reason, "probability": record.reason, **unknown}
    if isinstance(record, AlignmentAnswer):
        return {"probability": record.reason, "kind": record.kind_reason or _NO_KIND}
    return {}
