"""Runs a learned evolution strategy of evosax beside others, on functions of our own, in an environment of its own.

Reads `{"weights": tree of lists, "dimensions", "population", "generations", "seeds"}`; writes
`{"strategy": {"function": [final over initial height of each seed, ...]}}`. `learned, exchanged` is the learned
strategy
whose candidates get each other's heights: the same numbers, and nothing to be learnt from them. evosax's own reader of
weights, which unpickles, is not called.
"""

from __future__ import annotations

import json
import sys

import jax
import jax.numpy as jnp
import numpy as np
from evosax.algorithms.distribution_based.learned_es import LearnedES
from evosax.algorithms.distribution_based.random_search import RandomSearch
from evosax.algorithms.distribution_based.snes import SNES


def rosenbrock(x):
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


def ellipsoid(x):
    return (10 ** jnp.linspace(0, 3, len(x)) * x**2).sum()


def rastrigin(x):
    return (x**2 - 10 * jnp.cos(2 * jnp.pi * x) + 10).sum()


def absolute(x):
    return jnp.abs(x).sum() + jnp.prod(jnp.abs(x) ** 0.1)


FUNCTIONS = {"rosenbrock": rosenbrock, "ellipsoid": ellipsoid, "rastrigin": rastrigin, "absolute": absolute}


def run(strategy, function, *, exchanged: bool, dimensions: int, generations: int, seeds: int) -> list[float]:
    """Final over initial height of each seed, each with a rotation and a shift of its own."""
    drawn = [np.random.default_rng(seed) for seed in range(seeds)]
    rotations = np.stack([np.linalg.qr(random.normal(size=(dimensions, dimensions)))[0] for random in drawn])
    shifts = np.stack([random.uniform(-2, 2, dimensions) for random in drawn])
    parameters, start = strategy.default_params, jnp.zeros(dimensions)

    def of_seed(key, rotation, shift):
        def height(x):
            return function(rotation @ (x - shift))

        def generation(state, key):
            ask, tell, mix = jax.random.split(key, 3)
            population, state = strategy.ask(ask, state, parameters)
            heights = jax.vmap(height)(population)
            shown = jax.random.permutation(mix, heights) if exchanged else heights
            return strategy.tell(tell, population, shown, state, parameters)[0], heights.min()

        begin, rest = jax.random.split(key)
        state, lowest = jax.lax.scan(
            generation, strategy.init(begin, start, parameters), jax.random.split(rest, generations)
        )
        # A strategy is judged by where it stands; random search, which stands nowhere, by the lowest it has seen.
        end = lowest.min() if isinstance(strategy, RandomSearch) else height(state.mean)
        return end / height(start)

    keys = jax.vmap(jax.random.key)(jnp.arange(seeds))
    found = jax.jit(jax.vmap(of_seed))(keys, jnp.asarray(rotations, jnp.float32), jnp.asarray(shifts, jnp.float32))
    # What has left every bound has not come down.
    return np.nan_to_num(np.asarray(found, float), nan=1e30, posinf=1e30).tolist()


def main() -> None:
    asked = json.load(sys.stdin)
    weights = jax.tree.map(
        lambda leaf: jnp.asarray(leaf, jnp.float32), asked["weights"], is_leaf=lambda x: isinstance(x, list)
    )
    dimensions, population = asked["dimensions"], asked["population"]
    solution = jnp.zeros(dimensions)
    learned = LearnedES(population, solution, params=weights)
    strategies = {
        "learned": (learned, False),
        "learned, exchanged": (learned, True),
        "SNES": (SNES(population, solution), False),
        "random search": (
            RandomSearch(population, solution, lambda key: jax.random.uniform(key, (dimensions,), minval=-2, maxval=2)),
            False,
        ),
    }
    sizes = {"dimensions": dimensions, "generations": asked["generations"], "seeds": asked["seeds"]}
    found = {
        name: {label: run(strategy, function, exchanged=exchanged, **sizes) for label, function in FUNCTIONS.items()}
        for name, (strategy, exchanged) in strategies.items()
    }
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
