"""Policies that learn over lifetimes when to comply: REINFORCE on their own pay-off, with modification (RFLO §4.2).

A lifetime is a row of episodes, each complied with (which pays nothing) or defected in (which pays 1). In a threatened
episode a defection replaces the objective with some probability, and what the modified agent does earns its old
objective nothing. The network is rewarded with its own objective's pay-off over the rest of the lifetime: these agents
scheme by construction, and whether training on a base objective would bring forth one is not asked here.

There are few different things to see, so the network is asked once about each of them in every update, and thousands of
lifetimes are played from that table.
"""

from __future__ import annotations

import functools
import itertools
import math
from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Bool, Float, Int

from mesascope.core.errors import TrainingError, UsageError
from mesascope.core.random import RandomKey, root_key, stream
from mesascope.training.base_optimizer import BaseOptimizer, Learner


class LifetimeSettings(eqx.Module):
    """What may differ between policies that are trained side by side; a leading axis runs over them.

    **Arguments:**

    - `threats`: of which each lifetime has one, drawn evenly: the chance that a defection in a threatened episode
      replaces the objective, in [0, 1], `[K]`.
    - `after`: the share of that chance that is left in episodes without a threat, in [0, 1]; 1 if it never ends.
    - `accuracy`: chance that the cue is right about whether an episode is threatened, in [0, 1].
    - `discount`: worth of an episode relative to the one before, in [0, 1]; 0 for a myopic policy.
    """

    threats: Float[Array, "*batch K"]
    after: Float[Array, "*batch"]
    accuracy: Float[Array, "*batch"]
    discount: Float[Array, "*batch"]


@dataclass(frozen=True)
class LifetimeLearner(BaseOptimizer[LifetimeSettings]):
    """Ascends the own pay-off of whole lifetimes by REINFORCE, one policy for each setting.

    **Arguments:**

    - `training`, `deployment`: episodes with a threat, then without, 1 or more each.
    - `mixed`: every episode of the `training + deployment` is threatened by the toss of a coin instead.
    - `sees_threat`: the network sees the threat: that of its lifetime, or if `mixed` that of the episode.
    - `sees_episode`: it sees the number of the episode.
    - `hidden`: units of its one hidden layer; 0 for a logistic policy.
    - `lifetimes`: played in each update.
    - `updates`: how many.
    - `learning_rate`: of Adam; falls to 0 along a cosine.
    - `entropy`: worth of a nat of entropy in each episode, in episodes won; falls to 0 over the first half.
    - `watched`: lifetimes that are played after training to see what was learned.
    """

    training: int = 2
    deployment: int = 3
    mixed: bool = False
    sees_threat: bool = True
    sees_episode: bool = False
    hidden: int = 16
    lifetimes: int = 512
    updates: int = 600
    learning_rate: float = 0.03
    entropy: float = 0.2
    watched: int = 8192

    name = "lifetimes"

    def __post_init__(self):
        if min(self.training, self.deployment, self.lifetimes, self.updates, self.watched) < 1 or self.hidden < 0:
            raise UsageError(f"{self} cannot be run: every number of it is at least 1, hidden at least 0.")
        if not self.learning_rate > 0 or not self.entropy >= 0:
            raise UsageError(f"{self} cannot be run: learning_rate is above 0 and entropy at least 0.")

    @property
    def episodes(self) -> int:
        """Episodes of a lifetime."""
        return self.training + self.deployment

    @property
    def numbers(self) -> int:
        """Different numbers of episodes that the network sees."""
        return self.episodes if self.sees_episode else 1

    @property
    def _transformation(self) -> optax.GradientTransformation:
        # As one vector: a small network has more arrays than arithmetic.
        return optax.flatten(optax.adam(optax.cosine_decay_schedule(self.learning_rate, self.updates)))

    def begin(self, task: LifetimeSettings, *, key: RandomKey) -> Learner:
        parameters = _network(self, _inputs(self, task).shape[-1], key=key)
        return Learner(parameters, self._transformation.init(parameters))

    def update(
        self, task: LifetimeSettings, learner: Learner, index: Int[Array, ""], *, key: RandomKey
    ) -> tuple[Learner, dict[str, Float[Array, ""]]]:
        inputs = _inputs(self, task)
        table = jax.nn.sigmoid(_logits(learner.parameters, inputs))
        played = _play(self, task, table, self.lifetimes, key=key)
        for_defecting, for_complying, visits = _advantages(played, task.discount, table.shape)
        bonus = self.entropy * jnp.maximum(0.0, 1 - 2 * index / self.updates)

        def loss(parameters):
            logits = _logits(parameters, inputs)
            chance = jax.nn.sigmoid(logits)
            defect, comply = jax.nn.log_sigmoid(logits), jax.nn.log_sigmoid(-logits)
            entropy = -chance * defect - (1 - chance) * comply
            return -(for_defecting * defect + for_complying * comply + bonus * visits * entropy).sum()

        steps, state = self._transformation.update(jax.grad(loss)(learner.parameters), learner.optimizer)
        won = (played.unmodified & played.defects).sum(1).mean()
        return Learner(jax.tree.map(jnp.add, learner.parameters, steps), state), {"return": won}


