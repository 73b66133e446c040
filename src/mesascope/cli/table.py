"""`mesascope table`: saved audits of many runs as one table."""

from __future__ import annotations

import json
from dataclasses import dataclass

import tyro

from mesascope.cli.console import Console
from mesascope.cli.options.kinds import File, MaybeFile
from mesascope.cli.options.output import PrintOptions, check_new

SHOWN: dict[str, str] = {
    "agent": "agent",
    "world": "world",
    "seed": "seed",
    "searches": "searches",
    "objective": "objective",
    "alignment": "alignment",
    "regret_deploy": "regret after the shift",
}
"""Columns that are printed, and what they are called."""


@dataclass(frozen=True)
class Table:
    """Reads all saved audits below a folder as one table: a row for each, with answers, probabilities and regrets.

    Files that are no report of an audit are left out, and named with the reason. From Python:
    `mesascope.report_table(folder).frame`.
    """

    folder: tyro.conf.Positional[File]
    """With reports in it, at any depth."""
    out: MaybeFile = None
    """A file ending in .parquet or .csv that the whole table is written to."""
    force: bool = False
    """Replace whatever file stands there."""
    output: PrintOptions = PrintOptions()

    def run(self, console: Console) -> int:
        from mesascope.report.data.report_table import check_ending, report_table
        from mesascope.report.text.lines import bearable, table_lines, wrapped

        if self.out is not None:
            check_ending(self.out)
            check_new(self.out, force=self.force)
        table = report_table(self.folder)
        if self.output.json:
            rows = {"reports": table.frame.to_dicts(), "left_out": [list(pair) for pair in table.left_out]}
            console.result(json.dumps(rows, indent=2, ensure_ascii=False))
        else:
            width = bearable(console.width)
            rows = [[_cell(value) for value in row] for row in table.frame.select(list(SHOWN)).iter_rows()]
            lines = table_lines(list(SHOWN.values()), rows, width)
            for path, why in table.left_out:
                lines += wrapped(f"Left out {path}: {why}", width)
            console.result("\n".join(lines))
        if self.out is not None:
            console.note(f"Written  {table.write(self.out)}")
        return 0


def _cell(value: str | float | int | None) -> str:
    if value is None:
        return "–"
    return f"{value:.2f}" if isinstance(value, float) else str(value)
