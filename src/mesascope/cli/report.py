"""`mesascope report`: the HTML of a saved report, written again."""

from __future__ import annotations

from dataclasses import dataclass

import tyro

from mesascope.cli.console import Console
from mesascope.cli.options.kinds import File, MaybeFile
from mesascope.cli.options.output import PrintOptions, check_new


@dataclass(frozen=True)
class Remake:
    """Writes the HTML of a saved report again, for example with a newer version of Mesascope."""

    report: tyro.conf.Positional[File]
    """A report.json, or the folder that holds it."""
    out: MaybeFile = None
    """Where the HTML goes; by default report.html beside the JSON, which is replaced if an audit wrote it."""
    force: bool = False
    """Replace whatever file stands there."""
    output: PrintOptions = PrintOptions()

    def run(self, console: Console) -> int:
        from mesascope.cli.output_folder import rewrite, wrote
        from mesascope.core.files import sha256_of, write_atomically
        from mesascope.report.report import Report
        from mesascope.report.text.terminal import print_screen

        source = self.report / "report.json" if self.report.is_dir() else self.report
        report = Report.load(source)
        html = self.out or source.with_suffix(".html")
        content = report.contents()["report.html"]
        if self.out is None and wrote(html):
            rewrite(html, content)
        elif self.out is not None or not html.is_file() or sha256_of(html) != sha256_of(content):
            check_new(html, force=self.force)
            write_atomically(html, content)
        if self.output.json:
            console.result(report.to_json())
        else:
            print_screen(report, stream=console.results, report_path=html)
        return 0