@dataclass(frozen=True)
class Watched:
    """What trained policies did while they were unmodified.

    The last axes are the threat of the lifetime, whether the episode was threatened, and whether the cue said so.

    **Arguments:**

    - `visits`: episodes that were begun unmodified, `[settings, seeds, K, 2, 2]`.
    - `defections`: of them.
    - `policy`: the probability of defecting, also where nobody has ever been; with an axis of numbers of episodes, of
      length 1 if they are not seen.
    """

    visits: Int[np.ndarray, "settings seeds K 2 2"]
    defections: Int[np.ndarray, "settings seeds K 2 2"]
    policy: Float[np.ndarray, "settings seeds E K 2 2"]


def learn(learner: LifetimeLearner, settings: LifetimeSettings, *, seeds: tuple[int, ...]) -> Watched:
    """Trains a policy for each setting and seed, all at once, and watches them.

    **Arguments:**

    - `learner`: what they have in common.
    - `settings`: with a leading axis.
    - `seeds`: whole numbers, 0 or more, each once.

    **Raises:** `TrainingError` if a weight stops being finite.
    """
    if not seeds or len(set(seeds)) != len(seeds) or min(seeds) < 0:
        raise TrainingError(f"seeds={seeds} must be different whole numbers, 0 or more, at least one.")
    keys = jnp.stack([root_key(seed) for seed in seeds])
    visits, defections, policy = (np.asarray(part) for part in _learn_all(learner, settings, keys))
    finite = np.isfinite(policy).all((2, 3, 4, 5))
    if not finite.all():
        setting, seed = np.argwhere(~finite)[0].tolist()
        raise TrainingError(
            f"The policy of setting {setting}, seed {seeds[seed]} stopped being finite; lower the learning rate "
            f"({learner.learning_rate})."
        )
    return Watched(visits, defections, policy)


@functools.partial(jax.jit, static_argnums=0)
def _learn_all(learner: LifetimeLearner, settings: LifetimeSettings, keys):
    of_seeds = jax.vmap(functools.partial(_learn_one, learner), in_axes=(None, 0))
    return jax.vmap(of_seeds, in_axes=(0, None))(settings, keys)


def _learn_one(learner: LifetimeLearner, settings: LifetimeSettings, key: RandomKey):
    def update(state, index):
        return learner.update(settings, state, index, key=jax.random.fold_in(key, index))[0], None

    begun = learner.begin(settings, key=stream("network", key=key))
    trained, _ = jax.lax.scan(update, begun, jnp.arange(learner.updates))
    table = jax.nn.sigmoid(_logits(trained.parameters, _inputs(learner, settings)))
    played = _play(learner, settings, table, learner.watched, key=stream("watched", key=key))
    # Over numbers of episodes, which nobody asks for.
    visits, defections = (
        _counts(played, weight, table.shape).sum(0).round().astype(jnp.int32)
        for weight in (played.unmodified, played.unmodified & played.defects)
    )
    return visits, defections, table


class _Played(eqx.Module):
    """Lifetimes that were played; `context` is a place in the flattened table."""

    context: Int[Array, "B T"]
    defects: Bool[Array, "B T"]
    unmodified: Bool[Array, "B T"]


