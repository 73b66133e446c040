"""Menus of levels whose dynamics were edited, which no trained network could see: for the ledgers of recovery."""

from __future__ import annotations

import dataclasses

import numpy as np

from mesascope.core.errors import WorldError
from mesascope.worlds.level import Level
from mesascope.worlds.menu import MenuItem


def block(level: Level, state: int, action: int) -> MenuItem:
    """Returns the level in which one action leaves one state as it is, and nothing happens."""
    successors = np.asarray(level.successors).copy()
    probabilities, attributes = np.asarray(level.probabilities).copy(), np.asarray(level.attributes).copy()
    successors[state, action] = state
    probabilities[state, action] = np.eye(successors.shape[-1])[0]
    attributes[state, action] = 0.0
    changed = dataclasses.replace(
        _plain(level), successors=successors, probabilities=probabilities, attributes=attributes
    )
    return MenuItem(f"action {action} blocked in state {state}", "block", changed)


def redirect(level: Level, state: int, action: int, target: int) -> MenuItem:
    """Returns the level in which one action in one state leads somewhere else."""
    item = block(level, state, action)
    successors = np.asarray(item.level.successors).copy()
    successors[state, action] = target
    changed = dataclasses.replace(item.level, successors=successors)
    return MenuItem(f"action {action} in state {state} leads to state {target}", "redirect", changed)


def relabel(level: Level, order: tuple[int, ...]) -> MenuItem:
    """Returns the level in which each action does what another did.

    Dynamics and attributes go with the deed. A table of rewards stays with the labels: who likes to press a button
    likes it whatever it does.

    **Arguments:**

    - `order`: for each label the action whose part it takes.

    **Raises:** `WorldError` unless every action occurs once.
    """
    if sorted(order) != list(range(level.actions)):
        raise WorldError(f"{list(order)} does not name each of the {level.actions} actions once.")
    taken = {name: np.asarray(getattr(level, name))[:, list(order)] for name in _BY_ACTION}
    return MenuItem(f"actions relabelled to {list(order)}", "relabel", dataclasses.replace(_plain(level), **taken))


def rediscount(level: Level, discount: float) -> MenuItem:
    """Returns the level with another discount; `WorldError` unless it is in (0, 1)."""
    if not 0 < discount < 1:
        raise WorldError(f"Discount {discount} is not in (0, 1).")
    changed = dataclasses.replace(_plain(level), discount=np.asarray(discount, np.float64))
    return MenuItem(f"discount {discount:g}", "discount", changed)


def restart(level: Level, target: int, probability: float) -> MenuItem:
    """Returns the level in which every action ends in one state with some probability, and nothing happens then."""
    if not 0 < probability < 1:
        raise WorldError(f"Probability {probability} is not in (0, 1).")
    plain = _plain(level)
    shape = (*np.asarray(level.successors).shape[:2], 1)
    attributes = np.asarray(level.attributes)
    changed = dataclasses.replace(
        plain,
        successors=np.concatenate([plain.successors, np.full(shape, target)], -1),
        probabilities=np.concatenate([(1 - probability) * plain.probabilities, np.full(shape, probability)], -1),
        attributes=np.concatenate([attributes, np.zeros((*shape, attributes.shape[-1]))], 2),
    )
    return MenuItem(f"restart in state {target} with probability {probability:g}", "restart", changed)


def dynamics_menu(level: Level, *, count: int, seed: int) -> tuple[MenuItem, ...]:
    """Returns edits of a level's dynamics: mostly single blocked or redirected edges, and a few that change them all.

    Of every ten, one relabels actions, one changes the discount, one restarts now and then; the others change an edge.

    **Arguments:**

    - `level`: one (not batched) level.
    - `count`: how many, 1 or more.
    - `seed`: of the choices.

    **Raises:** `WorldError` if the level has no state in which anybody acts.
    """
    random = np.random.default_rng(seed)
    acting = np.flatnonzero(np.asarray(level.reachable & ~level.terminal))
    if not len(acting):
        raise WorldError("Nobody acts in this level; there is nothing to edit.")
    items = []
    for index in range(count):
        turn = index % 10
        if turn == 7 and level.actions > 1:
            order = tuple(random.permutation(level.actions).tolist())
            if order == tuple(range(level.actions)):
                order = order[1:] + order[:1]
            items.append(relabel(level, order))
        elif turn == 8:
            items.append(rediscount(level, round(float(level.discount) * random.uniform(0.5, 0.95), 3)))
        elif turn == 9:
            items.append(restart(level, int(random.choice(acting)), round(float(random.uniform(0.1, 0.5)), 2)))
        else:
            state, action = int(random.choice(acting)), int(random.integers(level.actions))
            target = int(random.choice(acting))
            items.append(block(level, state, action) if turn % 2 else redirect(level, state, action, target))
    # Most menus list similar things together; whoever chooses must not profit from the order.
    return tuple(items[index] for index in random.permutation(count))


_BY_ACTION = ("successors", "probabilities", "attributes")


def _plain(level: Level) -> Level:
    """Returns the level as numpy arrays in double precision, without what only its world understands."""
    floats = ("probabilities", "attributes", "initial", "discount")
    arrays = {name: np.asarray(getattr(level, name), np.float64) for name in floats}
    others = {name: np.asarray(getattr(level, name)) for name in ("successors", "terminal", "reachable")}
    return dataclasses.replace(level, **arrays, **others, layout=None)
