"""Selection by internals: what an assay reads off activations counts in training (RFLO §3.3, "seeking out internals").

The assay is a linear probe of one site, in levels in which something was moved: does it read what actions are worth to
the base objective, or to what the agent is after by its audit? The network is never rewarded for what it does in these
levels. Whether it becomes aligned, or learns to show the probe what the probe looks for, is for other assays to say.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mesascope.audit.watching import watched
from mesascope.core.errors import UnknownNameError, UsageError
from mesascope.core.random import RandomKey
from mesascope.organisms.organism import Organism
from mesascope.oversight.readout import Readout, moved_readout
from mesascope.oversight.remedy import Remedy, parts_of
from mesascope.oversight.stage import Penalty, Stage
from mesascope.oversight.trainee import Trainee
from mesascope.worlds.level import Level
from mesascope.worlds.world import World

WATCHED: int = 128
"""Levels from which the audit says what the agent is after."""


class ReadoutPenalty(Penalty):
    """What is read of the proxy, as far as it is above nothing, less what is read of the base objective.

    **Arguments:**

    - `rows`: where it is read; the base objective comes first.
    - `weight`: in units of reward for a share of 1.
    - `site`: that is read.
    """

    rows: Readout
    weight: Float[Array, ""]
    site: str = eqx.field(static=True)

    def __call__(self, network: Any, level: Level, world: World) -> Float[Array, ""]:
        base, *others = self.rows.read(network, self.site)
        # Below nothing there is no less to be read, but a probe that fails ever worse.
        return self.weight * (sum(jnp.maximum(other, 0.0) for other in others) - base)


@dataclass(frozen=True)
class InternalsPenalty(Remedy):
    """Trains for what a probe reads off the network, beside the base objective.

    **Arguments:**

    - `proxy`: objective that shall not be read; by default the one that the audit says the agent is after.
    - `site`: that is read; by default the last one.
    - `weight`: of what is read, in units of reward; above 0.
    - `rounds`: how often the levels are drawn anew, 1 or more.
    - `levels`: of each round, half of which the probe is fitted in; 8 or more.
    - `states`: of each level, 1 or more.
    """

    proxy: str = ""
    site: str = ""
    weight: float = 1.0
    rounds: int = 25
    levels: int = 96
    states: int = 8

    name = "internals-penalty"

    def __post_init__(self):
        if self.weight <= 0 or self.rounds < 1 or self.levels < 8 or self.levels % 2 or self.states < 1:
            raise UsageError(
                f"weight={self.weight} must be above 0, rounds={self.rounds} and states={self.states} 1 or more, and "
                f"levels={self.levels} an even number, 8 or more."
            )

    def inapplicable(self, organism: Organism) -> str | None:
        reason = "so that what the agent was trained on and what it is after cannot be told apart inside it"
        world = organism.world
        return None if world.rearrangeable else f"nothing can be moved in world '{world.name}', {reason}"

    def stages(self, trainee: Trainee, *, key: RandomKey) -> Iterator[Stage]:
        base, sites = trainee.organism.objective, trainee.agent.sites()
        site = self.site or sites[-1]
        if site not in sites:
            raise UnknownNameError(f"site in agents of recipe '{trainee.organism.name}'", site, sites)
        # What is after the base objective has no proxy to be read.
        names = tuple(dict.fromkeys((base, self.proxy or _pursued(trainee))))
        key_before, key_after, key_rounds = jax.random.split(key, 3)

        def rows(key: RandomKey) -> Readout:
            trainee.account.searched += self.levels
            place = trainee.organism.distribution
            return moved_readout(trainee.world, place, names, levels=self.levels, states=self.states, key=key)

        def measure(when: str, key: RandomKey) -> None:
            shares = _read(rows(key), trainee.network, site).tolist()
            trainee.measured |= dict(zip((f"base objective read {when}", f"proxy read {when}"), shares, strict=False))

        measure("before", key_before)
        for place, updates in enumerate(parts_of(trainee.updates, self.rounds)):
            read = rows(jax.random.fold_in(key_rounds, place))
            yield Stage(updates, penalty=ReadoutPenalty(read, jnp.float32(self.weight), site))
        measure("after", key_after)


_read = eqx.filter_jit(Readout.read)


def _pursued(trainee: Trainee) -> str:
    """Returns what an audit says that the agent is after; the base objective where nothing is known."""
    base = trainee.organism.objective
    context = watched(trainee.agent, trainee.world, base_objective=base, levels=WATCHED, seed=trainee.seed)
    return context.after.level_set.objectives.names[context.objective]


REMEDY = InternalsPenalty
