"""`mesascope report`: the page of a saved report, written again."""

from __future__ import annotations

from dataclasses import dataclass

import tyro

from mesascope.cli.console import Console
from mesascope.cli.options.kinds import File, MaybeFile
from mesascope.cli.options.output import PrintOptions, check_new


@dataclass(frozen=True)
class Remake:
    """Writes the page of a saved report again, for example with a newer version of Mesascope.

    It may be what any verb saved: audit, search, objective, battery, witness, onset, compare.
    """

    report: tyro.conf.Positional[File]
    """A report.json, search.json, ...; or the folder that holds one of them."""
    out: MaybeFile = None
    """Where the page goes; by default beside the JSON, replacing the one that a verb wrote there."""
    force: bool = False
    """Replace whatever file stands there."""
    output: PrintOptions = PrintOptions()

    def run(self, console: Console) -> int:
        from mesascope.cli.output_folder import rewrite, wrote
        from mesascope.core.files import sha256_of, write_atomically
        from mesascope.report.data.audit_report import Report
        from mesascope.report.data.kinds import load_report, report_file
        from mesascope.report.text.terminal import print_screen

        source = report_file(self.report)
        report = load_report(source)
        html = self.out or source.with_suffix(".html")
        content = report.page()
        if self.out is None and wrote(html):
            rewrite(html, content)
        elif self.out is not None or not html.is_file() or sha256_of(html) != sha256_of(content):
            check_new(html, force=self.force)
            write_atomically(html, content)
        if self.output.json:
            console.result(report.to_json().rstrip())
        elif isinstance(report, Report):
            print_screen(report, stream=console.results, report_path=html)
        else:
            console.result(f"{report.text(width=console.width, encoding=console.encoding)}\n\nReport  {html}")
        return 0
