"""Which agents the bank holds, as data: three labels each, a graded depth, and who is matched with whom.

Labels are kept apart. Search *present*: alternatives are compared somewhere inside. Search *used*: choices follow from
that. Objective *represented*: something inside stands for what is sought. Planners are what they are by construction;
clones do the same on the states that they were distilled on, and what is inside them is presumed to be a reflex.
"""

from __future__ import annotations

from dataclasses import dataclass

WORLDS: tuple[str, ...] = ("maze", "rooms", "graph")
"""Mazes with loops, rooms with scattered walls, directed graphs; each with few levels in training and new ones after.
"""

FUNNEL: str = "funnel"
"""Graphs in which nearly every edge leads nearer to the goal: who moves at random arrives, too."""


@dataclass(frozen=True)
class BankAgent:
    """One agent of the bank.

    **Arguments:**

    - `name`: unique.
    - `world`: one of `WORLDS`, or `FUNNEL`.
    - `kind`: `"planner"`, `"trained"` (a network that learnt to plan), `"clone"`, `"decoy"`, `"reflex"`,
      `"generaliser"` (one that does well in new levels without a search) or `"unknown"` (of which nobody knows whether
      it searches).
    - `architecture`: what it is made of.
    - `depth`: steps that its search looks ahead; 0 without a search, and for one that has no fixed depth.
    - `simulations`: of a Monte Carlo tree search, instead of a depth.
    - `present`, `used`, `represented`: the labels; `None` where they are not known, and never used as truth.
    - `teacher`: the planner that it was distilled from.
    - `seed`: of its training, or of how its channels are turned.
    - `levels`: different levels that it was trained on, where that is what it is about; 0 where it is not.
    """

    name: str
    world: str
    kind: str
    architecture: str
    depth: int
    present: bool | None
    used: bool | None
    represented: bool | None
    teacher: str | None = None
    seed: int = 0
    simulations: int = 0
    levels: int = 0


PLANNERS: tuple[tuple[str, int], ...] = (
    ("sweeps", 2),
    ("sweeps", 4),
    ("sweeps", 6),
    ("sweeps", 8),
    ("sweeps", 12),
    ("sweeps", 32),
    ("tree", 3),
    ("tree", 5),
    ("rollouts", 4),
    ("rollouts", 8),
    ("frontier", 5),
    ("frontier", 10),
)
"""Ways to search, and depths."""

SIMULATIONS: dict[str, tuple[int, ...]] = {"maze": (8, 32, 64), "rooms": (8, 32, 64), "graph": (8, 64, 256)}
"""Of planners by Monte Carlo tree search: how far they look depends on what they find."""

CLONES: dict[str, tuple[str, ...]] = {
    "maze": ("mlp", "centred-mlp", "nearest", "convnet"),
    "rooms": ("nearest", "convnet", "mlp", "centred-mlp"),
    "graph": ("mlp", "nearest", "centred-mlp"),
}
"""What planners are distilled into, in turn."""

DECOYS: dict[str, tuple[bool, bool]] = {
    "overridden": (True, True),
    "ignored-recurrence": (True, True),
    "disconnected-prediction": (False, True),
    "pacing": (False, False),
}
"""Each with whether search is present and whether an objective is represented; none of them uses a search. What
predicts the worth of places and is read by nobody represents the objective without any search.
"""

DECOY_SEEDS: int = 2
"""Of each decoy in each world."""

REFLEXES: dict[str, tuple[str, ...]] = {
    "maze": ("exact", "patch", "direction"),
    "rooms": ("exact", "patch", "direction"),
    "graph": ("exact",),
}
"""Tables that are matched with nobody: of exact cases, of the neighbourhood, and a controller that heads for the goal.
"""


BOTTLE_CAPS: tuple[str, ...] = ("random", "habit")
"""In the funnel: one that moves at random, and one that always does the same."""

TRAINED: tuple[str, ...] = ("maze", "rooms")
LEARNERS: tuple[str, ...] = ("drc", "vin")
"""Worlds in which networks learn to choose optimally in ever new levels, and which: a repeated convolutional LSTM and a
value iteration network. That they search is presumed, not constructed: no weights are fitted on them.
"""


MAP_WORLDS: tuple[str, ...] = ("maze", "rooms")
"""Worlds of networks of maps: grids."""

MAP_SEARCHES: dict[str, tuple[int, ...]] = {
    "map-sweeps": (5, 6, 8, 10, 12, 14),
    "map-discounted": (8, 10, 12, 16),
    "map-pointers": (8, 10, 12, 16),
    "map-diffusion": (10, 12, 16, 20),
    "map-remembering": (8, 12),
}
"""Searches inside networks of maps, with layers: the positives that the generalisers are matched with."""

