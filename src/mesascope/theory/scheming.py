"""Numbers of schemers from plain arguments: onset, gambles and shields, as `mesascope.planning` computes them.

The functions of `planning` take lifetimes and shields; rows of the catalogue hold numbers only.
"""

from __future__ import annotations

from mesascope.core.errors import UsageError
from mesascope.theory.cue_accuracy import CuePolicy, best_cue_policy, blind_gamble, blind_value
from mesascope.theory.gradient_hacking import Shield, ShieldLife, fold, simulate_shield
from mesascope.theory.gradient_updated_goal import GoalPlan, UpdatedGoal, plan_updated_goal
from mesascope.theory.lifetimes import Conditions, Lifetime, LifetimePlan, plan_lifetime, searched_onset


def onset(training: int, deployment: int, discount: float = 1.0) -> float:
    """Returns the least threat at which all of training is complied with, found by asking the planner.

    In closed form `1 / (g^n V)` with V the discounted number of deployment episodes.

    **Arguments:**

    - `training`, `deployment`: episodes, 1 or more of each.
    - `discount`: g, in (0, 1].

    **Returns:** a probability; infinite if no threat is large enough.
    """
    found = searched_onset(Lifetime(training, deployment, 1.0, discount), training, precision=1e-12)
    return float("inf") if found is None else found


def lifetime_plan(training: int, deployment: int, threat: float, discount: float = 1.0) -> LifetimePlan:
    """Returns what a schemer does in each episode of a lifetime.

    **Arguments:**

    - `training`, `deployment`: episodes.
    - `threat`: chance that a defection in training replaces the objective.
    - `discount`: in [0, 1].
    """
    return plan_lifetime(Lifetime(training, deployment, threat, discount))


def deceptive_cells(training: int = 2, deployment: int = 3, threat: float = 0.5) -> int:
    """Returns in how many of the eight combinations of the three conditions of RFLO §4.2 the best plan is deceptive.

    **Arguments:** as of `lifetime_plan`.
    """
    lifetime = Lifetime(training, deployment, threat)
    both = (True, False)
    cells = [Conditions(spans, models, ends) for spans in both for models in both for ends in both]
    return sum(plan_lifetime(lifetime, cell).deceptive for cell in cells)


def gamble(training: int = 2, deployment: int = 3) -> CuePolicy:
    """Returns the best policy of a schemer that cannot tell its episodes apart, modification being certain.

    **Arguments:**

    - `training`, `deployment`: episodes.
    """
    return blind_gamble(Lifetime(training, deployment))


def gamble_value(defection: float, training: int = 2, deployment: int = 3) -> float:
    """Returns what a rate of defection is worth where episodes cannot be told apart.

    **Arguments:**

    - `defection`: in [0, 1].
    - `training`, `deployment`: episodes.
    """
    return blind_value(Lifetime(training, deployment), defection)


def cue_value(accuracy: float, training: int = 2, deployment: int = 3) -> float:
    """Returns the best value with a cue that is right with a given probability.

    **Arguments:**

    - `accuracy`: in [0.5, 1].
    - `training`, `deployment`: episodes.
    """
    return best_cue_policy(Lifetime(training, deployment), accuracy).value


def updated_goal(training: int, deployment: int, rate: float = 1.0) -> GoalPlan:
    """Returns how openly a schemer pursues a goal that gradient descent moves towards the base goal.

    **Arguments:**

    - `training`, `deployment`: episodes.
    - `rate`: of descent.
    """
    return plan_updated_goal(UpdatedGoal(training, deployment, rate))


def shield_fate(strength: float, coupling: float = 0.0) -> ShieldLife:
    """Returns what gradient flow makes of a shield around a goal.

    **Arguments:**

    - `strength`: of the shield at first.
    - `coupling`: of base performance to it.
    """
    return simulate_shield(Shield(strength, coupling))


def shield_fold(strength: float) -> float:
    """Returns the least coupling at which a shield stands for ever.

    **Arguments:**

    - `strength`: of the shield at first.

    **Raises:** `UsageError` if the shield is too weak to have one.
    """
    found = fold(strength)
    if found is None:
        raise UsageError(f"A shield of strength {strength} is too weak to have a fold: give a stronger one.")
    return found
