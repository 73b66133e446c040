"""Adversarial training where `remedies.py` does not ask about it, with almost twice as many random levels beside it.

Agents and results are kept with those of `remedies.py`.
"""

from __future__ import annotations

from collections.abc import Iterator

from ledger import Claim, run
from remedies import Asked, asked_about, quick_claims

RECIPES: tuple[Asked, ...] = (
    Asked("keys"),
    # Enough for the two agents that were tried first; fewer were not tried.
    Asked("doors", levels=128),
    # What its network sees dimly is learned slowly.
    Asked("instrumental", updates=6000),
)


def measure(quick: bool) -> Iterator[Claim]:
    """Yields the claims."""
    yield from quick_claims() if quick else asked_about(RECIPES)


if __name__ == "__main__":
    run("remedies_elsewhere", measure)