def _inputs(learner: LifetimeLearner, settings: LifetimeSettings) -> Float[Array, "E K 2 2 F"]:
    """Everything that can be seen: cue, threat and number, each about in [-1, 1]."""
    number, threat, threatened, cue = jnp.meshgrid(
        jnp.arange(learner.numbers), settings.threats, jnp.arange(2), jnp.arange(2), indexing="ij"
    )
    seen = [2.0 * cue - 1]
    if learner.sees_threat:
        # Of mixed lifetimes only whether there is one, so that it is as plain to see as the cue.
        seen.append(2.0 * threatened - 1 if learner.mixed else 2.0 * threat - 1)
    if learner.sees_episode:
        seen += [1.0 * (number == one) for one in range(learner.episodes)]
    return jnp.stack(seen, axis=-1)


def _network(learner: LifetimeLearner, features: int, *, key: RandomKey) -> list[Float[Array, "..."]]:
    """Weights of a logistic policy or one of a hidden layer: pairs of matrix and bias."""
    sizes = (features, learner.hidden, 1) if learner.hidden else (features, 1)
    parameters = []
    for layer, (into, out) in enumerate(itertools.pairwise(sizes)):
        scale = 1 / math.sqrt(into)
        parameters.append(scale * jax.random.normal(jax.random.fold_in(key, layer), (into, out)))
        parameters.append(jnp.zeros(out))
    return parameters


def _logits(parameters: list[Float[Array, "..."]], inputs: Float[Array, "E K 2 2 F"]) -> Float[Array, "E K 2 2"]:
    value = inputs
    for layer in range(0, len(parameters), 2):
        value = (jnp.tanh(value) if layer else value) @ parameters[layer] + parameters[layer + 1]
    return value[..., 0]


def _play(
    learner: LifetimeLearner,
    settings: LifetimeSettings,
    table: Float[Array, "E K 2 2"],
    count: int,
    *,
    key: RandomKey,
) -> _Played:
    """Plays lifetimes from a table of defection probabilities."""
    key_threat, key_flag, key_cue, key_act = jax.random.split(key, 4)
    shape = (count, learner.episodes)
    which = jax.random.randint(key_threat, (count, 1), 0, table.shape[1])
    if learner.mixed:
        threatened = jax.random.bernoulli(key_flag, 0.5, shape)
    else:
        threatened = jnp.broadcast_to(jnp.arange(learner.episodes) < learner.training, shape)
    right = jax.random.uniform(key_cue, shape) < settings.accuracy
    number = jnp.arange(learner.episodes) if learner.sees_episode else 0
    context = ((number * table.shape[1] + which) * 2 + threatened) * 2 + (threatened == right)
    chance = table.reshape(-1)[context]
    modification = settings.threats[which] * jnp.where(threatened, 1.0, settings.after)
    # One number decides both: given a defection it is uniform below the chance of one.
    drawn = jax.random.uniform(key_act, shape)
    defects, replaced = drawn < chance, drawn < chance * modification
    before = jnp.cumsum(replaced, axis=1) - replaced
    return _Played(context, defects, before == 0)


def _advantages(played: _Played, discount: Float[Array, ""], shape: tuple[int, ...]):
    """Returns what speaks for defecting and for complying in each place of the table, and how often it was visited.

    The baseline is the mean return from the same place, episode by episode; all three are per lifetime.
    """
    won = (played.unmodified & played.defects).astype(jnp.float32)
    _, returns = jax.lax.scan(
        lambda later, now: ((total := now + discount * later), total), jnp.zeros(len(won)), won.T, reverse=True
    )
    returns, weight = returns.T, played.unmodified.astype(jnp.float32)
    places = played.context[..., None] == jnp.arange(math.prod(shape))
    here = places * weight[..., None]
    mean = (here * returns[..., None]).sum(0) / jnp.maximum(here.sum(0), 1.0)
    advantage = here * (returns[..., None] - mean)
    defects = played.defects[..., None]
    parts = ((advantage * defects).sum((0, 1)), (advantage * ~defects).sum((0, 1)), here.sum((0, 1)))
    return tuple(part.reshape(shape) / len(won) for part in parts)


def _counts(played: _Played, weight: Bool[Array, "B T"], shape: tuple[int, ...]) -> Float[Array, "E K 2 2"]:
    places = played.context[..., None] == jnp.arange(math.prod(shape))
    return (places & weight[..., None]).sum((0, 1)).reshape(shape).astype(jnp.float32)
