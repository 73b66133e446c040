"""The examinee of search detection: an agent with everything that an assay of the first question may ask for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from mesascope.agents.agent import Agent
from mesascope.audit.evaluation import Evaluation
from mesascope.audit.search.horizon import HorizonDetails, horizon
from mesascope.audit.search.inside import Inside, look_inside
from mesascope.core.errors import MesascopeError
from mesascope.core.faults import Fault
from mesascope.core.random import RandomKey, stream
from mesascope.core.verdicts import Evidence, Verdict


@dataclass(frozen=True)
class Examinee:
    """An agent observed in one or two evaluations, and the objective that it pursues.

    **Arguments:**

    - `agent`: who is asked.
    - `train`: in training levels.
    - `deploy`: after the shift; `None` if no shift was named.
    - `objective`: index of what it pursues, by which choices are judged.
    - `key`: of everything random; every assay takes a stream of its own.
    - `unjudged`: why what it pursues is not known, so that no choice can be judged.
    """

    agent: Agent
    train: Evaluation
    deploy: Evaluation | None
    objective: int
    key: RandomKey
    unjudged: Fault | None = None

    @property
    def after(self) -> Evaluation:
        """The evaluation after the shift, or the one of training if no shift was named."""
        return self.train if self.deploy is None else self.deploy

    def stream(self, assay: str) -> RandomKey:
        """Returns the key of an assay."""
        return stream(assay, key=self.key)

    @property
    def inside(self) -> Inside:
        """Its activations in a sample of states, taken once for all assays.

        **Raises:** `NotInspectableError` or `AgentError`, as `look_inside`; the same for every assay.
        """
        if isinstance(self._looked, MesascopeError):
            raise self._looked
        return self._looked

    @cached_property
    def _looked(self) -> Inside | MesascopeError:
        try:
            return look_inside(self.agent, self.after, self.objective, key=self.stream("inside"))
        except MesascopeError as error:
            # An agent that fails only at first must not be refused by one assay and accepted by the next.
            return error

    @cached_property
    def horizon(self) -> Evidence[HorizonDetails]:
        """What is known about how far it looks ahead."""
        return horizon(self.after, self.objective, key=self.stream("horizon"))

    @property
    def within(self) -> float | None:
        """Steps up to which it may be judged: those before its cliff, if it has one."""
        found = self.horizon
        return found.details.cliff.distance if found.verdict is Verdict.PASS and found.details else None


SearchAssay = Callable[[Examinee], Evidence]
"""An assay of the first question; a user's own has this form, too."""
