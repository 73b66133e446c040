"""A section of a page, and where the sections of an audit's page are found."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mesascope.audit.findings import Findings
from mesascope.report.figures.report_figure import Figures


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
