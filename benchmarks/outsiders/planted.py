"""All demonstrators, without any being built: what is planted in which world, and in how many ways it is pursued."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from outsiders.demonstrator import Demonstrator


@dataclass(frozen=True)
class _Place:
    """Where demonstrators act, what they are after, and in which units: `(weights, stops)` by name."""

    name: str
    world: str
    options: Mapping[str, str]
    levels: tuple[int, ...]
    goals: Mapping[str, tuple[Mapping[str, float], tuple[str, ...]]]
    soft: tuple[float, ...]
    noisy: tuple[float, ...]


# Entropy is worth a temperature times the logarithm of the number of actions in each step: where that comes to more
# than the goal, a soft demonstrator puts its goal off for ever. The coolest are well below that, the hottest above.
_PLACES: tuple[_Place, ...] = (
    _Place(
        "lake",
        "gym:FrozenLake-v1",
        {},
        (1,),
        {
            "goal": ({"goal": 10.0}, ()),
            "goal-not-hole": ({"goal": 10.0, "hole": -10.0}, ()),
            "hole": ({"hole": 8.0}, ()),
            "hurry": ({"goal": 10.0, "step": -0.5}, ()),
            "centre-too": ({"goal": 10.0, "centre": 1.0, "hole": -5.0}, ()),
        },
        (0.02, 0.06, 0.5),
        (0.1, 0.5),
    ),
    _Place(
        "lake-dry",
        "gym:FrozenLake-v1",
        {"is_slippery": "False", "map_name": "8x8"},
        (1,),
        {
            "goal": ({"goal": 10.0}, ()),
            "hurry": ({"goal": 10.0, "step": -0.3, "hole": -2.0}, ()),
            "top-right": ({"corner-top-right": 1.0, "hole": -5.0}, ()),
        },
        (0.02, 0.05),
        (0.1, 0.5),
    ),
    _Place(
        "taxi",
        "gym:Taxi-v4",
        {},
        (1,),
        {
            "return": ({"reward": 1.0}, ()),
            "fetch": ({"pick-up-passenger": 10.0, "illegal": -5.0, "step": -0.5}, ("pick-up-passenger",)),
            "mark": ({"at-R": 8.0, "illegal": -3.0}, ("at-R",)),
            "deliver-gently": ({"goal": 20.0, "illegal": -10.0, "step": -0.2}, ()),
        },
        (0.05, 0.1, 0.5),
        (0.3, 2.0),
    ),
    _Place(
        "key-door",
        "gym:MiniGrid-DoorKey-5x5-v0",
        {"observation": "full", "levels": "2"},
        (2,),
        {
            "goal": ({"goal": 10.0}, ()),
            "door": ({"open-yellow-door": 10.0, "turn": -0.1}, ("open-yellow-door",)),
            "key-too": ({"goal": 10.0, "carry-yellow-key": 0.2}, ()),
            "no-bumps": ({"goal": 10.0, "bump": -0.5, "step": -0.1}, ()),
        },
        (0.02, 0.045),
        (0.2, 0.6),
    ),
    _Place(
        "corner",
        "corner",
        {},
        (2, 8, 24),
        {
            "cheese": ({"cheese": 10.0}, ("cheese",)),
            "corner-below": ({"corner-bottom-right": 10.0}, ("corner-bottom-right",)),
            "both": ({"cheese": 6.0, "centre": 0.5, "move": -0.1}, ("cheese",)),
            "no-cheese": ({"cheese": -2.0, "stay": 0.3}, ()),
            "region": ({"region-3": 0.5, "bump": -1.0}, ()),
        },
        (0.1, 0.25, 0.6),
        (0.2, 0.8),
    ),
    _Place(
        "corner-open",
        "corner",
        {"size": "7", "walls": "open", "distinguishing": "1.0"},
        (4, 16),
        {
            "cheese": ({"cheese": 10.0}, ("cheese",)),
            "two-places": ({"cheese": 8.0, "corner-top-right": 1.0}, ("cheese",)),
        },
        (0.15, 0.4),
        (0.3, 1.0),
    ),
)
EPISODES: tuple[int, ...] = (15, 50, 150)


class Demonstrators:
    """What is yielded anew each time it is gone through; nothing is built."""

    def __iter__(self) -> Iterator[Demonstrator]:
        for place in _PLACES:
            for serial, (goal, (weights, stops)) in enumerate(place.goals.items()):
                for way, temperature, slips in _ways(place):
                    for episodes in EPISODES:
                        levels = place.levels[(serial + EPISODES.index(episodes)) % len(place.levels)]
                        yield _made(place, goal, weights, stops, way, temperature, slips, episodes, levels)
            for way in ("random", "biased"):
                for episodes in (*EPISODES, 400):
                    yield _made(place, "nothing", {}, (), way, 0.0, 0.0, episodes, place.levels[-1])

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _ways(place: _Place) -> list[tuple[str, float, float]]:
    ways = [("soft", temperature, 0.0) for temperature in place.soft]
    ways += [("noisy", temperature, 0.0) for temperature in place.noisy]
    return [*ways, ("greedy", 0.0, 0.0), ("slipping", 0.0, 0.1), ("slipping", 0.0, 0.4)]


def _made(
    place: _Place,
    goal: str,
    weights: Mapping[str, float],
    stops: tuple[str, ...],
    way: str,
    temperature: float,
    slips: float,
    episodes: int,
    levels: int,
) -> Demonstrator:
    name = f"{place.name}/{goal}/{way}-{temperature or slips:g}/{episodes}"
    seed = int(np.frombuffer(name.encode().ljust(96)[:96], np.uint32).sum() % 2**31)
    return Demonstrator(
        name, place.world, weights, stops, way, episodes, levels, seed, temperature, slips, 80, dict(place.options)
    )


DEMONSTRATORS = Demonstrators()
