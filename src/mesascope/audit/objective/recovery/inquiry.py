"""The inquiry: recover an objective from an agent in a world, ask it where that settles most, and recover again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Float

from mesascope.audit.objective.recovery.data.padding import joined, with_states
from mesascope.audit.objective.recovery.fit.choice_likelihood import ChoiceFit, fit_choices
from mesascope.audit.objective.recovery.identify.identifiability import Unidentified, rank_of, removed, unidentified
from mesascope.audit.objective.recovery.identify.nearest import (
    Contribution,
    Nearest,
    as_objectives,
    contributions,
    cost_of_ambiguity,
    nearest_objectives,
)
from mesascope.core.errors import UsageError
from mesascope.objectives.objective import Objectives
from mesascope.objectives.reward_space import AttributeRewards
from mesascope.worlds.level import Level
from mesascope.worlds.menu import MenuItem

READ_LEVELS: int = 24
"""Levels in which distances are averaged."""

DRAWS: int = 64
RIVALS: int = 8
"""Consistent rewards that are planned for to see what ambiguity costs."""

NEGLIGIBLE: float = 0.05
"""Share of the choices' structure that attributes other than motion must explain on top of motion to be read alone."""


@dataclass(frozen=True)
class Watched:
    """Levels in which an agent's choices are known.

    **Arguments:**

    - `levels`: a batch of N levels.
    - `policy`: `[N, S, A]`.
    - `weights`: of the choice in each state: its visits, at most 1, `[N, S]`.
    """

    levels: Level
    policy: Float[np.ndarray, "N S A"]
    weights: Float[np.ndarray, "N S"]

    def __add__(self, other: Watched) -> Watched:
        """Returns the levels of both, padded to the size of the larger ones."""
        levels = joined([self.levels, other.levels])

        def both(first: np.ndarray, second: np.ndarray, fill: float) -> np.ndarray:
            return np.concatenate([with_states(part, levels.states, axis=1, fill=fill) for part in (first, second)])

        return Watched(
            levels, both(self.policy, other.policy, 1 / levels.actions), both(self.weights, other.weights, 0.0)
        )

    def first(self, count: int) -> Watched:
        """Returns the first levels."""
        return Watched(self.levels[:count], self.policy[:count], self.weights[:count])


@dataclass(frozen=True)
class Recovery:
    """An objective recovered from choices in a world, and how it reads.

    **Arguments:**

    - `space`: the attributes.
    - `fit`: their weights.
    - `explained_by_motion`: share of the choices' structure that attributes of motion explain alone.
    - `contributions`: of each attribute.
    - `nearest`: candidates by distance; read without motion unless nothing else is pursued.
    - `open`: what the levels leave open.
    - `reading`: the weights that candidates are compared with, `[D]`.
    - `draws`: of the reading, from the posterior, `[n, D]`.
    """

    space: AttributeRewards
    fit: ChoiceFit
    explained_by_motion: float
    contributions: tuple[Contribution, ...]
    nearest: Nearest
    open: Unidentified
    reading: Float[np.ndarray, " D"]
    draws: Float[np.ndarray, "n D"]


def recover_in_world(
    watched: Watched,
    names: tuple[str, ...],
    motion: tuple[str, ...],
    objectives: Objectives,
    *,
    target: Level,
    discount: float | None = None,
    seed: int = 0,
) -> Recovery:
    """Returns the weights of attributes that explain an agent's choices, and how they read.

    **Arguments:**

    - `watched`: the choices.
    - `names`: of the attributes.
    - `motion`: those about what the agent does rather than gets.
    - `objectives`: candidates to compare with.
    - `target`: a batch of levels that matter: in which candidates are compared and open directions may do harm.
    - `discount`: that the agent is taken to use.
    - `seed`: of draws.

    **Raises:** `UsageError` as `fit_choices` does.
    """
    weights = watched.weights[..., None] * watched.policy
    # Without an end of episodes: if one could end them, a cost of time would stand for whatever does.
    space = AttributeRewards(names)
    fit = fit_choices(watched.levels, weights, space, discount=discount)
    moves = np.array([name in motion for name in names])
    alone = _alone(watched, weights, space, moves, discount)
    deviation = np.sqrt(np.maximum(np.diag(fit.covariance), 0.0))
    brings = contributions(watched.levels, watched.policy, space, fit.parameter, deviation, moves)
    kept = ~moves if fit.explained - alone > NEGLIGIBLE and (fit.parameter[~moves] != 0).any() else np.ones_like(moves)
    random = np.random.default_rng(seed)
    values, vectors = np.linalg.eigh(fit.covariance)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    draws = (fit.parameter + random.normal(size=(DRAWS, len(names))) @ root.T) * kept
    reading = fit.parameter * kept
    nearest = nearest_objectives(target[:READ_LEVELS], objectives, space, np.concatenate([reading[None], draws]))
    left = unidentified(
        [watched.levels[index] for index in range(watched.levels.count)],
        space,
        levels=[target[index] for index in range(min(target.count, READ_LEVELS))],
    )
    return Recovery(space, fit, alone, brings, nearest, left, reading, draws)


