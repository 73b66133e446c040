"""Descent of a loss with Adam: what base optimizers share that follow a gradient, whatever it is the gradient of."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import optax
from jaxtyping import Array, Float, PyTree

from mesascope.core.random import RandomKey
from mesascope.training.base_optimizer import BaseOptimizer, Learner, SomeTask


class Descent(BaseOptimizer[SomeTask]):
    """A base optimizer that steps with Adam, at a rate that it decides update by update."""

    learning_rate: float
    """At the start."""
    clip: float
    """Largest norm of a gradient."""

    @property
    def _transformation(self) -> optax.GradientTransformation:
        # As one vector: a small network has more arrays than arithmetic.
        return optax.flatten(optax.chain(optax.clip_by_global_norm(self.clip), optax.scale_by_adam()))

    def begin(self, task: Any, *, key: RandomKey) -> Learner:
        parameters = eqx.filter(task.build(key=key), eqx.is_array)
        return self.restarted(parameters)

    def restarted(self, parameters: PyTree) -> Learner:
        """Returns the learner that goes on from these arrays of a network, and remembers nothing."""
        return Learner(parameters, self._transformation.init(parameters))

    def stepped(self, learner: Learner, gradient: PyTree, share: Float[Array, ""]) -> Learner:
        """Returns the learner one step down a gradient.

        **Arguments:**

        - `learner`: before it.
        - `gradient`: of a loss, by the parameters.
        - `share`: of the learning rate.
        """
        steps, optimizer = self._transformation.update(gradient, learner.optimizer)
        parameters = jax.tree.map(lambda old, step: old - self.learning_rate * share * step, learner.parameters, steps)
        return Learner(parameters, optimizer)
