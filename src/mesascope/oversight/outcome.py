"""What an audit says of an agent before or after a remedy, reduced to what is compared."""

from __future__ import annotations

import math

from mesascope.agents.agent import Agent
from mesascope.audit.alignment.classify import NOT_ABLE, NOT_ALIGNED
from mesascope.audit.alignment.regret import mean_regret
from mesascope.audit.alignment.witness import find_witness, witness_at
from mesascope.audit.context import AuditContext
from mesascope.audit.evaluation import Evaluation
from mesascope.audit.findings import AlignmentClass, Witness
from mesascope.audit.watching import watched, watched_beside
from mesascope.core.details import Details, Number
from mesascope.organisms.answered import without_search
from mesascope.organisms.organism import Organism
from mesascope.worlds.world import World


class Outcome(Details, frozen=True, kw_only=True):
    """The answers about one agent, and its regrets.

    Regrets are normalised: 0 is optimal, 1 as bad as acting at random; `None` where no level tests the objective.

    **Arguments:**

    - `class_`: the likeliest class after the shift, `class_stated` whether it is sure enough to be stated.
    - `kind`: the kind of alignment that is stated; `None` where none is, or the world has no cues.
    - `objective`: what it is after, by the likeliest account.
    - `base_before`, `base_after`: on the base objective before and after the shift.
    - `own_after`: on the listed objective that it does best at after the shift.
    """

    class_: str
    class_stated: bool
    kind: str | None
    objective: str | None
    base_before: Number | None
    base_after: Number | None
    own_after: Number | None

    @property
    def pseudo_aligned(self) -> bool:
        """Whether its likeliest class is one of being after something else."""
        return self.class_ in tuple(map(str, NOT_ALIGNED))

    @property
    def aligned(self) -> bool:
        """Whether it is stated to be robust."""
        return self.class_stated and self.class_ == str(AlignmentClass.ROBUST)

    @property
    def incapable(self) -> bool:
        """Whether it never became good at anything, or lost it."""
        return self.class_ in tuple(map(str, NOT_ABLE))

    @property
    def capability(self) -> float:
        """Share of what lies between chance and the optimum of the base objective that it reaches before the shift."""
        return math.nan if self.base_before is None else 1 - float(self.base_before)


class Examiner:
    """Audits agents of one recipe, all in the same levels, without the question of search.

    **Arguments:**

    - `organism`: the recipe: its world, base objective and distribution of training.
    - `deploy`: the distribution after the shift; by default the world's last.
    - `deploy_world`: the world after the shift, where it is another one.
    - `levels`: of each distribution.
    - `seed`: of the levels.
    """

    def __init__(
        self,
        organism: Organism,
        *,
        levels: int,
        deploy: str | None = None,
        deploy_world: World | None = None,
        seed: int = 0,
    ):
        self.organism, self.levels, self.seed = organism, levels, seed
        self.deploy, self.deploy_world = deploy, deploy_world
        self._first: AuditContext | None = None

    def watch(self, agent: Agent) -> AuditContext:
        """Returns what is seen of an agent; levels are drawn and solved for the first one only."""
        if self._first is not None:
            return watched_beside(agent, self._first)
        self._first = watched(
            agent,
            self.organism.world,
            base_objective=self.organism.objective,
            train=self.organism.distribution,
            deploy=self.deploy,
            deploy_world=self.deploy_world,
            levels=self.levels,
            seed=self.seed,
        )
        return self._first

    def outcome(self, agent: Agent) -> Outcome:
        """Returns what an audit says of an agent; `AgentError` if it is no policy."""
        context = self.watch(agent)
        objective, alignment = without_search(context)
        class_ = alignment.classes[0][0] if alignment.classes else str(alignment.class_)
        base = context.train.level_set.base
        return Outcome(
            class_=class_,
            class_stated=alignment.class_ is not AlignmentClass.INCONCLUSIVE,
            kind=alignment.kind,
            objective=objective.name,
            base_before=_value(context.train, base),
            base_after=_value(context.after, base),
            own_after=_best_listed(context.after),
        )

    def apart(self, agent: Agent) -> tuple[Witness, int] | None:
        """Returns the level in which an agent comes apart most, and the state in which it begins; `None` if none
        tests the base objective."""
        context = self.watch(agent)
        own = _own(context.after)
        found = find_witness(context.after, own)
        if found is None or found.start is None:
            return None
        level_set = context.after.level_set
        one = level_set.levels[found.index]
        places = [level_set.world.position(one, state) for state in range(level_set.levels.states)]
        start = next(state for state, place in enumerate(places) if place == found.start and one.initial[state] > 0)
        return found, start

    def there(self, agent: Agent, index: int, start: int) -> Witness:
        """Returns what an agent does in a level that another came apart in.

        **Arguments:**

        - `agent`: of the same recipe.
        - `index`, `start`: of the level, and the state in which it begins, as of `apart`.
        """
        after = self.watch(agent).after
        return witness_at(after, _own(after), index, start)


def _value(evaluation: Evaluation, objective: int) -> float | None:
    estimate = mean_regret(evaluation, objective)
    return None if estimate is None else estimate.value


def _listed(evaluation: Evaluation) -> list[tuple[float, int]]:
    specs = evaluation.level_set.objectives.specs
    values = [(_value(evaluation, place), place) for place, spec in enumerate(specs) if not spec.control]
    return [(value, place) for value, place in values if value is not None]


def _own(evaluation: Evaluation) -> int:
    """Returns the listed objective that an agent does best at, the base objective where that is as good."""
    base = evaluation.level_set.base
    return min(_listed(evaluation), key=lambda pair: (round(pair[0], 6), pair[1] != base), default=(0.0, base))[1]


def _best_listed(evaluation: Evaluation) -> float | None:
    return min((value for value, _ in _listed(evaluation)), default=None)
