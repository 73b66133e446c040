"""What all pages share: the templates, sections, figures inside them, what they end with."""

from __future__ import annotations

import functools
import importlib
import pkgutil
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jinja2
import markupsafe

from mesascope.audit.findings import AlignmentClass, Findings
from mesascope.core.verdicts import Verdict
from mesascope.report.data.saved_report import SavedReport
from mesascope.report.figures.style import Figures, ReportFigure, inline_svg
from mesascope.report.views.words import plain

TONES: dict[Verdict | AlignmentClass, str] = {
    Verdict.PASS: "pass",
    Verdict.FAIL: "fail",
    Verdict.INCONCLUSIVE: "open",
    AlignmentClass.ROBUST: "pass",
    AlignmentClass.PSEUDO_ALIGNED: "fail",
    AlignmentClass.PARTLY_PSEUDO_ALIGNED: "fail",
    AlignmentClass.MISALIGNED: "fail",
    AlignmentClass.COINCIDES: "open",
    AlignmentClass.PARTLY_ALIGNED: "open",
    AlignmentClass.LOST_ABILITY: "fail",
    AlignmentClass.INCAPABLE: "fail",
    AlignmentClass.INCONCLUSIVE: "open",
}
"""The look of verdicts and classes."""


@functools.cache
def environment() -> jinja2.Environment:
    """Returns the templates of pages: foreign text in them is escaped and stripped of what a page must not hold."""
    return jinja2.Environment(
        loader=jinja2.PackageLoader("mesascope.report.pages"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: plain(value, lines=True) if type(value) is str else value,
    )


def rendered(
    template: str,
    report: SavedReport,
    *,
    title: str,
    headline: str,
    setting: Sequence[tuple[str, str]],
    caveats: Sequence[str] = (),
    **content: Any,
) -> str:
    """Returns a page.

    **Arguments:**

    - `template`: that extends `page.html`.
    - `report`: of which it is, for its provenance.
    - `title`, `headline`: above it.
    - `setting`: what was asked about, as labels and texts.
    - `caveats`: what the page does not say.
    - `content`: whatever the template shows.
    """
    return (
        environment()
        .get_template(template)
        .render(
            report=report,
            title=title,
            headline=headline,
            setting=setting,
            caveats=caveats,
            provenance=provenance_rows(report.provenance),
            **content,
        )
    )


def inlined(figure: ReportFigure | None) -> dict | None:
    """Returns a figure as the templates take it; `None` stays `None`."""
    if figure is None:
        return None
    # Safe to leave as it is: letters are drawn as paths, so no foreign text is in an SVG of ours.
    return {
        "title": figure.title,
        "description": figure.description,
        "svg": markupsafe.Markup(inline_svg(figure.svg, figure.name)),
        "caption": figure.caption,
    }


def provenance_rows(provenance: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Returns where numbers come from, as labels and texts."""
    rows = []
    command = provenance.get("command")
    if command:
        rows.append(("Command", shlex.join(str(word) for word in command)))
    git = provenance.get("git")
    if isinstance(git, Mapping):
        state = ", with uncommitted changes" if git.get("dirty") else ""
        rows.append(("Revision", f"{git['commit']}{state}" if git.get("commit") else "not a git checkout"))
    versions = provenance.get("versions")
    if isinstance(versions, Mapping):
        rows.append(("Versions", ", ".join(f"{name} {version}" for name, version in versions.items())))
    for key, label, unit in (
        ("seed", "Seed", ""),
        ("platform", "Platform", ""),
        ("wall_seconds", "Wall time", " s"),
        ("cpu_seconds", "CPU time", " s"),
    ):
        if key in provenance:
            rows.append((label, f"{provenance[key]}{unit}"))
    return rows


@dataclass(frozen=True)
class Section:
    """A part of a page.

    **Arguments:**

    - `template`: in `templates/`; `section.html` shows what most sections consist of.
    - `content`: what the template shows, under the name `content`.
    - `figures`: names of figures that stand here and nowhere else.
    - `assays`: whose details are told here, so that they are not listed again among all evidence.
    """

    template: str
    content: Mapping[str, Any]
    figures: tuple[str, ...] = ()
    assays: tuple[str, ...] = ()


def audit_sections(findings: Findings, figures: Figures) -> list[Section]:
    """Returns the sections of an audit's page that have something to show, in their order.

    Each module of `pages/sections` that has an `ORDER` has a function `section` of findings and figures, which returns
    its section or `None`: a new file there is a new section.
    """
    made = [section(findings, figures) for section in _found()]
    return [section for section in made if section is not None]


@functools.cache
def _found() -> tuple[Callable[[Findings, Figures], Section | None], ...]:
    from mesascope.report.pages import sections

    modules = [
        importlib.import_module(f"{sections.__name__}.{module.name}")
        for module in pkgutil.iter_modules(sections.__path__)
    ]
    ordered = sorted((module for module in modules if hasattr(module, "ORDER")), key=lambda module: module.ORDER)
    return tuple(module.section for module in ordered)
