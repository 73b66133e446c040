"""The report of an audit: findings and where they come from, as JSON, HTML and a table."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mesascope.audit.findings import Findings
from mesascope.core.errors import OutputError, UsageError
from mesascope.core.files import checked_file, write_atomically
from mesascope.core.text import quoted
from mesascope.report.data.json_text import json_text, report_data
from mesascope.report.data.reading import MAXIMUM_BYTES, parse_report
from mesascope.report.data.schema import SCHEMA_VERSION

if TYPE_CHECKING:
    import polars


@dataclass(frozen=True)
class Report:
    """What an audit found and where it comes from.

    **Arguments:**

    - `findings`: the answers, their evidence and the level where the agent comes apart.
    - `provenance`: command, versions, seed, git revision, time; the only part that may differ between equal runs.
    - `schema_version`: of the JSON form, published in `docs/report-schema.json`.
    """

    findings: Findings
    provenance: dict
    schema_version: int = SCHEMA_VERSION

    def to_json(self) -> str:
        """Returns the report as JSON: the same text for the same findings and provenance, numbers to 9 digits."""
        return json_text(report_data(self.findings, self.provenance)) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Report:
        """Returns the report that a JSON text holds.

        **Raises:** `UsageError` naming the field at fault; the text may come from anywhere.
        """
        findings, provenance = parse_report(text)
        return cls(findings, provenance)

    @classmethod
    def load(cls, path: str | os.PathLike) -> Report:
        """Returns the report in a JSON file; `UsageError` if it is missing, too large, or not a report."""
        file = checked_file(path, maximum_bytes=MAXIMUM_BYTES, purpose="a report")
        try:
            return cls.from_json(file.read_bytes().decode("utf-8"))
        except UnicodeDecodeError as error:
            raise UsageError(f"Cannot read '{path}' as a report: it is not UTF-8 text.") from error
        except OSError as error:
            raise UsageError(f"Cannot read '{path}' as a report: {error.strerror or error}.") from error

    def to_html(self, path: str | os.PathLike) -> Path:
        """Writes the report as one HTML file that needs neither network nor scripts; `OutputError` if it cannot."""
        from mesascope.report.pages.audit_page import html_page

        return write_atomically(path, html_page(self))

    def contents(self) -> dict[str, str]:
        """Returns what `report.json` and `report.html` hold."""
        from mesascope.report.pages.audit_page import html_page

        return {"report.json": self.to_json(), "report.html": html_page(self)}

    def save(self, directory: str | os.PathLike, force: bool = False) -> tuple[Path, Path]:
        """Writes `report.json` and `report.html`, each whole or not at all.

        **Arguments:**

        - `directory`: made if it does not exist.
        - `force`: replace a report that stands there.

        **Returns:** the two paths, JSON first.

        **Raises:** `OutputError` if a report stands there already or cannot be written.
        """
        contents = {Path(directory) / name: content for name, content in self.contents().items()}
        if not force:
            for path in filter(os.path.lexists, contents):
                raise OutputError(
                    f"{quoted(path, limit=200)} exists already. Pass force=True to replace it, or choose another "
                    "directory."
                )
        json, html = (write_atomically(path, content) for path, content in contents.items())
        return json, html

    def evidence_table(self) -> polars.DataFrame:
        """Returns the evidence, one row per assay.

        **Returns:** columns `assay`, `question`, `verdict`, `effect`, `effect_low`, `effect_high`, `effect_n`,
        `effect_unit`, the same five for `null`, `sentence`, `reason` and `cost_seconds`; missing numbers are null.
        """
        import polars

        text, number, whole = polars.String, polars.Float64, polars.Int64
        schema: dict = {"assay": text, "question": text, "verdict": text}
        for name in ("effect", "null"):
            schema |= {name: number, f"{name}_low": number, f"{name}_high": number, f"{name}_n": whole}
            schema |= {f"{name}_unit": text}
        schema |= {"sentence": text, "reason": text, "cost_seconds": number}
        rows = []
        for piece in self.findings.evidence:
            row: list = [piece.assay, piece.question, str(piece.verdict)]
            for estimate in (piece.effect, piece.null):
                if estimate is None:
                    row += [None] * 5
                else:
                    row += [estimate.value, estimate.low, estimate.high, estimate.n, estimate.unit]
            rows.append((*row, piece.sentence, piece.reason, piece.cost_seconds))
        return polars.DataFrame(rows, schema=schema, orient="row")
