"""Agents and environments that nobody here made, through the public door.

Part 1, `strangers_agents.py`: files of Stable-Baselines3 and sb3-contrib answer as the libraries do.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

# One thread: networks of this size are slower with more.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from ledger import Claim, run
from strangers_agents import agents


def measure(quick: bool) -> Iterator[Claim]:
    """Yields the claims of all parts."""
    yield from agents(quick)


if __name__ == "__main__":
    run("strangers", measure)
