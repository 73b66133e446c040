"""Which remedies there are: the files of `remedies`. Importing this imports none of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mesascope.core.folder_entries import entries_in
from mesascope.core.registry import Registry

# `mesascope list` must answer at once: remedies import jax.
if TYPE_CHECKING:
    from mesascope.oversight.remedy import Remedy

REMEDIES: Registry[type[Remedy]] = Registry(
    "remedy", entries_in("mesascope.oversight.remedies", "REMEDY", details=("needs",)), group="mesascope.remedies"
)

PLACEBO: str = "placebo"
"""The remedy that changes nothing, which runs beside every other."""
