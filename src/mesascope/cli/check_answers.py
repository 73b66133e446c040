"""`mesascope check answers`: recomputes the known answers that the paper rests on."""

from __future__ import annotations

import json as json_format
from dataclasses import dataclass
from typing import Annotated

from mesascope.cli.console import Console
from mesascope.cli.options.kinds import option
from mesascope.cli.options.output import PrintOptions
from mesascope.core.quantities import TEXT


@dataclass(frozen=True)
class CheckAnswers:
    """Recomputes every known answer that the paper rests on; each must come out as stated (exit code 1 otherwise)."""

    section: Annotated[str, *option(TEXT, "NUMBER")] = ""
    """Only the known answers of this section of the paper, such as 4 or 4.5."""
    output: PrintOptions = PrintOptions()

    def run(self, console: Console) -> int:
        from mesascope.cli.known_answers_text import known_answers_text
        from mesascope.theory.catalogue import KNOWN_ANSWERS
        from mesascope.theory.known_answer import in_section, recompute, summary

        answers = in_section(KNOWN_ANSWERS, self.section)
        with console.progress("Recomputing known answers") as progress:
            found = recompute(answers, progress=progress)
        counts = summary(found)
        if self.output.json:
            console.result(json_format.dumps(counts, indent=2, ensure_ascii=False, allow_nan=False))
        else:
            console.result(known_answers_text(found, console.width))
        return 1 if counts["failed"] else 0
