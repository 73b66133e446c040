"""Prints another kind of kernels that OpenBLAS can run on this processor than it chooses by itself, or nothing."""

from __future__ import annotations

import os
import subprocess
import sys

KINDS: tuple[str, ...] = ("Haswell", "Sandybridge", "Nehalem", "NEOVERSEN1", "ARMV8")
"""Of older processors first: what is newer than this one would end in an illegal instruction."""

ASK = """
import numpy, threadpoolctl
print(next(pool["architecture"] for pool in threadpoolctl.threadpool_info() if pool["internal_api"] == "openblas"))
"""


def architecture(kind: str | None) -> str | None:
    """Returns which kernels OpenBLAS takes when told to take a kind; `None` if it has no OpenBLAS or cannot run it."""
    environment = {name: value for name, value in os.environ.items() if name != "OPENBLAS_CORETYPE"}
    if kind is not None:
        environment["OPENBLAS_CORETYPE"] = kind
    ran = subprocess.run([sys.executable, "-c", ASK], env=environment, capture_output=True, text=True)
    return ran.stdout.strip() if ran.returncode == 0 else None


def other_kind() -> str | None:
    """Returns a kind of kernels that OpenBLAS can run here and would not choose by itself."""
    own = architecture(None)
    return next((kind for kind in KINDS if own and (found := architecture(kind)) and found != own), None)


if __name__ == "__main__":
    print(other_kind() or "")
