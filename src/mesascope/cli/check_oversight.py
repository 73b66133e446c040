"""`mesascope check oversight`: known answers of ways to oversee."""

from __future__ import annotations

from dataclasses import dataclass

from mesascope.cli.check import recomputed
from mesascope.cli.console import Console
from mesascope.cli.options.output import PrintOptions


@dataclass(frozen=True)
class CheckOversight:
    """Recomputes known answers of amplification (exit code 1 if one does not come out)."""

    output: PrintOptions = PrintOptions()

    def run(self, console: Console) -> int:
        from mesascope.oversight.answers import ANSWERS

        return recomputed(ANSWERS, console, json=self.output.json)
