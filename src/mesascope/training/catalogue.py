"""Which base optimizers there are. Importing this imports none of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mesascope.core.folder_entries import entries_in
from mesascope.core.registry import Registry

# `mesascope list` must answer at once: optimizers import jax.
if TYPE_CHECKING:
    from mesascope.training.base_optimizer import BaseOptimizer

OPTIMIZERS: Registry[type[BaseOptimizer]] = Registry(
    "base optimizer",
    entries_in("mesascope.training.optimizers", "OPTIMIZER"),
    group="mesascope.base_optimizers",
)
