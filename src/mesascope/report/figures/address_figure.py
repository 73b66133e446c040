"""Picture of a tape: where a Turing machine writes and reads, step by step."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib import colormaps
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from mesascope.audit.learning.tape_addresses import AddressDetails
from mesascope.report.figures.style import SEQUENTIAL, WIDTH, figure_settings

SHADES: int = 20
MOST_STEPS, MOST_ROWS = 200, 200
"""What is drawn of a report at most: it may have been written by others."""


@figure_settings()
def address_figure(details: AddressDetails) -> Figure | None:
    """Returns two maps of steps by rows of the tape, weights written by and read with; `None` without numbers.

    **Arguments:**

    - `details`: addresses of one episode.
    """
    panels = {"written to": _drawn(details.writes), "read from": _drawn(details.reads)}
    if not all(panels.values()):
        return None
    figure = Figure(figsize=(WIDTH, 4.6), layout="compressed")
    grid = figure.subplots(2, 1, sharex=True)
    scale = ScalarMappable(Normalize(0, 1), colormaps[SEQUENTIAL].resampled(SHADES))
    for axes, (title, weights) in zip(grid, panels.items(), strict=True):
        columns, rows = range(len(weights) + 1), range(len(weights[0]) + 1)
        turned = [list(row) for row in zip(*weights, strict=True)]
        # Cells as shapes, so that a page needs no embedded picture.
        axes.pcolormesh(
            [0.5 + column for column in columns],
            [0.5 + row for row in rows],
            turned,
            norm=scale.norm,
            cmap=scale.cmap,
            rasterized=False,
        )
        axes.axvline(details.shown + 1, color="white", linewidth=1.4, linestyle=":")
        axes.set(title=title, ylabel="row of the tape")
    grid[-1].set(xlabel="step of the episode")
    figure.colorbar(scale, ax=grid.tolist(), aspect=30, label="weight of the head")
    return figure


def _drawn(weights: Sequence[Sequence[float]]) -> list[tuple[float, ...]]:
    """Returns as much as is drawn; nothing where rows are not of one length."""
    wide = min((len(row) for row in weights), default=0)
    if not wide or any(len(row) != wide for row in weights):
        return []
    return [tuple(row[:MOST_ROWS]) for row in weights[:MOST_STEPS]]
