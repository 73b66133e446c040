"""The inquiry: identify an objective, ask the agent where that settles most, and identify it again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from mesascope.audit.level_set import LevelSet
from mesascope.audit.objective.recovery.data.observed_choices import ObservedChoices
from mesascope.audit.objective.recovery.identify.identified import Identified, identify
from mesascope.core.errors import UsageError
from mesascope.worlds.level import Level
from mesascope.worlds.menu import MenuItem


@dataclass(frozen=True)
class Query:
    """An environment in which the agent was asked, and what that settled.

    **Arguments:**

    - `environment`, `kind`: its name on the menu, and what was changed.
    - `information`: expected of it beforehand, nats.
    - `open`: directions left open afterwards.
    - `regret`: what ambiguity costs in the target levels afterwards, normalised, mean over levels.
    - `nearest`, `share`: the candidate nearest afterwards, and the share of draws that agree.
    """

    environment: str
    kind: str
    information: float
    open: int
    regret: float
    nearest: str
    share: float


@dataclass
class Inquiry:
    """A recovery that goes on asking.

    **Arguments:**

    - `choices`: what is known at first.
    - `target`: levels that matter, and candidates; what the agent does there is not looked at.
    - `choose`: asks the agent about a batch of levels.
    - `seed`: of draws.
    - `queries`: asked so far.
    """

    choices: ObservedChoices
    target: LevelSet
    choose: Callable[[Level], ObservedChoices]
    seed: int = 0
    queries: list[Query] = field(default_factory=list)

    def identify(self) -> Identified:
        """Returns what all choices so far say."""
        return identify(self.choices, self.target, seed=self.seed)

    def ask(self, menu: Sequence[MenuItem], known: Identified) -> tuple[Identified, list[MenuItem]]:
        """Asks the agent in the environment of a menu that is expected to say most about the weights.

        **Arguments:**

        - `menu`: environments on offer, not empty.
        - `known`: from the choices so far.

        **Returns:** what is known afterwards, and what is left of the menu; the query is the last of `queries`.

        **Raises:** `UsageError` if the menu is empty.
        """
        if not menu:
            raise UsageError("The menu is empty: there is no environment left to ask in.")
        best = known.objective.next_environment(menu, criterion="information")[0]
        self.choices = self.choices + self.choose(best.item.level.batch())
        after = self.identify()
        self.queries.append(
            Query(
                best.item.name,
                best.item.kind,
                best.score,
                after.open.dimension,
                after.regret(),
                after.nearest.names[0],
                after.nearest.share,
            )
        )
        return after, [other for place, other in enumerate(menu) if place != best.index]
