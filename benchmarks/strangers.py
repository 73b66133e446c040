"""Agents and environments that nobody here made, through the public door.

Files of Stable-Baselines3 and sb3-contrib answer as the libraries do (`strangers_agents.py`); environments of Gymnasium
and of other packages are audited with a shift, and their exact returns are sampled ones (`strangers_environments.py`).
"""

from __future__ import annotations

import os
from collections.abc import Iterator

# One thread: networks of this size are slower with more.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from ledger import Claim, run
from strangers_agents import agents
from strangers_environments import environments


def measure(quick: bool) -> Iterator[Claim]:
    """Yields the claims of all parts."""
    yield from agents(quick)
    yield from environments(quick)


if __name__ == "__main__":
    run("strangers", measure)
