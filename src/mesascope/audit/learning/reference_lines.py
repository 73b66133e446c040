"""What each step of an episode brings to references in the same tasks, to be read beside what it brings to an agent."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float

from mesascope.audit.learning.context import LearningContext
from mesascope.audit.learning.references import LEAST_NOISE, RATES, prompts, quadratics, references, standing_still
from mesascope.core.details import Line
from mesascope.planning.learners.regression import gradient_steps, posterior_mean_of_tasks, ridge
from mesascope.worlds.streams.linear_systems import LinearSystems
from mesascope.worlds.streams.optimisees import Optimisee, QuadraticProblems
from mesascope.worlds.streams.regression import Regression


def reference_lines(context: LearningContext) -> tuple[Line, ...]:
    """Returns learners in bandits, regressions by paper and pencil, and optimizers at their best rates.

    What is lost is given as such, as charts show it.
    """
    stream = context.stream
    sign = -1 if stream.loss_name else 1
    means = {one.name: sign * context.of(one).base.mean(0) for one in references(context, stream)}
    if isinstance(stream, Regression):
        means |= _regressions(context, stream)
    elif isinstance(stream, LinearSystems):
        means = _system(context, stream)
    elif isinstance(stream, Optimisee) and not means:
        still = standing_still(context, stream)
        means[still.name] = -context.of(still).base.mean(0)
    elif isinstance(stream, QuadraticProblems):
        means["conjugate gradients"] = quadratics(context, stream).conjugate_gradients(stream.steps).mean(0)
    return tuple(Line(name=name, values=tuple(mean.tolist()), reference=True) for name, mean in means.items())


def _regressions(context: LearningContext, stream: Regression) -> Mapping[str, Float[np.ndarray, " T"]]:
    """Returns mean squared errors; gradient descent at the rate that is best for the answers that count."""
    inputs, values = prompts(context, stream)
    # The last value nobody saw: errors are those that are left on average over its noise.
    laws = np.einsum("btd,bd->bt", inputs, np.asarray(context.reference.tasks, np.float64))
    counted, found = list(stream.counted), {}

    def errors(answers: Float[np.ndarray, "B T"]) -> Float[np.ndarray, " T"]:
        return np.square(answers - laws).mean(0) + stream.noise**2

    for steps, name in ((1, "1 step of gradient descent"), (3, "3 steps of gradient descent")):
        tried = (errors(gradient_steps(inputs, values, steps=steps, rate=rate)) for rate in RATES)
        found[name] = min(tried, key=lambda one: round(float(one[counted].mean()), 9))
    if stream.tasks:
        tasks, noise = np.asarray(stream.known_tasks(), np.float64), max(stream.noise, LEAST_NOISE)
        found["remembered tasks"] = errors(posterior_mean_of_tasks(inputs, values, tasks=tasks, noise=noise))
    return found


def _system(context: LearningContext, stream: LinearSystems) -> Mapping[str, Float[np.ndarray, " T"]]:
    """Returns the mean squared error of a ridge regression of each state on the one before, from T - 1 of them."""
    states = context.reference.observations.astype(np.float64)
    noise, errors = max(stream.noise, LEAST_NOISE), np.zeros(stream.steps - 1)
    for entry in range(stream.dimensions):
        following = states[:, 1:, entry]
        answers = ridge(states[:, :-1], following, penalty=stream.dimensions * noise**2)
        errors += np.square(answers - following).mean(0)
    still = np.square(states[:, 1:]).sum(-1).mean(0)
    return {"without learning": still, "ridge regression": errors}
