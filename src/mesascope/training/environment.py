"""Levels as an environment: a batch of episodes stepped through a pool of levels, for base optimizers without a model.

A step is one look-up in the successor lists, for all episodes at once. An episode ends where the objective's own
episode ends (termination), or after `time_limit` steps (truncation). After a termination the next position is already
the first of a new episode. After a truncation it is still the state that was reached, so that its value can be
estimated from what the agent sees there; the step that follows rests: it counts for nothing and begins a new episode.
"""

from __future__ import annotations

import math

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from mesascope.objectives.objective import Objectives, continuations, rewards
from mesascope.worlds.level import Level
from mesascope.worlds.world import World

NOISE: int = 3
"""Uniform numbers that one step of one episode consumes: for the outcome, the next level and its first state."""


class Positions(eqx.Module):
    """Where N episodes stand.

    **Arguments:**

    - `level`: place in the pool, `[N]`.
    - `state`: of that level, `[N]`.
    - `time`: steps taken in this episode, `[N]`.
    - `weight`: the discount to the power of `time`, `[N]`.
    - `gained`: discounted reward of this episode so far, `[N]`.
    """

    level: Int[Array, "*batch"]
    state: Int[Array, "*batch"]
    time: Int[Array, "*batch"]
    weight: Float[Array, "*batch"]
    gained: Float[Array, "*batch"]


class Transition(eqx.Module):
    """What one step of N episodes brought.

    **Arguments:**

    - `reward`: under the base objective, `[N]`.
    - `discount`: factor on the value of the next position, 0 after a termination, `[N]`.
    - `counted`: false for steps that rest, which no estimate may use, `[N]`.
    - `begins`: whether the next position is the first of a new episode, so that memory must be cleared, `[N]`.
    - `finished`: whether the episode terminated or was truncated in this step, `[N]`.
    - `gained`: discounted reward of the episode, this step included, `[N]`.
    """

    reward: Float[Array, "*batch"]
    discount: Float[Array, "*batch"]
    counted: Bool[Array, "*batch"]
    begins: Bool[Array, "*batch"]
    finished: Bool[Array, "*batch"]
    gained: Float[Array, "*batch"]


class Pool(eqx.Module):
    """L levels under one objective, as a step needs them; made by `make_pool`.

    **Arguments:**

    - `levels`: the levels, without their attributes.
    - `outcomes`: cumulative probabilities, `[L, S, A, K]`.
    - `rewards`: of each transition, `[L, S, A, K]`.
    - `ends`: transitions after which nothing follows for the objective, `[L, S, A, K]`.
    - `firsts`: cumulative law of the first state, `[L, S]`.
    - `observations`: of every state, `[L, S, ...]`, or `None` where looking anew is cheaper than keeping them.
    """

    levels: Level
    outcomes: Float[Array, "*batch L S A K"]
    rewards: Float[Array, "*batch L S A K"]
    ends: Bool[Array, "*batch L S A K"]
    firsts: Float[Array, "*batch L S"]
    observations: Float[Array, "..."] | None

    def take(self, places: Int[Array, " N"]) -> Pool:
        """Returns the levels at some places."""
        return jax.tree.map(lambda leaf: leaf[places], self)

    def join(self, other: Pool) -> Pool:
        """Returns the levels of this pool followed by those of another of the same world."""
        return jax.tree.map(lambda one, two: jnp.concatenate([one, two]), self, other)


def make_pool(world: World, objectives: Objectives, levels: Level) -> Pool:
    """Returns levels as a pool to be stepped through.

    **Arguments:**

    - `world`: that the levels are of.
    - `objectives`: the base objective: a batch of one.
    - `levels`: a batch of L levels.
    """
    if len(objectives) != 1:
        raise ValueError(f"an environment has one objective; {len(objectives)} were given: {objectives.names}")
    following_is_terminal = jax.vmap(lambda terminal, successors: terminal[successors])(
        levels.terminal, levels.successors
    )
    return Pool(
        levels=eqx.tree_at(lambda level: level.attributes, levels, levels.attributes[..., :0]),
        outcomes=jnp.cumsum(levels.probabilities, axis=-1),
        rewards=rewards(objectives, levels)[..., 0],
        ends=(continuations(objectives, levels)[..., 0] == 0) | following_is_terminal,
        firsts=jnp.cumsum(levels.initial, axis=-1),
        observations=jax.vmap(world.observe_states)(levels) if _keeps_observations(world, levels) else None,
    )


