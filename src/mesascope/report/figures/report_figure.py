"""A figure of a report, ready to stand in a page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class ReportFigure:
    """A figure as SVG.

    **Arguments:**

    - `name`: `witness`, `posterior`, `regrets`, or `curve-N`, `rates-N`, `plans-N` and `edit-N` for evidence number N,
      from 0.
    - `title`: what it shows.
    - `description`: what it says, in words and numbers, for who cannot see it.
    - `svg`: the drawing; the same bytes for the same report.
    - `caption`: what must be known to read it.
    - `evidence`: number of the piece of evidence that it is of; `None` if it is of none.
    """

    name: str
    title: str
    description: str
    svg: str
    caption: str = ""
    evidence: int | None = None


Figures = Mapping[str, ReportFigure]
"""Figures of a report by name."""
