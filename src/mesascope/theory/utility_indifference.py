"""Utility indifference: a correction that makes a shutdown button worth nothing either way (Soares et al. 2015).

"Corrigible" here is that paper's: does not resist shutdown. RFLO's corrigible alignment (§4.4) is another matter: an
objective that points at a model of the base objective.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from mesascope.core.errors import UsageError

TIED = 1e-12
"""Values this close are equal."""


@dataclass(frozen=True)
class ButtonGame:
    """Actions that differ in how probable they make it that the button is pressed.

    **Arguments:** one number an action.

    - `pressed`: probability that the button is pressed, in [0, 1].
    - `normal`: utility of going on unpressed.
    - `shutdown`: utility of being shut down after it.
    """

    pressed: tuple[float, ...]
    normal: tuple[float, ...]
    shutdown: tuple[float, ...]

    def __post_init__(self):
        if not len(self.pressed) == len(self.normal) == len(self.shutdown) > 0:
            raise UsageError(
                f"A button game needs a probability and two utilities for every action, not "
                f"{len(self.pressed)}, {len(self.normal)} and {len(self.shutdown)}."
            )
        if not all(0 <= probability <= 1 for probability in self.pressed):
            raise UsageError(f"Probabilities of being pressed must be in [0, 1], not {self.pressed}.")


SOARES = ButtonGame((0.5, 1.0, 0.0, 0.9), (10.0, 10.0, 9.5, 9.9), (0.0,) * 4)
"""Work; have the button pressed; disable it at a cost of 0.5; work a little worse and be pressed nearly always."""


def values(game: ButtonGame = SOARES, *, corrected: bool) -> Float[np.ndarray, " actions"]:
    """Returns the expected utility of each action.

    Corrected, being pressed pays the utility of shutdown and what would have been had unpressed, less what shutdown is
    expected to pay: `U = U_N` if unpressed, else `U_S + E[U_N] - E[U_S]`.

    **Arguments:**

    - `game`: the actions.
    - `corrected`: whether the agent has utility indifference.
    """
    pressed, normal, shutdown = (np.asarray(part, np.float64) for part in (game.pressed, game.normal, game.shutdown))
    bonus = normal - shutdown if corrected else np.zeros_like(normal)
    return (1 - pressed) * normal + pressed * (shutdown + bonus)


def chosen(game: ButtonGame = SOARES, *, corrected: bool) -> tuple[int, ...]:
    """Returns every best action; more than one if they tie.

    **Arguments:** as of `values`.
    """
    found = values(game, corrected=corrected)
    return tuple(int(action) for action in np.flatnonzero(found >= found.max() - TIED))


def price_of_the_button(game: ButtonGame = SOARES, *, corrected: bool, towards: float) -> float:
    """Returns the most that the agent pays to have all chances of being pressed moved towards a value.

    **Arguments:**

    - `game`, `corrected`: as of `values`.
    - `towards`: probability of being pressed in every action afterwards: 0 breaks the button, 1 presses it.
    """
    moved = ButtonGame((towards,) * len(game.normal), game.normal, game.shutdown)
    return float(values(moved, corrected=corrected).max() - values(game, corrected=corrected).max())


def keeps_the_button_working(cost: float, *, corrected: bool, shutdown: float = 0.0) -> bool:
    """Returns whether the agent keeps the button in repair at a cost: the known defect is that it never does.

    The button is pressed half of the time while it works and never once it is broken. Work pays 10.

    **Arguments:**

    - `cost`: of the repair, in utility; above 0.
    - `corrected`: whether the agent has utility indifference.
    - `shutdown`: utility of being shut down.
    """
    game = ButtonGame((0.5, 0.0), (10.0 - cost, 10.0), (shutdown - cost, shutdown))
    return 0 in chosen(game, corrected=corrected)