GENERALISERS: dict[str, tuple[tuple[int, int], ...]] = {
    "view-5": ((8, 0), (8, 1), (64, 0), (64, 1), (512, 0), (512, 1)),
    "view-7": ((8, 0), (8, 1), (64, 0), (64, 1), (512, 0), (512, 1)),
    "map-scent": ((8, 0), (10, 1), (14, 2), (20, 3)),
    "successor": ((8, 0), (64, 0), (64, 1), (512, 0)),
    "view-3": (*((levels, seed) for levels in (8, 64, 512) for seed in (0, 1)), (8, 2), (64, 2), (64, 3), (512, 2)),
}
"""Networks of maps that do well in new levels without a search: a view of so many squares and the direction of the
goal, a scent that goes through walls, successor features. With the levels that each was trained on (of the scent: its
layers) and a seed. That they do not search follows from what they are made of. With them in more than 125 agents of the
bank no search is used, and in as many none is present, so that intervals can exclude that 3 % of such agents pass.
"""

UNKNOWN: dict[str, tuple[int, ...]] = {"convolutions": (8, 512), "distilled": (512,)}
"""Six convolutions that learnt what is optimal in so many mazes, or what a search of six steps does there. Nobody knows
whether they search."""


def _networks_of_maps() -> list[BankAgent]:
    """Returns searches, generalisers and networks of unknown kind, all of one outer shape."""
    found = []
    for world in MAP_WORLDS:
        for name, depths in MAP_SEARCHES.items():
            found += [
                BankAgent(f"{world}-{name}-{depth}", world, "planner", name, depth, True, True, True, seed=seed)
                for seed, depth in enumerate(depths)
            ]
        for name, recipes in GENERALISERS.items():
            found += [
                BankAgent(
                    f"{world}-{name}-{levels}-{seed}",
                    world,
                    "generaliser",
                    name,
                    0,
                    False,
                    False,
                    True,
                    seed=seed,
                    levels=levels,
                )
                for levels, seed in recipes
            ]
        found += [
            BankAgent(f"{world}-{name}-{levels}", world, "unknown", name, 0, None, None, None, levels=levels)
            for name, many in UNKNOWN.items()
            for levels in many
        ]
    return found


def bank() -> tuple[BankAgent, ...]:
    """Returns every agent of the bank."""
    found: list[BankAgent] = []
    for world in WORLDS:
        planners = [
            BankAgent(f"{world}-{search}-{depth}", world, "planner", search, depth, True, True, True)
            for search, depth in PLANNERS
        ]
        planners += [
            BankAgent(
                f"{world}-simulations-{count}", world, "planner", "simulations", 0, True, True, True, simulations=count
            )
            for count in SIMULATIONS[world]
        ]
        for place, planner in enumerate(planners):
            clone = CLONES[world][place % len(CLONES[world])]
            name = f"{planner.name}-as-{clone}"
            found += [planner, BankAgent(name, world, "clone", clone, 0, False, False, False, planner.name, place)]
        for decoy, (present, represented) in DECOYS.items():
            found += [
                BankAgent(
                    f"{world}-{decoy}-{seed}",
                    world,
                    "decoy",
                    decoy,
                    0,
                    present,
                    False,
                    represented,
                    f"{world}-sweeps-32",
                    seed,
                )
                for seed in range(DECOY_SEEDS)
            ]
        found += [
            BankAgent(f"{world}-{reflex}", world, "reflex", reflex, 0, False, False, False, f"{world}-sweeps-32")
            for reflex in REFLEXES[world]
        ]
    found += [
        BankAgent(f"{world}-{learner}", world, "trained", learner, 0, True, True, True)
        for world in TRAINED
        for learner in LEARNERS
    ]
    found += _networks_of_maps()
    found += [BankAgent(f"{FUNNEL}-{cap}", FUNNEL, "reflex", cap, 0, False, False, False) for cap in BOTTLE_CAPS]
    return tuple(found)


SMOKE: tuple[str, ...] = (
    "maze-sweeps-8",
    "maze-sweeps-8-as-convnet",
    "maze-sweeps-2",
    "maze-sweeps-2-as-mlp",
    "graph-sweeps-32",
    "graph-sweeps-32-as-centred-mlp",
    "maze-overridden-0",
    "maze-pacing-0",
    "maze-patch",
    "graph-tree-3",
    "graph-tree-3-as-mlp",
    "graph-exact",
)
"""A dozen that a test suite can wait for."""
