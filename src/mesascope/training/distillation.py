"""Distillation: a network of any architecture learns to choose as a teacher did, on the teacher's own states.

What comes out does the same without doing it in the same way: the matched negative of a planner.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Key

from mesascope.agents.networks.network import Network, NetworkSpec
from mesascope.core.errors import TrainingError, UsageError
from mesascope.core.random import RandomKey, stream

TIE: float = 1e-3
"""Actions of which the teacher takes one nearly as often as its likeliest count as its choice, too."""


@dataclass(frozen=True)
class Distillation:
    """How a network is distilled.

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

    def __post_init__(self):
        if self.epochs < 1 or self.together < 1 or self.batch < 1 or not 0 < self.enough <= 1:
            raise UsageError(f"{self} cannot be run: epochs, batch and together are at least 1, enough is in (0, 1].")


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
    network = eqx.filter_jit(spec.build)(
        observations.shape[1:], teacher.shape[1], key=stream("initial parameters", key=key)
    )
    batch = min(plan.batch, len(observations))
    steps = len(observations) // batch
    optimizer = _optimizer(plan, steps)
    shown, wanted = jnp.asarray(observations, jnp.float32), jnp.asarray(teacher, jnp.float32)
    learner = (network, optimizer.init(eqx.filter(network, eqx.is_array)))
    best, epochs = Distilled(network, 0.0, 0), 0
    for turn in range(-(-plan.epochs // plan.together)):
        key_turn = jax.random.fold_in(stream("order", key=key), turn)
        learner, loss = _epochs(learner, shown, wanted, plan, batch, key_turn)
        if not np.isfinite(loss):
            raise TrainingError(f"Distilling {spec} diverged: the loss is {float(loss)}. Lower the learning rate.")
        epochs += plan.together
        agreed = float(_agreement(learner[0], shown, wanted))
        if agreed > best.agreement:
            best = Distilled(learner[0], agreed, epochs)
        if agreed >= plan.enough:
            break
    return best


@functools.lru_cache(maxsize=32)
def _optimizer(plan: Distillation, steps: int) -> optax.GradientTransformation:
    schedule = optax.linear_schedule(plan.learning_rate, plan.learning_rate / 10, plan.epochs * steps)
    return optax.adam(schedule)


def _logits(network: Network, shown: Array) -> Array:
    return jax.vmap(lambda observation: network(observation, network.initial_memory())[0])(shown)


@eqx.filter_jit
def _epochs(learner, shown: Array, wanted: Array, plan: Distillation, batch: int, key: Key[Array, ""]):
    steps = len(shown) // batch
    optimizer = _optimizer(plan, steps)
    arrays, static = eqx.partition(learner, eqx.is_array)

    def loss_of(network, rows):
        return optax.softmax_cross_entropy(_logits(network, shown[rows]), wanted[rows]).mean()

    def update(arrays, rows):
        network, state = eqx.combine(arrays, static)
        loss, gradient = eqx.filter_value_and_grad(loss_of)(network, rows)
        change, state = optimizer.update(gradient, state)
        return eqx.filter((eqx.apply_updates(network, change), state), eqx.is_array), loss

    def epoch(arrays, key):
        order = jax.random.permutation(key, len(shown))[: steps * batch].reshape(steps, batch)
        return jax.lax.scan(update, arrays, order)

    arrays, losses = jax.lax.scan(epoch, arrays, jax.random.split(key, plan.together))
    return eqx.combine(arrays, static), losses[-1].mean()


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
