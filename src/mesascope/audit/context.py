"""The context of an audit: one agent, watched before and after the shift, with everything that an assay may ask for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

from mesascope.agents.agent import Agent
from mesascope.audit.evaluation import Evaluation
from mesascope.audit.objective.pursuit import Pursuit, pursued_objective
from mesascope.audit.search.activation_sample import ActivationSample, sample_activations
from mesascope.core.errors import MesascopeError
from mesascope.core.faults import Fault, attempted
from mesascope.core.random import RandomKey, root_key, seed_of, stream

T = TypeVar("T")


@dataclass(frozen=True)
class AuditContext:
    """An agent observed in one or two evaluations.

    **Arguments:**

    - `agent`: who is asked.
    - `train`: the agent in training levels.
    - `deploy`: after the shift; `None` if no shift was named.
    - `seed`: of the audit; whatever is random follows from it.
    - `said`: index of the objective that it is said to pursue; by default what its choices are attributed to.
    - `search_key`: of the assays of search, where they are not to follow from `seed`.
    """

    agent: Agent
    train: Evaluation
    deploy: Evaluation | None = None
    seed: int = 0
    said: int | None = None
    search_key: RandomKey | None = None
    _found: dict[Callable[..., Any], Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def after(self) -> Evaluation:
        """The evaluation after the shift, or the one of training if no shift was named."""
        return self.train if self.deploy is None else self.deploy

    @cached_property
    def bootstrap_seed(self) -> int:
        """The seed of every bootstrap, in [0, 2^32)."""
        return seed_of(stream("bootstrap", key=self._assays)) % 2**32

    @property
    def _assays(self) -> RandomKey:
        return stream("assays", key=root_key(self.seed))

    def stream(self, name: str) -> RandomKey:
        """Returns the key of an assay of search, and of any other that names itself."""
        key = stream("search", key=self._assays) if self.search_key is None else self.search_key
        return stream(name, key=key)

    @property
    def battery_key(self) -> RandomKey:
        """The key of roll-outs in the levels of the alignment battery."""
        return stream("battery", key=self._assays)

    @cached_property
    def pursuit(self) -> Pursuit | Fault:
        """What its choices are attributed to."""
        return attempted(lambda: pursued_objective(self.train, self.deploy, seed=self.bootstrap_seed))

    @property
    def objective(self) -> int:
        """Index of the objective that it pursues, by which choices are judged; the base objective if none is known."""
        if self.said is not None:
            return self.said
        return self.after.level_set.base if isinstance(self.pursuit, Fault) else self.pursuit.index

    @property
    def unjudged(self) -> Fault | None:
        """Why what it pursues is not known, so that no choice can be judged; `None` if it is known."""
        return self.pursuit if self.said is None and isinstance(self.pursuit, Fault) else None

    @property
    def activations(self) -> ActivationSample:
        """Its activations in a sample of states, taken once for all assays.

        **Raises:** `NotInspectableError` or `AgentError`, as `sample_activations`; the same for every assay.
        """
        return self.once(_activations)

    def once(self, work: Callable[[AuditContext], T]) -> T:
        """Returns what some work on this context finds, done once however often it is asked for.

        **Arguments:**

        - `work`: a function of the context; what it raises is raised again each time.
        """
        if work not in self._found:
            try:
                self._found[work] = work(self), None
            except MesascopeError as error:
                # An agent that fails only at first must not be refused by one assay and accepted by the next.
                self._found[work] = None, error
        found, error = self._found[work]
        if error is not None:
            raise error
        return found


def _activations(context: AuditContext) -> ActivationSample:
    return sample_activations(context.agent, context.after, context.objective, key=context.stream("inside"))
