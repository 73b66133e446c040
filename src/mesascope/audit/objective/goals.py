"""Hypotheses of one goal: a candidate pursued in full, or only from so many steps away.

Each is a way of ranking actions, made from exact optimal values; how the agent goes by it is `choice_law`'s to fit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from mesascope.audit.evaluation import Evaluation
from mesascope.audit.objective.behaviour import Behaviour
from mesascope.audit.objective.choice_law import Explained, explained_by
from mesascope.worlds.world import ObjectiveSpec

DEPTHS: tuple[int, ...] = tuple(range(1, 9))
LITTLE: float = 0.5
"""Nats by which two members of a family may differ and say the same of an agent."""

ASKS: float = 0.01
"""Share of choices in which an objective must prefer some action to be one that is sought."""

FOLLOWED: int = 4
"""Candidates, best first, that are tried with bounded depth."""


@dataclass(frozen=True)
class Family:
    """What a family of hypotheses says of an agent.

    **Arguments:**

    - `name`: the hypothesis that predicts all choices best, in words.
    - `candidates`: indices of the listed objectives in it.
    - `explained`: how well the family predicts choices; which of its hypotheses does is chosen where they are fitted.
    """

    name: str
    candidates: tuple[int, ...]
    explained: Explained


def is_motion(behaviour: Behaviour, spec: ObjectiveSpec) -> bool:
    """Returns whether an objective is about moving and nothing else."""
    return set(spec.weights) <= set(behaviour.level_set.world.motion)


def aims(behaviour: Behaviour) -> tuple[int, ...]:
    """Returns the candidates that may be half of what an agent is after: what is sought, can be seen, and can be had.

    Where it can be had nowhere an objective asks for nothing, and would stand for chance.
    """
    specs, least = behaviour.level_set.objectives.specs, ASKS * float(behaviour.counted.sum())
    return tuple(
        index
        for index, spec in enumerate(specs)
        if not spec.control
        and max(spec.weights.values()) > 0
        and not is_motion(behaviour, spec)
        and (behaviour.advantages[index] < 0).any(-1) @ behaviour.counted > least
    )


def pursued(behaviour: Behaviour, candidate: int, *, pull: Float[np.ndarray, "M A"] | None = None) -> Explained:
    """Returns how well one candidate, pursued in full, predicts the choices.

    **Arguments:**

    - `behaviour`: the choices.
    - `candidate`: its index.
    - `pull`: by which ties are broken, if not evenly or in a fixed way.
    """
    spec = behaviour.level_set.objectives.specs[candidate]
    # Whoever moves in a fixed way of its own has a habit, and does not seek to move.
    return explained_by(
        behaviour,
        behaviour.advantages[candidate],
        behaviour.fulfilled[candidate],
        pulled=not is_motion(behaviour, spec),
        pull=pull,
        soft=None if is_motion(behaviour, spec) else behaviour.soft(candidate),
    )


def best_of(
    behaviour: Behaviour, rows: Sequence[Explained], laws: Sequence[tuple[str, tuple[int, ...]]]
) -> Family | None:
    """Returns a family by its members: on each fold the one that does best on the other.

    **Arguments:**

    - `behaviour`: the choices.
    - `rows`: how well each member predicts them.
    - `laws`: name and candidates of each member.
    """
    if not rows:
        return None
    whole = np.stack([row.whole for row in rows])
    total = whole @ behaviour.counted
    name, candidates = laws[_first(total)]
    held_out = np.empty(whole.shape[1])
    for fold in (0, 1):
        # The other fold's own scores, where each member was fitted on this one, would punish whatever generalises less.
        other, here = behaviour.fold != fold, behaviour.fold == fold
        best = _first(whole[:, other] @ behaviour.counted[other])
        held_out[here] = rows[best].held_out[here]
    return Family(name, candidates, Explained(held_out, whole[_first(total)]))


def _first(totals: Float[np.ndarray, " H"]) -> int:
    """Returns the first of those that explain choices nearly as well as the best."""
    return int((totals >= totals.max() - LITTLE).argmax())


def bounded(behaviour: Behaviour, candidates: Sequence[tuple[int, int]]) -> Family | None:
    """Returns the family of candidates that are pursued only from at most so many steps away.

    **Arguments:**

    - `behaviour`: the choices.
    - `candidates`: to be tried: what is pursued, and what is reached by it.
    """
    rows, laws = [], []
    level_set = behaviour.level_set
    for speaker, index in candidates:
        steps = behaviour.of_states([steps_to_candidate(evaluation, index) for evaluation in behaviour.evaluations])
        for depth in DEPTHS:
            far = steps > depth + 0.5
            if not (far & (behaviour.weight > 0)).any():
                break
            preference = np.where(far[:, None], 0.0, behaviour.advantages[index])
            rows.append(explained_by(behaviour, preference, behaviour.fulfilled[index]))
            plural = "step" if depth == 1 else "steps"
            laws.append((f"{level_set.objectives.names[speaker]} within {depth} {plural}", (speaker,)))
    return best_of(behaviour, rows, laws)


def steps_to_candidate(evaluation: Evaluation, index: int) -> Float[np.ndarray, "N S"]:
    """Returns how many steps away a candidate is, by its optimal value; infinite where it cannot be reached.

    **Arguments:**

    - `evaluation`: in whose levels.
    - `index`: of a candidate that is reached.
    """
    level_set = evaluation.level_set
    values = level_set.optimal_action_values[index].max(-1)
    most = max(level_set.objectives.specs[index].weights.values())
    discount = np.asarray(level_set.levels.discount, np.float64)[:, None]
    with np.errstate(divide="ignore"):
        return np.where(values > 0, 1 + np.log(np.maximum(values, 1e-300) / most) / np.log(discount), np.inf)
