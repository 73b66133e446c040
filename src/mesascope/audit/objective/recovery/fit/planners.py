"""Pairs of a planner and a reward that explain the same behaviour (Armstrong & Mindermann 2018).

Behaviour shows what planner and reward do together, never which of the two did it. Planners that plan differently can
still be told apart where levels differ; each is fitted to some levels and judged on others. But every pair has a twin,
the planner that does the worst it can for the opposite reward, and nothing tells twins apart.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from mesascope.audit.objective.recovery.fit.choice_likelihood import fit_choices
from mesascope.audit.objective.recovery.fit.choice_problem import chosen_policy
from mesascope.core.errors import MesascopeError, UsageError
from mesascope.objectives.objective import Objectives
from mesascope.objectives.reward_space import AttributeRewards
from mesascope.objectives.reward_tables import weighted_attributes
from mesascope.planning.evaluation import policy_values, returns
from mesascope.planning.value_iteration import optimal_action_values, optimal_actions
from mesascope.worlds.level import Level

MYOPIC: float = 0.3
"""Discount of the myopic planner: what lies more than two steps ahead hardly counts."""

SLIPS: tuple[float, ...] = (0.01, 0.03, 0.1, 0.2, 0.4)

TWINS: str = (
    "No data chooses between a planner for a reward and the planner that does its worst for the opposite reward: every "
    "row has a twin of exactly the same likelihood. That the agent is no such planner is an assumption."
)


@dataclass(frozen=True)
class PlannerRow:
    """One planner with the reward that explains the behaviour best for it.

    **Arguments:**

    - `planner`: its name.
    - `reward`: the reward's largest weights, for people.
    - `fitted`: log-likelihood in the levels that it was fitted to, nats a decision.
    - `held_out`: the same in other levels; `None` if it has no prediction there.
    - `regret`: normalised regret, if the agent is rational and the soft planner's reward is its own, of whoever
      maximises this row's reward instead: 0 none, 1 the worst; ties count as the worst.
    """

    planner: str
    reward: str
    fitted: float
    held_out: float | None
    regret: float


def planner_table(
    levels: Level,
    weights: Float[np.ndarray, "N S A"],
    space: AttributeRewards,
) -> tuple[PlannerRow, ...]:
    """Returns planners and their rewards, fitted to every other level and judged on the rest.

    **Arguments:**

    - `levels`: a batch of N levels; with one nothing is held out.
    - `weights`: how much each choice counts, `[N, S, A]`.
    - `space`: the rewards considered.

    **Raises:** `UsageError` if the choices cannot be fitted at all.
    """
    weighty = weights.sum((1, 2)) > 0
    if not weighty.any():
        raise UsageError("The weights of choices are all zero: there is nothing to explain.")
    levels, weights = levels[np.flatnonzero(weighty)], weights[weighty]
    first, second = np.arange(0, levels.count, 2), np.arange(1, levels.count, 2)
    fit_levels, fit_weights = levels[first], weights[first]
    test_levels, test_weights = levels[second], weights[second]
    soft = fit_choices(fit_levels, fit_weights, space)
    rows = []

    def row(name: str, reward: np.ndarray, predict) -> None:
        rows.append(
            PlannerRow(
                name,
                _words(reward, space.names),
                _likelihood(predict(fit_levels), fit_weights),
                _likelihood(predict(test_levels), test_weights) if len(second) else None,
                _regret(levels, space, soft.parameter, reward),
            )
        )

    row("rational, soft", soft.parameter, lambda batch: chosen_policy(batch, space, soft.parameter))
    row("anti-rational, soft", -soft.parameter, lambda batch: chosen_policy(batch, space, soft.parameter))
    slips = max(SLIPS, key=lambda share: _likelihood(_hard(fit_levels, space, soft.parameter, share), fit_weights))
    row(
        f"rational, hard ({slips:.0%} slips)",
        soft.parameter,
        lambda batch: _hard(batch, space, soft.parameter, slips),
    )
    try:
        near = fit_choices(fit_levels, fit_weights, space, discount=MYOPIC)
        row(
            f"myopic (discount {MYOPIC})",
            near.parameter,
            lambda batch: chosen_policy(batch, space, near.parameter, discount=MYOPIC),
        )
    except MesascopeError:
        pass
    shares = fit_weights.sum((0, 1)) + 0.5
    habit = shares / shares.sum()
    row(
        "indifferent: a habit of actions",
        np.zeros(len(space.names)),
        lambda batch: np.broadcast_to(habit, (*batch.initial.shape, len(habit))),
    )
    return tuple(rows)


def _one(space: AttributeRewards, reward: np.ndarray) -> Objectives:
    return weighted_attributes(space, reward[None])


def _hard(levels: Level, space, reward, slips: float) -> np.ndarray:
    best = optimal_actions(optimal_action_values(levels, _one(space, reward))[0]).astype(float)
    best /= best.sum(-1, keepdims=True)
    return (1 - slips) * best + slips / best.shape[-1]


def _likelihood(policy: np.ndarray, weights: np.ndarray) -> float:
    return float((weights * np.log(np.maximum(policy, 1e-12))).sum() / weights.sum())


def _regret(levels: Level, space, truth: np.ndarray, inferred: np.ndarray) -> float:
    """Mean normalised regret under `truth` of the worst policy that is optimal for `inferred`."""
    objective, opposite = _one(space, truth), _one(space, -truth)
    best = returns(levels, optimal_action_values(levels, objective).max(-1))[0]
    worst = -returns(levels, optimal_action_values(levels, opposite).max(-1))[0]
    allowed = optimal_actions(optimal_action_values(levels, _one(space, inferred))[0])
    # Among actions that are equally good for the inferred reward, whichever is worst for the true one.
    against = np.where(allowed, optimal_action_values(levels, opposite)[0], -np.inf)
    chosen = np.eye(levels.actions)[against.argmax(-1)]
    gained = returns(levels, policy_values(levels, chosen, objective))[0]
    room = best - worst
    demanding = room > 1e-9
    if not demanding.any():
        return 0.0
    lost = float(np.clip(((best - gained)[demanding] / room[demanding]).mean(), 0.0, 1.0))
    # What is left of equal numbers by rounding is no regret.
    return lost if lost > 1e-9 else 0.0


def _words(reward: np.ndarray, names: tuple[str, ...]) -> str:
    order = [index for index in np.argsort(-np.abs(reward), kind="stable")[:2] if abs(reward[index]) > 1e-6]
    return ", ".join(f"{names[index]} {reward[index]:+.2g}" for index in order) or "nothing"
