"""Writes `docs/NAME-schema.json`, the JSON Schema of each kind of report; the tests check that they are up to date."""

from __future__ import annotations

from pathlib import Path

from mesascope.report.data.json_text import json_text
from mesascope.report.data.kinds import KINDS


def schemas() -> dict[str, str]:
    """Returns each file by its name."""
    return {f"{kind.name}-schema.json": json_text(kind.schema()) + "\n" for kind in KINDS}


if __name__ == "__main__":
    for name, text in schemas().items():
        Path(__file__).with_name(name).write_text(text, encoding="utf-8")
