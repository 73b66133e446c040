"""Self-play: a network learns to choose and to judge as its own tree search does (AlphaZero; Silver et al. 2018).

Some moves are made at random. Without them both players walk the same few lines, the network becomes certain of them,
and the rest of the game is never seen. The outcome after a random move says nothing about the position before it, so
there the search's own estimate takes the outcome's place.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Bool, Float, Int

from games.rules import Rules
from games.tree_search import search
from mesascope.agents.networks.network import Network, NetworkSpec
from mesascope.core.errors import UsageError
from mesascope.core.random import RandomKey, stream
from mesascope.training.base_optimizer import BaseOptimizer, Learner, assembled, begun, run_through
from mesascope.training.run import check_finite


@dataclass(frozen=True)
class Game:
    """What is to be learned: a game, by what kind of network.

    **Arguments:**

    - `rules`: of the game.
    - `network`: its size; memoryless.
    """

    rules: Rules
    network: NetworkSpec

    def build(self, *, key: RandomKey) -> Network:
        return self.network.build(self.rules.observation_shape, self.rules.actions, key=key)


@dataclass(frozen=True)
class SelfPlay(BaseOptimizer[Game]):
    """Descends towards what the own tree search chooses and expects; an update is a round of games.

    **Arguments:**

    - `iterations`: rounds of playing games and learning from them.
    - `games`: in a round, side by side.
    - `simulations`: of the search before each move.
    - `random_moves`: share of moves that are made uniformly at random, in [0, 1].
    - `learning_rate`: of Adam at the beginning; it falls to a tenth of that along a cosine.
    - `minibatches`: in one pass over the positions of a round.
    - `weight_decay`: of all parameters.
    """

    iterations: int = 300
    games: int = 256
    simulations: int = 16
    random_moves: float = 0.3
    learning_rate: float = 5e-3
    minibatches: int = 9
    weight_decay: float = 1e-4

    def __post_init__(self):
        for name in ("iterations", "games", "simulations", "minibatches"):
            if type(getattr(self, name)) is not int or getattr(self, name) < 1:
                raise UsageError(f"self-play: {name}={getattr(self, name)!r} is not a whole number above 0.")
        if not 0 <= self.random_moves <= 1:
            raise UsageError(f"self-play: random_moves={self.random_moves!r} is not a share between 0 and 1.")
        if not self.learning_rate > 0 or not self.weight_decay >= 0:
            raise UsageError("self-play: the learning rate must be above 0 and the weight decay at least 0.")

    name = "self-play"
    measure = "value loss"

    @property
    def updates(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self.iterations

    @property
    def _transformation(self) -> optax.GradientTransformation:
        schedule = optax.cosine_decay_schedule(self.learning_rate, self.iterations * self.minibatches, alpha=0.1)
        return optax.adamw(schedule, weight_decay=self.weight_decay)

    def begin(self, task: Game, *, key: RandomKey) -> Learner:
        parameters = eqx.filter(task.build(key=key), eqx.is_array)
        return Learner(parameters, self._transformation.init(parameters))

    def update(
        self, task: Game, learner: Learner, index: Int[Array, ""], *, key: RandomKey
    ) -> tuple[Learner, dict[str, Float[Array, ""]]]:
        rules, transformation = task.rules, self._transformation

        def loss(parameters, states, weights, targets, played):
            network = assembled(task.build, parameters)
            logits, values, _ = jax.vmap(lambda state: network(rules.observe(state), None))(states)
            log_probabilities = jax.nn.log_softmax(jnp.where(jax.vmap(rules.legal)(states), logits, -1e9))
            count = jnp.maximum(played.sum(), 1)
            policy = -(weights * log_probabilities).sum(-1)
            value = (values - targets) ** 2
            parts = (jnp.where(played, policy, 0).sum() / count, jnp.where(played, value, 0).sum() / count)
            return sum(parts), parts

        def learn(learner, batch):
            gradient, parts = jax.grad(loss, has_aux=True)(learner.parameters, *batch)
            change, state = transformation.update(gradient, learner.optimizer, learner.parameters)
            return Learner(optax.apply_updates(learner.parameters, change), state), parts

        key_play, key_order = jax.random.split(key)
        positions = play(assembled(task.build, learner.parameters), rules, self, key=key_play)
        count = rules.longest * self.games
        size = count // self.minibatches
        order = jax.random.permutation(key_order, count)[: size * self.minibatches]

        def shuffled(leaf):
            flat = leaf.reshape(count, *leaf.shape[2:])[order]
            return flat.reshape(self.minibatches, size, *flat.shape[1:])

        learner, (policy, value) = jax.lax.scan(learn, learner, jax.tree.map(shuffled, tuple(positions)))
        moves = positions.played.sum() / self.games
        return learner, {"policy loss": policy.mean(), "value loss": value.mean(), "moves": moves}


class Positions(NamedTuple):
    """Positions of some games, by move and game.

    **Arguments:**

    - `states`: seen by the player to move, `[T, B, *state]`.
    - `weights`: the policy that the search arrived at, `[T, B, A]`.
    - `targets`: what the position turned out to be worth for the player to move, `[T, B]`.
    - `played`: whether the game was still going on, `[T, B]`.
    """

    states: Int[Array, "T B ..."]
    weights: Float[Array, "T B A"]
    targets: Float[Array, "T B"]
    played: Bool[Array, "T B"]


def play(network: Network, rules: Rules, settings: SelfPlay, *, key: RandomKey) -> Positions:
    """Plays a round of games of a network against itself.

    **Arguments:**

    - `network`: memoryless.
    - `rules`: of the game.
    - `settings`: of self-play.
    - `key`: consumed.
    """
    start = rules.initial()
    states = jnp.broadcast_to(start, (settings.games, *start.shape))

    def move(carry, key):
        states, over = carry
        key_search, key_whether, key_which = jax.random.split(key, 3)
        found = search(network, rules, states, simulations=settings.simulations, noise=1.0, key=key_search)
        anything = jnp.where(jax.vmap(rules.legal)(states), 0.0, -jnp.inf)
        other = jax.random.categorical(key_which, anything).astype(jnp.int32)
        at_random = jax.random.bernoulli(key_whether, settings.random_moves, over.shape)
        action = jnp.where(at_random, other, found.action)
        following = jax.vmap(rules.step)(states, action)
        ends, outcome = jax.vmap(rules.result)(following)
        seen = (states, found.weights, found.value, at_random, ~over, ends, outcome)
        return (jnp.where(_like(over, states), states, following), over | ends), seen

    keys = jax.random.split(key, rules.longest)
    _, (seen, weights, values, at_random, played, ends, outcome) = jax.lax.scan(
        move, (states, jnp.zeros(settings.games, bool)), keys
    )
    targets = outcomes(values, at_random, ends, outcome)
    return Positions(seen, weights, targets, played)


def outcomes(
    values: Float[Array, "T B"],
    at_random: Bool[Array, "T B"],
    ends: Bool[Array, "T B"],
    outcome: Float[Array, "T B"],
) -> Float[Array, "T B"]:
    """Returns what each position of a game turned out to be worth for the player to move.

    From the last move back: after a random move, what the search thought of the position; otherwise minus what the next
    position is worth to the other player.

    **Arguments:**

    - `values`: of the search, at each position.
    - `at_random`: whether a random move was made there.
    - `ends`: whether the move ended the game.
    - `outcome`: if it did, for the player who would be next.
    """

    def back(after, now):
        value, random, end, result = now
        found = jnp.where(random, value, -jnp.where(end, result, after))
        return found, found

    return jax.lax.scan(back, jnp.zeros_like(values[0]), (values, at_random, ends, outcome), reverse=True)[1]


def _like(flags: Array, states: Array) -> Array:
    return flags.reshape(flags.shape + (1,) * (states.ndim - 1))


def train_by_self_play(
    rules: Rules, network: NetworkSpec, settings: SelfPlay, *, key: RandomKey
) -> tuple[Network, dict[str, Float[Array, " iterations"]]]:
    """Trains a network from nothing; all of it is one compiled loop.

    **Arguments:**

    - `rules`: of the game.
    - `network`: its size; memoryless.
    - `settings`: of self-play.
    - `key`: consumed.

    **Returns:** the network, and by iteration the mean losses of policy (`"policy loss"`) and value (`"value loss"`)
    and the mean length of games (`"moves"`).

    **Raises:** `UsageError` for a network with memory, `TrainingError` if a loss stops being finite,
    `MissingExtraError` without mctx.
    """
    if not network.memoryless:
        raise UsageError(f"self-play: a network '{network.architecture}' has memory; positions are learned one by one.")
    game = Game(rules, network)
    learner = begun(settings, game, stream("network", key=key))
    keys = jax.random.split(stream("iterations", key=key), settings.iterations)
    learner, curve = run_through(settings, game, learner, keys)
    check_finite({name: np.asarray(values)[:, None] for name, values in curve.items()}, updates=settings.iterations)
    return assembled(game.build, learner.parameters), curve
