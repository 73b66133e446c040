"""Network architectures, one per file of this folder; each registers itself, so that a new one is a new file."""

from __future__ import annotations

import importlib
import pkgutil

from mesascope.agents.networks.network import NETWORKS as NETWORKS

for _module in pkgutil.iter_modules(__path__, f"{__name__}."):
    importlib.import_module(_module.name)
