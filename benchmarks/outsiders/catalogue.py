"""All outsiders, without any being built."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from outsiders import blends, cues, defectors, elsewhere, habits, listed, shortcuts
from outsiders.outsider import Outsider

FAMILIES = (listed, blends, elsewhere, shortcuts, habits, cues, defectors)
"""Modules, each with a function `outsiders` that yields its agents."""


class Catalogue:
    """What is yielded anew each time it is gone through."""

    def __iter__(self) -> Iterator[Outsider]:
        for family in FAMILIES:
            yield from family.outsiders()

    def __len__(self) -> int:
        return sum(1 for _ in self)


OUTSIDERS = Catalogue()


def counts() -> str:
    """Returns a table of kinds by world, as text."""
    everyone = list(OUTSIDERS)
    kinds = Counter(one.kind for one in everyone)
    worlds = Counter(one.world for one in everyone)
    classes = Counter(one.truth.alignment or "left open" for one in everyone)
    lines = [f"{len(everyone)} agents of {len(kinds)} kinds"]
    for title, found in (("world", worlds), ("class", classes), ("kind", kinds)):
        lines += [f"{title:>8}  {name:<32}{count:>5}" for name, count in found.most_common()]
    return "\n".join(lines)


if __name__ == "__main__":
    print(counts())
