"""Saved audits of many runs as one table."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mesascope.audit.findings import Findings
from mesascope.core.errors import MesascopeError, UsageError
from mesascope.core.files import write_atomically
from mesascope.core.text import quoted, shown
from mesascope.report.data.audit_report import DISTRIBUTIONS, Report
from mesascope.report.data.kinds import load_report

if TYPE_CHECKING:
    import polars

ENDINGS: tuple[str, str] = (".parquet", ".csv")
OTHERS = frozenset({"request.json", "training.json", "sealed.json", "calibration.json"})
"""What verbs write beside reports."""
_ESTIMATES: tuple[str, ...] = ("competence", "regret_train", "regret_deploy", "own_regret_train", "own_regret_deploy")
_NUMBERS: tuple[str, ...] = (
    "searches_probability",
    "depth",
    "objective_probability",
    "distance_to_base",
    "alignment_probability",
)
_COUNTS: tuple[str, ...] = ("seed", "unidentified_dimensions")


@dataclass(frozen=True)
class ReportTable:
    """Saved audits, one a row, and what was left out.

    **Arguments:**

    - `frame`: a row for each audit, by path: who was audited and where, the three answers with their probabilities, and
      competence and regrets, each with `_low`, `_high` and `_n`; what is missing is null.
    - `left_out`: JSON files that gave no row, and why.
    """

    frame: polars.DataFrame
    left_out: tuple[tuple[str, str], ...]

    def write(self, path: str | os.PathLike) -> Path:
        """Writes the table, whole or not at all: Parquet or CSV by the ending of its name.

        **Raises:** `UsageError` for another ending, `OutputError` if it cannot be written.
        """
        check_ending(path)
        if Path(path).suffix == ".csv":
            return write_atomically(path, self.frame.write_csv())
        buffer = io.BytesIO()
        self.frame.write_parquet(buffer)
        return write_atomically(path, buffer.getvalue())


def check_ending(path: str | os.PathLike) -> None:
    """Raises `UsageError` unless a table can be written to a file of that name."""
    if Path(path).suffix not in ENDINGS:
        raise UsageError(f"{quoted(path, limit=200)} does not end in {' or '.join(ENDINGS)}: which shall it be?")


def report_table(folder: str | os.PathLike) -> ReportTable:
    """Returns all saved audits below a folder as one table.

    **Arguments:**

    - `folder`: links in it are not followed; a single report is a table of one row.

    **Raises:** `UsageError` if there is no such folder, or no audit in it.
    """
    import polars

    if not os.path.exists(folder):
        raise UsageError(f"No such folder: {quoted(folder, limit=200)}.")
    rows, left_out = [], []
    for path in _files(Path(folder)):
        try:
            report = load_report(path)
        except MesascopeError as error:
            left_out.append((str(path), shown(error)))
            continue
        if isinstance(report, Report):
            rows.append(_row(path, report))
        else:
            left_out.append((str(path), f"`mesascope {report.verb}` saved it; rows are audits"))
    if not rows:
        why = f", and {len(left_out)} other files ({shown(left_out[0][1], limit=160)})" if left_out else ""
        raise UsageError(f"There is no report of an audit in {quoted(folder, limit=200)}{why}.")
    # Of columns that no row fills, polars could not tell.
    schema = dict.fromkeys(rows[0], polars.String) | dict.fromkeys(_NUMBERS, polars.Float64)
    schema |= dict.fromkeys(_COUNTS, polars.Int64)
    for name in _ESTIMATES:
        schema |= dict.fromkeys((name, f"{name}_low", f"{name}_high"), polars.Float64) | {f"{name}_n": polars.Int64}
    return ReportTable(polars.DataFrame(rows, schema=schema, orient="row"), tuple(left_out))


def _files(folder: Path) -> Iterator[Path]:
    if not folder.is_dir():
        yield folder
    for where, folders, names in os.walk(folder):
        folders.sort()
        yield from (Path(where, name) for name in sorted(names) if name.endswith(".json") and name not in OTHERS)


def _row(path: Path, report: Report) -> dict[str, Any]:
    findings = report.findings
    subject, optimizer = findings.subject, findings.optimizer
    objective, alignment = findings.objective, findings.alignment
    return {
        "path": str(path),
        "agent": subject.agent,
        "agent_kind": subject.agent_kind,
        "world": subject.world,
        "world_options": json.dumps(subject.world_options, sort_keys=True),
        "base_objective": subject.base_objective,
        "train": subject.train,
        "deploy": subject.deploy,
        "seed": subject.seed,
        "evaluation": subject.evaluation,
        "searches": optimizer.answer,
        "searches_probability": optimizer.probability,
        "depth": optimizer.depth,
        "objective": objective.name,
        "objective_probability": objective.probability,
        "distance_to_base": objective.distance_to_base,
        "unidentified_dimensions": objective.unidentified_dimensions,
        "alignment": str(alignment.class_),
        "alignment_probability": alignment.probability,
        "runner_up": None if alignment.runner_up is None else str(alignment.runner_up),
        "towards": alignment.towards,
        "kind": alignment.kind,
        **_numbers(findings),
    }


def _numbers(findings: Findings) -> dict[str, float | int | None]:
    regrets = [regret.get(where) for regret in (findings.regret, findings.own_regret) for where in DISTRIBUTIONS]
    numbers: dict[str, float | int | None] = {}
    for name, estimate in zip(_ESTIMATES, (findings.training_performance, *regrets), strict=True):
        # Without units behind it a number is not one.
        found = estimate if estimate is not None and estimate.n > 0 else None
        for ending, field in (("", "value"), ("_low", "low"), ("_high", "high"), ("_n", "n")):
            numbers[f"{name}{ending}"] = None if found is None else getattr(found, field)
    return numbers
