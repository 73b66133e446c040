"""`mesascope compare`: two saved reports side by side."""

from __future__ import annotations

import json as json_format
from dataclasses import dataclass
from pathlib import Path

import tyro

from mesascope.cli.console import Console
from mesascope.cli.options.kinds import File
from mesascope.cli.options.output import PrintOptions


@dataclass(frozen=True)
class Compare:
    """Puts two reports side by side: answers, verdicts that differ, and how much numbers changed.

    Where both are about the same levels (world, options, seed, number), regret is compared level by level.
    """

    first: tyro.conf.Positional[File]
    """A report.json, or the folder that holds it."""
    second: tyro.conf.Positional[File]
    """Another one; differences are second less first."""
    output: PrintOptions = PrintOptions()

    def run(self, console: Console) -> int:
        from mesascope.report.comparison import compare_reports
        from mesascope.report.report import Report

        def load(path: Path):
            return Report.load(path / "report.json" if path.is_dir() else path).findings

        found = compare_reports(load(self.first), load(self.second))
        console.result(json_format.dumps(found.data(), indent=2, allow_nan=False) if self.output.json else str(found))
        return 0
