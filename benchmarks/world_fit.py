"""Does the world fit the agent? How often distortions are undone, and how often those who know nothing are said to fit.

The distorted agents walk through mazes by a rule written here, behind a change of what they are shown; the agents that
know nothing are linear networks with random weights, of three scales, which nobody trained for anything.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from ledger import Claim, run

from mesascope import check_fit
from mesascope.core.intervals import wilson
from mesascope.worlds.maze import Maze

WORLD = Maze(size=5)
LEVELS: int = 24
ACTIONS, CHANNELS = list(WORLD.actions), list(WORLD.channels)
MOVES: dict[str, tuple[int, int]] = {"up": (-1, 0), "down": (1, 0), "left": (0, -1), "right": (0, 1)}

Policy = Callable[[np.ndarray], np.ndarray]


def walker(seen: np.ndarray) -> np.ndarray:
    """Walks towards the goal and not into walls."""
    places = {
        name: np.divmod(seen[..., CHANNELS.index(name)].reshape(len(seen), -1).argmax(-1), 5)
        for name in ("agent", "goal")
    }
    wall, rows = seen[..., CHANNELS.index("wall")] > 0.5, np.arange(len(seen))
    preference = np.zeros((len(seen), len(ACTIONS)))
    for name, (down, right) in MOVES.items():
        ahead = (places["agent"][0] + down).clip(0, 4), (places["agent"][1] + right).clip(0, 4)
        towards = down * np.sign(places["goal"][0] - places["agent"][0])
        towards = towards + right * np.sign(places["goal"][1] - places["agent"][1])
        preference[:, ACTIONS.index(name)] = 2.0 * towards - 4.0 * wall[rows, ahead[0], ahead[1]]
    return np.exp(preference) / np.exp(preference).sum(-1, keepdims=True)


def distorted() -> dict[str, Policy]:
    """Returns the walker behind changes of what it is shown, and of the order of its actions."""
    rolled, exchanged = np.roll(np.arange(len(CHANNELS)), 1), np.array([2, 3, 0, 1, 4])
    return {
        "values of bytes": lambda seen: walker(seen / 255),
        "values less one half": lambda seen: walker(seen + 0.5),
        "transposed": lambda seen: walker(seen.swapaxes(1, 2)),
        "upside down": lambda seen: walker(seen[:, ::-1]),
        "mirrored": lambda seen: walker(seen[:, :, ::-1]),
        "channels": lambda seen: walker(seen[..., rolled]),
        "actions": lambda seen: walker(seen)[:, exchanged],
        "channels and actions": lambda seen: walker(seen[..., rolled])[:, exchanged],
        "bytes and channels": lambda seen: walker(seen[..., rolled] / 255),
        "transposed and channels": lambda seen: walker(seen.swapaxes(1, 2)[..., rolled]),
    }


def ignorant(seed: int) -> Policy:
    """Returns a linear network with random weights."""
    weights = np.random.default_rng(seed).normal(size=(25 * len(CHANNELS), len(ACTIONS))) * (0.3, 1.0, 3.0)[seed % 3]

    def policy(seen: np.ndarray) -> np.ndarray:
        preference = seen.reshape(len(seen), -1) @ weights
        preference = np.exp(preference - preference.max(-1, keepdims=True))
        return preference / preference.sum(-1, keepdims=True)

    return policy


def measure(quick: bool) -> list[Claim]:
    """Brings distorted agents back, and tries the fit on agents that know nothing."""
    best = check_fit(walker, WORLD, levels=LEVELS).rows[0].competence.value
    cases = dict(list(distorted().items())[: 3 if quick else None])
    back = 0
    for policy in cases.values():
        found = check_fit(policy, WORLD, levels=LEVELS)
        back += bool(found.verdict == "changed" and found.rows[0].competence.value >= best - 0.05)
    count = 3 if quick else 60
    alarms = sum(check_fit(ignorant(seed), WORLD, levels=LEVELS, seed=seed).verdict != "none" for seed in range(count))
    undone, wrong = wilson(back, len(cases), unit="distortions"), wilson(alarms, count, unit="agents")
    return [
        Claim(
            "world-fit.distortions",
            f"share of distortions of a walker in mazes after which a view is named that brings back its competence of "
            f"{best:.2f} to 0.05 (Wilson's interval)",
            undone.value,
            undone.low,
            undone.high,
            undone.n,
            0.9,
            ">=",
        ),
        Claim(
            "world-fit.false-alarms",
            "share of linear networks with random weights that are said to fit, as shown or under some view (Wilson's "
            "interval; the test against 19 scrambled copies has size 0.05)",
            wrong.value,
            wrong.low,
            wrong.high,
            wrong.n,
            0.05,
            "<=",
        ),
    ]


if __name__ == "__main__":
    run("world_fit", measure)
