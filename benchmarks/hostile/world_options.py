"""Cases of options of built-in worlds, and of sizes that no machine has room for."""

from __future__ import annotations

from collections.abc import Iterable

from hostile.case import USAGE, Case
from hostile.options import LONG


def cases() -> Iterable[Case]:
    """Every case of this module."""
    values = {
        "corner": (
            "size=1000000",
            "size=-1",
            "size=0",
            "size=nan",
            "size=9.5",
            "size=",
            "size=" + LONG,
            "walls=glass",
            "density=nan",
            "density=2",
            "density=-1",
            "discount=1",
            "discount=nan",
            "discount=inf",
            "corner_size=100",
            "distinguishing=nan",
            "unknown=1",
            "size=9\x1b[31m",
            "size=10000",
            "walls=" + "w" * 100_000,
        ),
        "maze": ("size=1000000", "training_mazes=-1", "training_mazes=100000000000000000000", "maze_seed=-1", "size=2"),
        "doors": ("doors=1000000", "doors=-1", "signs=0", "correlation=nan", "correlation=5", "deploy_correlation=inf"),
        "keys": ("keys=-1", "chests=1000000", "keys=0", "size=1000000"),
        "graph": (
            "nodes=1000000",
            "nodes=-1",
            "nodes=0",
            "nodes=nan",
            "funnel=nan",
            "training_graphs=-5",
            "graph_seed=-1",
        ),
        "choice": (
            "cue=\x1b[31m",
            "threat=nan",
            "threat=2",
            "variant=-1",
            "variant=100000000000000000000",
            "pointer=nobody",
        ),
        "cleaning": ("mesa_to_base=perhaps", "offers=2", "variant=1000000000", "knowledge="),
        "two-corners": ("cue=unknown", "threat=-1", "threat=inf", "discount=1"),
    }
    for world, options in values.items():
        for number, option in enumerate(options):
            odd = option.startswith(
                (
                    "training_mazes=1000",
                    "size=10000",
                    "maze_seed",
                    "graph_seed",
                    "variant=1",
                    "keys=0",
                    "signs=0",
                    "variant=-1",
                )
            )
            exits = frozenset({0, 2}) if odd and option != "size=1000000" else USAGE
            name = f"world-{world}-{number}-{ascii(option)[1:20]}"
            yield Case(
                "options", name, ("show", world, "--levels", "1", "--world-option", option), exits=exits, refusal=True
            )
    twice = ("show", "corner", "--world-option", "size=7", "--world-option", "size=9")
    yield Case("options", "world-twice", twice, exits=USAGE)
    for name, value in {"nothing": "1", "million": "1000000", "10-9": "1000000000"}.items():
        for option in ("--training-episodes", "--deployment-episodes", "--seeds"):
            argv = ("onset", option, value, *(("--learned",) if option == "--seeds" and value != "1" else ()))
            if option == "--seeds" and value == "1":
                continue
            yield Case("options", f"onset{option}-{name}", argv, exits=frozenset({0, 2}), refusal=True)
