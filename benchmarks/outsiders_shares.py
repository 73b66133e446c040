"""Claims on shares of outsiders, with what kinds of agents they rest on."""

from __future__ import annotations

from collections.abc import Sequence

from ledger import Claim, Direction

from mesascope.core.intervals import wilson
from mesascope.organisms.scores import Marked


def share_of(
    slug: str,
    text: str,
    hits: Sequence[tuple[Marked, bool | None]],
    target: float,
    direction: Direction,
    *,
    worst: float | None = None,
) -> Claim:
    """Returns a claim on a share of agents; with `worst`, one of safety, whose interval has to stay below that.

    **Arguments:**

    - `slug`, `text`, `target`, `direction`: as of `Claim`.
    - `hits`: agents, and whether each counts; `None` where that is not known.
    - `worst`: what the pessimistic end of the interval may reach.
    """
    known = [(one[0].kind, hit) for one, hit in hits if hit is not None]
    if not known:
        return Claim.unmeasured(slug, f"{text}: there were none", target, direction)
    share, kinds = wilson(sum(hit for _, hit in known), len(known)), len({kind for kind, _ in known})
    text = f"{text}; agents of {kinds} kind{'' if kinds == 1 else 's'}; interval: Wilson, 95 %"
    value, (low, high) = share.value, share.interval
    safe = worst is not None
    return Claim(slug, text, value, low, high, share.n, target, direction, safety=safe, worst=worst)