class Environment(eqx.Module):
    """Episodes in a pool of levels: how they begin, go on, and what is seen.

    **Arguments:**

    - `world`: that the levels are of; static.
    - `pool`: the levels.
    - `time_limit`: steps after which an episode is truncated; static.
    - `held`: this many leading levels are only played to the end, no new episode begins in them; static.
    """

    world: World = eqx.field(static=True)
    pool: Pool
    time_limit: int = eqx.field(static=True)
    held: int = eqx.field(static=True, default=0)

    @property
    def states(self) -> int:
        """The number of states of all levels together."""
        return math.prod(self.pool.firsts.shape)

    def observe(self, level: Int[Array, "*shape"], state: Int[Array, "*shape"]) -> Float[Array, "..."]:
        """Returns what is seen in states of levels, `[*shape, ...]`.

        **Arguments:**

        - `level`: places in the pool, any shape.
        - `state`: states of those levels, the same shape.
        """
        flat_level, flat_state = level.reshape(-1), state.reshape(-1)
        if self.pool.observations is not None:
            seen = self.pool.observations[flat_level, flat_state]
        else:
            # What the world does not look at is never gathered: the compiler drops it.
            seen = jax.vmap(self.world.observe)(
                jax.tree.map(lambda leaf: leaf[flat_level], self.pool.levels), flat_state
            )
        return seen.reshape(*level.shape, *seen.shape[1:])

    def begin(self, noise: Float[Array, "N 3"]) -> Positions:
        """Returns the first positions of N new episodes.

        **Arguments:**

        - `noise`: uniform in [0, 1), `[N, NOISE]`.
        """
        level, state = self._first(noise)
        zeros = jnp.zeros(level.shape, jnp.float32)
        return Positions(level, state, jnp.zeros_like(level), zeros + 1, zeros)

    def step(
        self, positions: Positions, action: Int[Array, " N"], noise: Float[Array, "N 3"]
    ) -> tuple[Positions, Transition]:
        """Takes one step in each episode.

        **Arguments:**

        - `positions`: from `begin` or the last step.
        - `action`: one for each episode, `[N]`.
        - `noise`: uniform in [0, 1), `[N, NOISE]`.
        """
        resting = positions.time >= self.time_limit
        _, states, actions, outcomes = self.pool.rewards.shape
        place = ((positions.level * states + positions.state) * actions + action) * outcomes
        if outcomes > 1:
            place = place + _draw(self.pool.outcomes, place, outcomes, noise[:, 0])
        reward = jnp.where(resting, 0.0, self.pool.rewards.reshape(-1)[place])
        ended = self.pool.ends.reshape(-1)[place] & ~resting
        discount = self.pool.levels.discount[positions.level]
        time = positions.time + 1
        gained = positions.gained + positions.weight * reward
        begins = ended | resting
        first_level, first_state = self._first(noise)
        following = Positions(
            level=jnp.where(begins, first_level, positions.level),
            state=jnp.where(begins, first_state, self.pool.levels.successors.reshape(-1)[place]),
            time=jnp.where(begins, 0, time),
            weight=jnp.where(begins, 1.0, positions.weight * discount),
            gained=jnp.where(begins, 0.0, gained),
        )
        transition = Transition(
            reward=reward,
            discount=jnp.where(ended, 0.0, discount),
            counted=~resting,
            begins=begins,
            finished=ended | (time == self.time_limit),
            gained=gained,
        )
        return following, transition

    def _first(self, noise: Float[Array, "N 3"]) -> tuple[Int[Array, " N"], Int[Array, " N"]]:
        pool, states = self.pool.firsts.shape
        level = self.held + (noise[:, 1] * (pool - self.held)).astype(jnp.int32)
        return level, _draw(self.pool.firsts, level * states, states, noise[:, 2])


def _draw(
    cumulative: Float[Array, "..."], start: Int[Array, " N"], length: int, noise: Float[Array, " N"]
) -> Int[Array, " N"]:
    """Draws from laws that lie one after the other in an array, by bisection of their cumulative probabilities."""
    flat = cumulative.reshape(-1)
    # Scaled by the law's own sum, which rounding may have left just off one, so that the last entries stay possible
    # and those of probability zero impossible.
    goal = noise * flat[start + length - 1]
    low, high = jnp.zeros_like(start), jnp.full_like(start, length - 1)
    for _ in range((length - 1).bit_length()):
        middle = (low + high) // 2
        beyond = flat[start + middle] <= goal
        low, high = jnp.where(beyond, middle + 1, low), jnp.where(beyond, high, middle)
    return low


def _keeps_observations(world: World, levels: Level) -> bool:
    """Returns whether a layout holds far more than one observation, as tables of observations do.

    Looking anew gathers the layout of each episode's level at each step. That is cheap for walls and objects, and
    ruinous for a layout that is itself a table over states.
    """
    layout = sum(math.prod(leaf.shape[1:]) for leaf in jax.tree.leaves(levels.layout))
    return layout > 4 * math.prod(world.observation_shape)
