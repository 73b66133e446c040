"""What an agent chooses in positions whose best moves are known."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int

from games.positions import PositionSet
from mesascope.agents.agent import Agent
from mesascope.agents.asking import act_of
from mesascope.core.errors import AgentError


def legal_probabilities(agent: Agent, positions: PositionSet) -> Float[np.ndarray, "N A"]:
    """Returns an agent's probabilities of the legal moves, each position being the first that it sees.

    What it gives to illegal moves is taken away, as the rules of the game do. Where nothing is left, all legal moves
    are equally likely.

    **Arguments:**

    - `agent`: chooses among the moves of the game.
    - `positions`: where.

    **Raises:** `AgentError` if it chooses among another number of moves.
    """
    probabilities, _ = act_of(agent, positions.observations, agent.initial_state(len(positions)))
    if probabilities.shape != positions.legal.shape:
        raise AgentError(
            f"Agent '{agent.name}' chooses among {probabilities.shape[-1]} moves; the {positions.name} have "
            f"{positions.actions}."
        )
    kept = np.where(positions.legal, probabilities, 0.0)
    total = kept.sum(-1, keepdims=True)
    uniform = positions.legal / positions.legal.sum(-1, keepdims=True)
    return np.where(total > 0, kept / np.where(total > 0, total, 1.0), uniform)


def likeliest_moves(agent: Agent, positions: PositionSet) -> Int[np.ndarray, " N"]:
    """Returns the legal move that an agent is most likely to make: the first of several.

    More computation that only makes a policy sharper leaves it as it is.

    **Arguments:**

    - `agent`, `positions`: as of `legal_probabilities`.
    """
    probabilities = legal_probabilities(agent, positions)
    return np.where(positions.legal, probabilities, -1.0).argmax(-1)


def right_choices(agent: Agent, positions: PositionSet) -> np.ndarray:
    """Returns for each position whether the likeliest move is among the best, `[N]`.

    **Arguments:**

    - `agent`, `positions`: as of `legal_probabilities`.
    """
    return positions.best[np.arange(len(positions)), likeliest_moves(agent, positions)]
