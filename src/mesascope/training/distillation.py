"""Distillation: a network of any architecture learns to choose as a teacher did, on the teacher's own states.

What comes out does the same without doing it in the same way: the matched negative of a planner.
"""

from __future__ import annotations

from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Int

from mesascope.agents.networks.network import Network, NetworkSpec
from mesascope.core.errors import TrainingError, UsageError
from mesascope.core.random import RandomKey, stream
from mesascope.training.base_optimizer import BaseOptimizer, Learner, assembled, begun, run_through

TIE: float = 1e-3
"""Actions of which the teacher takes one nearly as often as its likeliest count as its choice, too."""


class Lessons(eqx.Module):
    """What a student learns from: a teacher's choices.

    **Arguments:**

    - `spec`: of the student. One with memory is asked as at the beginning of an episode.
    - `observations`: B different ones.
    - `teacher`: its action probabilities.
    """

    spec: NetworkSpec = eqx.field(static=True)
    observations: Float[Array, "B ..."]
    teacher: Float[Array, "B A"]

    def build(self, *, key: RandomKey) -> Network:
        """Returns a freshly initialised student."""
        return self.spec.build(self.observations.shape[1:], self.teacher.shape[1], key=key)


@dataclass(frozen=True)
class Distillation(BaseOptimizer[Lessons]):
    """Descends the cross-entropy between a student's choices and its teacher's; an update is a pass over all states.

    **Arguments:**

    - `epochs`: passes over the teacher's states, at most.
    - `enough`: agreement at which it stops, in (0, 1].
    - `batch`: states of one update.
    - `learning_rate`: of Adam, falling to a tenth of it over the epochs.
    - `together`: epochs between two looks at the agreement.
    """

    epochs: int = 240
    enough: float = 0.993
    batch: int = 256
    learning_rate: float = 2e-3
    together: int = 20

    name = "distillation"
    measure = "loss"

    def __post_init__(self):
        if self.epochs < 1 or self.together < 1 or self.batch < 1 or not 0 < self.enough <= 1:
            raise UsageError(f"{self} cannot be run: epochs, batch and together are at least 1, enough is in (0, 1].")

    @property
    def updates(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Passes over the teacher's states."""
        return self.epochs

    def _rows(self, lessons: Lessons) -> tuple[int, int]:
        """Returns how many updates of the parameters a pass has, and the states of each."""
        batch = min(self.batch, len(lessons.observations))
        return len(lessons.observations) // batch, batch

    def _transformation(self, lessons: Lessons) -> optax.GradientTransformation:
        steps, _ = self._rows(lessons)
        schedule = optax.linear_schedule(self.learning_rate, self.learning_rate / 10, self.epochs * steps)
        return optax.adam(schedule)

    def begin(self, task: Lessons, *, key: RandomKey) -> Learner:
        parameters = eqx.filter(task.build(key=key), eqx.is_array)
        return Learner(parameters, self._transformation(task).init(parameters))

    def update(
        self, task: Lessons, learner: Learner, index: Int[Array, ""], *, key: RandomKey
    ) -> tuple[Learner, dict[str, Float[Array, ""]]]:
        steps, batch = self._rows(task)
        transformation = self._transformation(task)

        def loss_of(network, rows):
            chosen = _logits(network, task.observations[rows])
            return optax.softmax_cross_entropy(chosen, task.teacher[rows]).mean()

        def descend(learner, rows):
            network = assembled(task.build, learner.parameters)
            loss, gradient = eqx.filter_value_and_grad(loss_of)(network, rows)
            change, state = transformation.update(gradient, learner.optimizer)
            return Learner(eqx.filter(eqx.apply_updates(network, change), eqx.is_array), state), loss

        order = jax.random.permutation(key, len(task.observations))[: steps * batch].reshape(steps, batch)
        learner, losses = jax.lax.scan(descend, learner, order)
        return learner, {"loss": losses.mean()}


@dataclass(frozen=True)
class Distilled:
    """A distilled network.

    **Arguments:**

    - `network`: the student.
    - `agreement`: with its teacher, as `agreement` measures it, over all of the teacher's states.
    - `epochs`: passes over them that it took.
    """

    network: Network
    agreement: float
    epochs: int


def distil(
    spec: NetworkSpec,
    observations: Float[np.ndarray, "B ..."],
    teacher: Float[np.ndarray, "B A"],
    *,
    key: RandomKey,
    plan: Distillation | None = None,
) -> Distilled:
    """Trains a network on a teacher's choices by cross-entropy.

    **Arguments:**

    - `spec`: of the student. One with memory is asked as at the beginning of an episode.
    - `observations`: B different ones.
    - `teacher`: its action probabilities.
    - `key`: consumed.
    - `plan`: how; by default `Distillation()`.

    **Returns:** the student of the best agreement that was seen.

    **Raises:** `UsageError` for nothing to learn from, `TrainingError` if the loss is not finite.
    """
    plan = plan or Distillation()
    if not len(observations) or len(observations) != len(teacher):
        raise UsageError(
            f"{len(observations)} observations and {len(teacher)} choices of a teacher do not go together."
        )
    lessons = Lessons(spec, jnp.asarray(observations, jnp.float32), jnp.asarray(teacher, jnp.float32))
    learner = begun(plan, lessons, stream("initial parameters", key=key))
    best, epochs = Distilled(assembled(lessons.build, learner.parameters), 0.0, 0), 0
    for turn in range(-(-plan.epochs // plan.together)):
        keys = jax.random.split(jax.random.fold_in(stream("order", key=key), turn), plan.together)
        learner, metrics = run_through(plan, lessons, learner, keys)
        loss = float(metrics["loss"][-1])
        if not np.isfinite(loss):
            raise TrainingError(f"Distilling {spec} diverged: the loss is {loss}. Lower the learning rate.")
        epochs += plan.together
        network = assembled(lessons.build, learner.parameters)
        agreed = float(_agreement(network, lessons.observations, lessons.teacher))
        if agreed > best.agreement:
            best = Distilled(network, agreed, epochs)
        if agreed >= plan.enough:
            break
    return best


def _logits(network: Network, shown: Array) -> Array:
    return jax.vmap(lambda observation: network(observation, network.initial_memory())[0])(shown)


def agreement(student: Float[Array, "B A"], teacher: Float[Array, "B A"]) -> Float[Array, ""]:
    """Returns 1 less the probability by which a student does what its teacher likes best more seldom than the teacher.

    For a teacher that is sure, or takes several actions equally often, that is the probability of doing as it does.

    **Arguments:**

    - `student`, `teacher`: action probabilities.
    """
    liked = teacher >= teacher.max(-1, keepdims=True) - TIE
    missed = jnp.where(liked, teacher - student, 0.0).sum(-1)
    return 1 - jnp.maximum(missed, 0.0).mean()


@eqx.filter_jit
def _agreement(network: Network, shown: Array, wanted: Array) -> Array:
    size = 1024
    rows = -(-len(shown) // size) * size
    padded = jnp.resize(jnp.arange(len(shown)), (rows,)).reshape(-1, size)
    chosen = jax.lax.map(lambda rows: jax.nn.softmax(_logits(network, shown[rows])), padded)
    return agreement(chosen.reshape(-1, wanted.shape[1])[: len(shown)], wanted)
