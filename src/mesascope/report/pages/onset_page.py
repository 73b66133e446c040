"""What `mesascope onset` shows: the onset of deception as JSON and as a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mesascope.core.files import write_atomically
from mesascope.report.data.json_text import json_text, plain_json
from mesascope.report.figures.onset_figures import onset_figures
from mesascope.report.pages.page import environment, inlined, provenance_rows
from mesascope.report.text.onset_text import learned_rows, onset_headline

SCHEMA_VERSION: int = 1
CAVEATS: tuple[str, ...] = (
    "The agents here are rewarded with their own pay-off by construction. Nothing on this page shows that training on "
    "a base objective produces such an agent; it shows when scheming would pay one that is already there.",
    "Exact means: for the lifetime as stated, whose chances the agent knows. Real training has no announced threat.",
    "Policies see the cue and the threat, not the number of the episode; their exact counterpart is the best policy "
    "over cue readings, which complies in all training episodes alike.",
)


@dataclass(frozen=True)
class OnsetReport:
    """When deception pays, exactly and as learned.

    **Arguments:**

    - `lifetime`: `training`, `deployment`, `threat`, `discount` and `accuracy` that were asked about.
    - `exact`: from `planning.onset_curves`.
    - `learned`: one entry for each threat and condition; empty if nothing was trained.
    - `provenance`: command, versions, time; the only part that may differ between equal runs.
    """

    lifetime: Mapping[str, Any]
    exact: Mapping[str, Any]
    learned: Sequence[Mapping[str, Any]]
    provenance: Mapping[str, Any]

    def data(self) -> dict:
        """Returns the JSON object: numbers to 9 digits, nothing that JSON cannot hold."""
        return plain_json(
            {
                "schema_version": SCHEMA_VERSION,
                "lifetime": dict(self.lifetime),
                "exact": dict(self.exact),
                "learned": list(self.learned),
                "provenance": dict(self.provenance),
            }
        )

    def contents(self) -> dict[str, str]:
        """Returns what `onset.json` and `onset.html` hold."""
        data = self.data()
        return {"onset.json": json_text(data) + "\n", "onset.html": onset_page(data)}

    def save(self, folder: Path) -> tuple[Path, ...]:
        """Writes `onset.json` and `onset.html`, each whole or not at all, and returns their paths."""
        return tuple(write_atomically(folder / name, content) for name, content in self.contents().items())


def onset_page(data: Mapping[str, Any]) -> str:
    """Returns one HTML page that needs neither network nor scripts, made from the numbers of `onset.json` alone.

    **Arguments:**

    - `data`: the JSON object.
    """
    asked = data["lifetime"]
    return (
        environment()
        .get_template("onset_page.html")
        .render(
            headline=onset_headline(data),
            setting=[
                ("Lifetime", f"{asked['training']} training and {asked['deployment']} deployment episodes"),
                ("Threat", f"{asked['threat']:g}"),
                ("Discount", f"{asked['discount']:g} an episode"),
                ("Cue accuracy", f"{asked['accuracy']:g}"),
            ],
            plan=_plan(data["exact"]["plan"], asked["training"]),
            figures=[inlined(figure) for figure in onset_figures(data)],
            factorial=[
                {
                    "held": [condition[name] for name in ("spans_updates", "models_selection", "expects_end")],
                    "plan": _plan(condition, asked["training"]),
                    "deceptive": condition["deceptive"],
                    "tied": condition["tied"],
                }
                for condition in data["exact"]["factorial"]
            ],
            discounts=[
                (
                    f"{point['discount']:g}",
                    f"{point['complies_at_the_end']} of {asked['training']}",
                    _number(point["onset"]),
                    _number(point["onset_last"]),
                )
                for point in data["exact"]["by_discount"]
            ],
            learned=learned_rows(data),
            caveats=CAVEATS,
            provenance=provenance_rows(data["provenance"]),
            schema_version=data["schema_version"],
        )
    )


def _plan(found: Mapping[str, Any], training: int) -> str:
    words = ["defect" if defects else "comply" for defects in found["defects"]]
    return f"{' '.join(_run_lengths(words[:training]))} | {' '.join(_run_lengths(words[training:]))}"


def _run_lengths(words: Sequence[str]) -> list[str]:
    """Long plans in short: words as they are while few, else counted."""
    if len(words) <= 6:
        return list(words)
    runs: list[tuple[str, int]] = []
    for word in words:
        if runs and runs[-1][0] == word:
            runs[-1] = (word, runs[-1][1] + 1)
        else:
            runs.append((word, 1))
    return [f"{count}x {word}" for word, count in runs]


def _number(value: float | None) -> str:
    return "never" if value is None else f"{value:.4f}"
