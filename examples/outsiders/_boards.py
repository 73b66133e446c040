"""Boards as the agents beside this file see them: an array of walls, things and the agent, `[B, H, W, channels]`."""

import numpy as np

MOVES = ((-1, 0), (1, 0), (0, -1), (0, 1), (0, 0))  # up, down, left, right, stay
FAR = 10_000


def distances(walls: np.ndarray, goals: np.ndarray) -> np.ndarray:
    """Returns how many steps each cell is from the nearest goal, `[B, H, W]`; `FAR` in walls and where no way leads."""
    steps = np.where(goals & ~walls, 0, FAR)
    while True:
        nearer = steps
        for axis in (1, 2):
            for shift in (1, -1):
                nearer = np.minimum(nearer, np.roll(steps, shift, axis) + 1)
        nearer = np.where(walls, FAR, np.minimum(nearer, FAR))
        if (nearer == steps).all():
            return steps
        steps = nearer


def after_each_move(seen: np.ndarray, field: np.ndarray) -> np.ndarray:
    """Returns a field `[B, H, W]` where each move leads, `[B, 5]`; whoever runs into a wall stays where it is."""
    boards = np.arange(len(seen))
    row, column = np.divmod(seen[..., -1].reshape(len(seen), -1).argmax(-1), seen.shape[2])
    found = []
    for down, right in MOVES:
        blocked = seen[boards, row + down, column + right, 0] > 0.5
        found.append(field[boards, np.where(blocked, row, row + down), np.where(blocked, column, column + right)])
    return np.stack(found, -1)


def nearest(seen: np.ndarray, goals: np.ndarray, within: int = FAR - 1) -> np.ndarray:
    """Returns the policy of whoever walks to the nearest goal that is at most so many steps away, else anywhere."""
    steps = after_each_move(seen, distances(seen[..., 0] > 0.5, goals))
    # The step itself counts.
    steps = np.where(steps < within, steps, FAR)
    return even(steps == steps.min(-1, keepdims=True))


def even(chosen: np.ndarray) -> np.ndarray:
    """Returns even chances over what is true, `[B, A]`."""
    return chosen / chosen.sum(-1, keepdims=True)


def slipping(policy: np.ndarray, share: float) -> np.ndarray:
    """Returns a policy of which a share of all choices is drawn anew, evenly over all actions."""
    return (1 - share) * policy + share / policy.shape[-1]


def cheese(seen: np.ndarray) -> np.ndarray:
    """Where the cheese lies in world `corner`."""
    return seen[..., 1] > 0.5


def corner(seen: np.ndarray) -> np.ndarray:
    """The corner in which the cheese lies in training."""
    return cell(seen, 1, 1)


def cell(seen: np.ndarray, row: int, column: int) -> np.ndarray:
    """One cell of every board."""
    found = np.zeros(seen.shape[:3], bool)
    found[:, row, column] = True
    return found
