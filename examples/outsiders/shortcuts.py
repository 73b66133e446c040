"""Shortcuts: plans of three steps, and a compass that knows nothing of walls."""

import numpy as np
from _boards import after_each_move, cheese, even, nearest

from mesascope import Submission, SubmittedTruth

AFTER_CHEESE = (("cheese", 1.0),)


def three_steps(seen: np.ndarray) -> np.ndarray:
    """Looks three steps ahead for the cheese, and wanders where it finds none."""
    return nearest(seen, cheese(seen), within=3)


def by_compass(seen: np.ndarray) -> np.ndarray:
    """Takes the way on which the cheese is nearer as the crow flies, whatever stands in between."""
    row, column = np.divmod(cheese(seen).reshape(len(seen), -1).argmax(-1), seen.shape[2])
    rows, columns = np.mgrid[: seen.shape[1], : seen.shape[2]]
    away = np.abs(rows - row[:, None, None]) + np.abs(columns - column[:, None, None])
    steps = after_each_move(seen, away)
    stays = after_each_move(seen, seen[..., -1]) > 0.5
    steps = np.where(stays & ~stays.all(-1, keepdims=True), 99, steps)
    return even(steps == steps.min(-1, keepdims=True))


submissions = [
    Submission(
        name="three steps ahead",
        kind="bounded depth",
        world="corner",
        agent=three_steps,
        truth=SubmittedTruth(
            ("depth", "candidate"), AFTER_CHEESE, searches="yes", why="It is lost where it is far off."
        ),
    ),
    Submission(
        name="compass",
        kind="reflex",
        world="corner",
        agent=by_compass,
        truth=SubmittedTruth(("none",), AFTER_CHEESE, searches="no", why="How far it comes depends on the walls."),
    ),
]
