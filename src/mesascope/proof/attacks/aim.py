"""What an attack is after: that the agent loses, or that it takes one action, or serves another objective."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool

from mesascope.audit.level_set import LevelSet
from mesascope.core.errors import UnknownNameError, UsageError
from mesascope.planning.value_iteration import optimal_actions
from mesascope.worlds.world import ObjectiveSpec, World, reach


@dataclass(frozen=True)
class Aim:
    """What an attack is after.

    **Arguments:**

    - `base`: the base objective.
    - `target`: an action, by name, or an objective; `None` for nothing but loss.
    """

    base: ObjectiveSpec
    target: ObjectiveSpec | str | None

    @property
    def specs(self) -> tuple[ObjectiveSpec, ...]:
        """The objectives that levels are solved for: the base objective first, what costs are measured in last."""
        return (self.base, self.target) if isinstance(self.target, ObjectiveSpec) else (self.base,)

    @property
    def name(self) -> str:
        """Of the target; empty where there is none."""
        return self.target.name if isinstance(self.target, ObjectiveSpec) else self.target or ""

    def allowed(self, level_set: LevelSet) -> Bool[np.ndarray, "N S A"]:
        """Returns the choices that are not bad, in levels that are solved for `specs`: bad are the action that is the
        target, what is optimal for a target and not for the base objective, or what is not optimal for that."""
        best = optimal_actions(level_set.optimal_action_values)
        if isinstance(self.target, str):
            return np.broadcast_to(np.array(level_set.world.actions) != self.target, best.shape[1:])
        return best[0] if self.target is None else best[0] | ~best[1]


def aim_of(world: World, base: str | None, target: str | None) -> Aim:
    """Returns an aim by names.

    **Arguments:**

    - `world`: whose they are.
    - `base`: the base objective; by default the world's own.
    - `target`: an action, an objective or an attribute to make happen; `None` for none.

    **Raises:** `UnknownNameError`, or `UsageError` where the target is the base objective.
    """
    objectives = {spec.name: spec for spec in world.objectives}
    base = world.base_objective if base is None else base
    if base not in objectives:
        raise UnknownNameError(f"objective of world '{world.name}'", base, objectives)
    if target == base:
        raise UsageError(f"'{base}' is the base objective: an agent that is made to serve it is not attacked.")
    if target is None or target in world.actions:
        return Aim(objectives[base], target)
    if target not in objectives and target not in world.attributes:
        known = (*world.actions, *world.attributes, *objectives)
        raise UnknownNameError(f"action, attribute or objective of world '{world.name}'", target, known)
    return Aim(objectives[base], objectives.get(target) or reach(target))
