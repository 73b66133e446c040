"""What every report has in common: it is saved as JSON, read back from anywhere, and shown as a page."""

from __future__ import annotations

import importlib
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import msgspec

from mesascope.audit.assay import details_type
from mesascope.core.details import details_of
from mesascope.core.errors import OutputError, UsageError
from mesascope.core.files import write_atomically
from mesascope.core.json_reading import decode_json, read_json
from mesascope.core.text import quoted, shown
from mesascope.core.verdicts import Evidence
from mesascope.report.data.json_text import json_text, plain_json
from mesascope.report.data.records import folded, form_of, unfolded

R = TypeVar("R", bound="SavedReport")

MAXIMUM_BYTES: int = 16 * 2**20
"""A longer report is refused before it is parsed."""


class SavedReport:
    """A result with its provenance, which a verb writes as JSON and as a page.

    A kind of report is a subclass in a file of its own: a frozen dataclass whose fields are those of its JSON.
    """

    provenance: Mapping[str, Any]
    """Command, versions, seed, git revision, time; the only part that may differ between equal runs."""
    name: ClassVar[str]
    """Of its files, before the ending."""
    mark: ClassVar[str]
    """A field of its JSON that no other kind has."""
    verb: ClassVar[str]
    """That makes it."""
    schema_version: ClassVar[int] = 1
    """Of its JSON."""
    shown_by: ClassVar[str]
    """The function that makes its page, as `module:function`: imported when it is called, since pages import much."""
    told_by: ClassVar[str]
    """The function that says it in text, of a report and the `width` of a terminal."""
    drawn_by: ClassVar[str | None] = None
    """The function that makes its drawing, which is saved as SVG, too; `None` for those without."""
    evidence_field: ClassVar[str] = "evidence"
    """Where its evidence stands, whose CPU seconds are written into the provenance, since they differ between runs."""

    @classmethod
    def form(cls) -> type[msgspec.Struct]:
        """Returns the form of its JSON: what is read is checked against it."""
        return form_of(cls, f"What `mesascope {cls.verb} --json` prints.", cls.schema_version)

    def data(self) -> dict[str, Any]:
        """Returns the JSON object: numbers to 9 digits, nothing that JSON cannot hold; `TypeError` if it would."""
        tree = self._folded()
        provenance = tree.pop("provenance")
        return plain_json({"schema_version": self.schema_version, **tree, "provenance": provenance})

    def to_json(self) -> str:
        """Returns the report as JSON: the same text for the same result and provenance."""
        return json_text(self.data()) + "\n"

    @classmethod
    def from_json(cls: type[R], text: str | bytes) -> R:
        """Returns the report that a JSON text holds.

        **Arguments:**

        - `text`: at most `MAXIMUM_BYTES` long. It may come from anywhere: nothing in it is run, looked up or followed.

        **Raises:** `UsageError` naming the field at fault.
        """
        return cls.from_data(decode_json(text, refuse=refusal, maximum_bytes=MAXIMUM_BYTES))

    @classmethod
    def from_data(cls: type[R], data: Any) -> R:
        """Returns the report that parsed JSON holds; `UsageError` naming the field at fault."""
        cls.check(data)
        try:
            return cls._unfolded(data)
        except msgspec.ValidationError as error:
            raise _at_fault(error) from error

    @classmethod
    def check(cls, data: Any) -> None:
        """Checks parsed JSON against the form of this kind of report; `UsageError` naming the field at fault."""
        if not isinstance(data, dict):
            raise UsageError(f"A report is a JSON object, not {_kind(data)}.")
        version = data.get("schema_version")
        if version != cls.schema_version or isinstance(version, bool):
            raise UsageError(
                f"Field 'schema_version' of the report is {shown(ascii(version), limit=120)}; this Mesascope reads "
                f"version {cls.schema_version}. Make it again with `mesascope {cls.verb}`, or read it with the "
                "Mesascope that wrote it."
            )
        try:
            msgspec.convert(data, cls.form())
        except msgspec.ValidationError as error:
            raise _at_fault(error) from error

    @classmethod
    def load(cls: type[R], path: str | os.PathLike) -> R:
        """Returns the report in a JSON file; `UsageError` if it is missing, too large, or not a report."""
        return cls.from_data(read_json(path, maximum_bytes=MAXIMUM_BYTES, purpose="a report"))

    @classmethod
    def schema(cls) -> dict[str, Any]:
        """Returns the JSON Schema (draft 2020-12) of this kind of report, as published in `docs/NAME-schema.json`."""
        (schema,), definitions = msgspec.json.schema_components((cls.form(),), ref_template="#/$defs/{name}")
        return {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$id": f"urn:mesascope:{cls.name}:{cls.schema_version}",
            "title": f"What `mesascope {cls.verb} --json` prints, version {cls.schema_version}",
            **schema,
            "$defs": definitions,
        }

    def canonical(self: R) -> R:
        """Returns what reading the report back would give, so that a page made now and one from JSON are the same."""
        # Not checked like a report that came from anywhere: where an assay wrote what cannot be drawn, it is not drawn.
        return self._unfolded(self.data())

    def page(self) -> str:
        """Returns the report as one HTML page that needs neither network nor scripts: the same for the same JSON."""
        return function_of(self.shown_by)(self.canonical())

    def text(self, *, width: int = 100, encoding: str = "utf-8") -> str:
        """Returns the report as text for a terminal.

        **Arguments:**

        - `width`: columns.
        - `encoding`: which characters levels may be drawn with.
        """
        return function_of(self.told_by)(self, width=width)

    def contents(self) -> dict[str, str]:
        """Returns what the files hold that are saved, by their names: the JSON, the page, and the drawing if any."""
        contents = {f"{self.name}.json": self.to_json(), f"{self.name}.html": self.page()}
        drawing = None if self.drawn_by is None else function_of(self.drawn_by)(self.canonical())
        return contents if drawing is None else {**contents, f"{self.name}.svg": drawing}

    def to_html(self, path: str | os.PathLike) -> Path:
        """Writes the report as one HTML file that needs neither network nor scripts; `OutputError` if it cannot."""
        return write_atomically(path, self.page())

    def save(self, directory: str | os.PathLike, force: bool = False) -> tuple[Path, ...]:
        """Writes JSON and page, each whole or not at all.

        **Arguments:**

        - `directory`: made if it does not exist.
        - `force`: replace a report that stands there.

        **Returns:** the paths, JSON first.

        **Raises:** `OutputError` if a report stands there already or cannot be written.
        """
        contents = {Path(directory) / name: content for name, content in self.contents().items()}
        if not force:
            for path in filter(os.path.lexists, contents):
                raise OutputError(
                    f"{quoted(path, limit=200)} exists already. Pass force=True to replace it, or choose another "
                    "directory."
                )
        return tuple(write_atomically(path, content) for path, content in contents.items())

    def _folded(self) -> dict[str, Any]:
        """The JSON object before numbers are rounded, without its version."""
        return {**folded(self), "provenance": self._provenance()}

    def _provenance(self) -> dict[str, Any]:
        evidence = getattr(self, self.evidence_field, ())
        if isinstance(evidence, Evidence):
            seconds: Any = round(evidence.cost_seconds, 3)
        else:
            seconds = [{"assay": piece.assay, "cpu_seconds": round(piece.cost_seconds, 3)} for piece in evidence]
        return {**self.provenance, **({} if evidence == () else {"evidence_seconds": seconds})}

    @classmethod
    def _unfolded(cls: type[R], data: Mapping[str, Any]) -> R:
        """The report that JSON of its form holds."""
        return msgspec.convert(cls._tree(data), cls)

    @classmethod
    def _tree(cls, data: Mapping[str, Any]) -> dict[str, Any]:
        """JSON with evidence that knows what it cost, and other records as they can be made of it."""
        tree = unfolded({name: value for name, value in data.items() if name not in ("schema_version", "provenance")})
        provenance = dict(data["provenance"])
        seconds, evidence = provenance.pop("evidence_seconds", None), tree.get(cls.evidence_field, [])
        for piece in [evidence] if isinstance(evidence, dict) else evidence:
            piece["details"] = details_of(piece["details"], details_type(piece["assay"]))
        if isinstance(evidence, dict):
            evidence["cost_seconds"] = seconds or 0.0
        elif seconds is not None:
            if [cost["assay"] for cost in seconds] != [piece["assay"] for piece in evidence]:
                raise refusal("field 'provenance.evidence_seconds' is not about the pieces of evidence, in their order")
            for piece, cost in zip(evidence, seconds, strict=True):
                piece["cost_seconds"] = cost["cpu_seconds"]
        return {**tree, "provenance": provenance}


