"""`mesascope report`: the HTML of a saved report, written again."""

from __future__ import annotations

from dataclasses import dataclass

import tyro

from mesascope.cli.command import Command
from mesascope.cli.console import Console
from mesascope.cli.options.kinds import File, MaybeFile
from mesascope.core.errors import OutputError


@dataclass(frozen=True)
class Remake(Command):
    """Writes the HTML of a saved report again, for example with a newer version of Mesascope."""

    report: tyro.conf.Positional[File]
    """A report.json, or the folder that holds it."""
    out: MaybeFile = None
    """Where the HTML goes; by default report.html beside the JSON, which is replaced."""
    force: bool = False
    """Replace a file given with --out."""
    json: bool = False
    """Print the report's JSON instead of one screen of text."""
    quiet: bool = False
    """Leave out notes."""

    def run(self, console: Console) -> int:
        from mesascope.report.report import Report
        from mesascope.report.terminal import print_screen

        source = self.report / "report.json" if self.report.is_dir() else self.report
        report = Report.load(source)
        if self.out is not None and self.out.exists() and not self.force:
            raise OutputError(f"'{self.out}' exists already. Pass --force to replace it, or choose another place.")
        html = report.to_html(self.out or source.with_suffix(".html"))
        if self.json:
            console.result(report.to_json())
        else:
            print_screen(report, stream=console.results, report_path=html)
        return 0
