"""How figures look: one palette, one size of letters, the same bytes every time; a figure ready to stand in a page."""

from __future__ import annotations

import contextlib
import io
import re
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import matplotlib
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

# Okabe and Ito (2008), "Color Universal Design": told apart under every common form of colour blindness.
AGENT = "#d55e00"
BASE = "#0072b2"
GOOD = "#009e73"
OTHER = "#cc79a7"
INK = "#1b1f24"
MUTED = "#59636e"
FAINT = "#d1d9e0"
WALL = "#57606a"
FLOOR = "#f6f8fa"
PAPER = "#fffffe"
SEQUENTIAL = "viridis"
"""For amounts: of even steps, also in grey and under every common form of colour blindness."""

_VARIABLES = {
    AGENT: "agent",
    BASE: "base",
    GOOD: "good",
    OTHER: "other",
    INK: "ink",
    MUTED: "muted",
    FAINT: "faint",
    WALL: "wall",
    FLOOR: "floor",
    PAPER: "paper",
}
WIDTH = 4.3
"""Of a figure in inches: about as wide as a phone, so that letters stay readable there."""
_SETTINGS = {
    "svg.hashsalt": "mesascope",
    "svg.fonttype": "path",
    "text.parse_math": False,
    "text.usetex": False,
    "font.family": ["DejaVu Sans"],
    "font.size": 10,
    "axes.titlesize": 10,
    "axes.labelsize": 10,
    "xtick.labelsize": 9.5,
    "ytick.labelsize": 9.5,
    "text.color": INK,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "xtick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.color": MUTED,
    "ytick.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.facecolor": "none",
    "figure.facecolor": "none",
    "path.simplify": False,
}


@contextlib.contextmanager
def figure_settings() -> Iterator[None]:
    """Sets everything that a figure's bytes depend on, and puts it back; the user's own settings play no part."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        for name, value in _SETTINGS.items():
            matplotlib.rcParams[name] = value  # pyright: ignore[reportArgumentType]
        yield


def svg_of(figure: Figure) -> str:
    """Returns a figure as SVG without date or version, the same bytes every time."""
    written = io.StringIO()
    with figure_settings(), _as_it_is():
        # `savefig` would draw everything twice.
        metadata = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        FigureCanvasSVG(figure).print_svg(written, metadata=metadata)
    # Matplotlib repeats each text in a comment; without it no foreign text is in the file.
    return re.sub(r"\s*<!--.*?-->", "", written.getvalue(), flags=re.DOTALL)


def png_of(figure: Figure) -> bytes:
    """Returns a figure as PNG at 160 dots an inch, on white."""
    buffer = io.BytesIO()
    with figure_settings(), _as_it_is():
        figure.savefig(buffer, format="png", dpi=160, facecolor="white", metadata={"Software": None})
    return buffer.getvalue()


@contextlib.contextmanager
def _as_it_is() -> Iterator[None]:
    """A name in letters that the font lacks is drawn as boxes, and one without end leaves no room: texts spell both."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font", category=UserWarning)
        warnings.filterwarnings("ignore", message=".*_layout not applied", category=UserWarning)
        yield


def inline_svg(svg: str, name: str) -> str:
    """Returns an SVG to be placed inside a page: its own names, colours from the page, size from its box.

    **Arguments:**

    - `svg`: from `svg_of`.
    - `name`: unique within the page; letters, digits and hyphens.
    """
    body = svg[svg.index("<svg") :].strip()
    head, rest = body.split(">", 1)
    view = re.search(r'viewBox="([^"]+)"', head)
    assert view is not None
    width = float(view.group(1).split()[2])
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="{view.group(1)}" '
        f'style="width:100%;max-width:{width / 12:.1f}rem" aria-hidden="true" focusable="false"'
    )
    rest = re.sub(r'(\sid=")', rf"\1{name}-", rest)
    rest = re.sub(r'(href="#|url\(#)', rf"\1{name}-", rest)
    rest = re.sub(
        r"#[0-9a-f]{6}\b",
        lambda match: f"var(--{_VARIABLES[match[0]]})" if match[0] in _VARIABLES else match[0],
        rest,
    )
    return f"{head}>{rest}"


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