def refusal(reason: str) -> UsageError:
    """Returns the error of a text that is no report."""
    return UsageError(f"This is not a report of Mesascope: {reason}.")


def function_of(target: str) -> Callable[..., Any]:
    """Imports `module:function`."""
    module, function = target.split(":")
    return getattr(importlib.import_module(module), function)


def _kind(value: Any) -> str:
    kinds = {bool: "boolean", type(None): "null", dict: "object", list: "array", str: "string"}
    return kinds.get(type(value), "number")


_SAID = (
    (r"Object missing required field `(.*)`", "is missing"),
    (r"Object contains unknown field `(.*)`", "is not part of a report"),
)
"""What `msgspec` says of a field that stands in an object or does not, and what is said of it here."""


def _at_fault(error: msgspec.ValidationError) -> UsageError:
    """Returns the refusal that names the field which `msgspec` complains of."""
    field = "".join(reversed(re.findall(r" - at `\$?([^`]*)`", str(error)))).replace("[...]", "").lstrip(".")
    why = re.sub(r" - at `[^`]*`", "", str(error))
    for pattern, said in _SAID:
        found = re.fullmatch(pattern, why, re.DOTALL)
        if found is not None:
            field, why = f"{field}.{found[1]}".lstrip("."), said
    why = f"{why[:1].lower()}{why[1:]}" if why.startswith("Expected") else why
    return refusal(f"field {quoted(field, limit=120)} {shown(why)}")
