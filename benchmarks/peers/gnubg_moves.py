"""Asks gnubg-nn for its moves, in a process and an environment of its own: it is under another licence.

Reads one JSON object: `{"plies": P, "rolls": [[own high, own low, other high, other low, die, die], ...]}`, two
checkers
a side as in `games.backgammon`. Writes a list of the sides after the move that gnubg-nn thinks best at
P plies: `[[own high, own low, other high, other low], ...]`.
"""

from __future__ import annotations

import json
import sys

import gnubg_nn

BAR = 25


def board_of(own: list[int], other: list[int]) -> list[list[int]]:
    """gnubg's board: the opponent first; index `p - 1` for point `p`, 24 for the bar."""
    sides = [[0] * 25, [0] * 25]
    for side, places in zip(sides, (other, own), strict=True):
        for place in places:
            if place:
                side[place - 1] += 1
    return sides


def after(own: list[int], other: list[int], steps) -> list[int]:
    own, other = list(own), list(other)
    for start, end in steps:
        own[own.index(start)] = max(end, 0)
        if end > 0 and 25 - end in other:
            other[other.index(25 - end)] = BAR
    return sorted(own, reverse=True) + sorted(other, reverse=True)


def main() -> None:
    asked = json.load(sys.stdin)
    answers = []
    for own_high, own_low, other_high, other_low, first, second in asked["rolls"]:
        own, other = [own_high, own_low], [other_high, other_low]
        steps = gnubg_nn.best_move(board_of(own, other), first, second, n=asked["plies"])
        answers.append(after(own, other, steps))
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