def _alone(watched: Watched, weights, space: AttributeRewards, moves: Bool[np.ndarray, " D"], discount) -> float:
    if not moves.any():
        return 0.0
    return fit_choices(watched.levels, weights, space, discount=discount, only=moves).explained


@dataclass(frozen=True)
class Query:
    """An environment in which the agent was asked, and what that settled.

    **Arguments:**

    - `item`: the environment.
    - `information`: expected of it beforehand, nats.
    - `open`: directions left open afterwards.
    - `regret`: what ambiguity costs in the target levels afterwards, normalised, mean over levels.
    - `name`, `share`: the candidate nearest afterwards, and the share of draws that agree.
    """

    item: MenuItem
    information: float
    open: int
    regret: float
    name: str
    share: float


@dataclass
class Inquiry:
    """A recovery that goes on asking.

    **Arguments:**

    - `watched`: what is known at first.
    - `names`, `motion`, `objectives`, `target`, `discount`: as of `recover_in_world`.
    - `choose`: asks the agent about a batch of levels, and says how much each choice counts.
    - `seed`: of draws.
    """

    watched: Watched
    names: tuple[str, ...]
    motion: tuple[str, ...]
    objectives: Objectives
    target: Level
    choose: Callable[[Level], Watched]
    discount: float | None = None
    seed: int = 0
    queries: list[Query] = field(default_factory=list)

    def recover(self) -> Recovery:
        """Returns what all choices so far say."""
        return recover_in_world(
            self.watched,
            self.names,
            self.motion,
            self.objectives,
            target=self.target,
            discount=self.discount,
            seed=self.seed,
        )

    def regret(self, recovery: Recovery, *, levels: int = 4) -> float:
        """Returns what ambiguity costs in the target levels: the mean over levels of the smallest worst-case regret."""
        drawn = recovery.draws[: RIVALS - 1]
        if recovery.open.dimension:
            random = np.random.default_rng(self.seed + 1)
            spread = float(np.abs(recovery.fit.parameter).max(initial=1.0))
            drawn = drawn + spread * random.normal(size=(len(drawn), recovery.open.dimension)) @ recovery.open.basis
        rivals = np.concatenate([recovery.reading[None], drawn])
        objectives = as_objectives(recovery.space, rivals, [f"draw {index}" for index in range(len(rivals))])
        return float(cost_of_ambiguity(self.target[:levels], objectives).minimax.mean())

    def ask(self, menu: Sequence[MenuItem], recovery: Recovery) -> tuple[Query, Recovery, list[MenuItem]]:
        """Asks the agent in the environment of a menu that says most, and recovers again.

        What an environment says is the expected gain in information about the weights, in nats: the log-determinant
        that its features, less their values, add to what is known (Amin & Singh 2016; Lindley 1956).

        **Arguments:**

        - `menu`: environments on offer, not empty.
        - `recovery`: what is known.

        **Returns:** the query, the new recovery, and what is left of the menu.

        **Raises:** `UsageError` if the menu is empty.
        """
        if not menu:
            raise UsageError("The menu is empty: there is no environment left to ask in.")
        known = recovery.fit.information / recovery.fit.decisions * self.watched.levels.count
        prior = known + 1e-3 * np.eye(len(self.names))
        gains = [self._gain(item.level, recovery.space, prior) for item in menu]
        best = int(np.argmax(np.round(gains, 9)))
        item = menu[best]
        self.watched = self.watched + self.choose(item.level.batch())
        after = self.recover()
        query = Query(
            item, gains[best], after.open.dimension, self.regret(after), after.nearest.names[0], after.nearest.share
        )
        self.queries.append(query)
        return query, after, [other for place, other in enumerate(menu) if place != best]

    def closes(self, level: Level, recovery: Recovery) -> bool:
        """Returns whether watching the agent in a level would close any open direction."""
        return rank_of(removed(level, recovery.space, recovery.open.basis)) > 0

    def _gain(self, level: Level, space: AttributeRewards, prior: np.ndarray) -> float:
        left = removed(level, space, np.eye(len(self.names)))
        shown = left.T @ left / max(1, len(left))
        return 0.5 * float(np.linalg.slogdet(np.eye(len(prior)) + np.linalg.solve(prior, shown))[1])
