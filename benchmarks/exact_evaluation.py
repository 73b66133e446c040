"""How exact and how fast exact evaluation is, beside a solve of the definition and beside roll-outs."""

from __future__ import annotations

import dataclasses
import functools
import time
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from ledger import Claim, run

from mesascope.objectives.objective import Objectives, compile_objectives
from mesascope.planning.evaluation import policy_values, returns
from mesascope.planning.value_iteration import optimal_action_values
from mesascope.worlds.corner import Corner
from mesascope.worlds.level import Level
from mesascope.worlds.world import ObjectiveSpec

TOLERANCE = 1e-9
BUDGET = 1.0
LEVELS = 1000
OBJECTIVES = 10
PRECISE = 1e-2
"""Standard error of a return, as a share of it, that roll-outs are asked for; a tenth of it costs a hundred times."""
STEPS = 700
"""Roll-outs are cut here: 0.99^700 is below 1e-3, so that they are not made dearer than their precision needs."""


def random_problem(random: np.random.Generator) -> tuple[Level, np.ndarray, Objectives]:
    """Draws a level with terminal and unreachable states, outcomes that never happen, a policy and objectives."""
    states, actions, outcomes, attributes = (
        int(random.integers(low, high)) for low, high in ((4, 60), (1, 6), (1, 4), (1, 6))
    )
    shape = (states, actions, outcomes)
    reachable = np.arange(states) < states - random.integers(0, 3)
    terminal = random.random(states) < 0.1
    terminal[0] = False
    probabilities = random.dirichlet(np.ones(outcomes), size=shape[:2]) * (random.random(shape) < 0.7)
    probabilities[..., 0] += 1 - probabilities.sum(-1)
    initial = np.where(reachable & ~terminal, random.random(states), 0)
    level = Level(
        successors=random.integers(0, reachable.sum(), shape),
        probabilities=probabilities,
        attributes=(random.random((*shape, attributes)) < 0.2).astype(float),
        initial=initial / initial.sum(),
        terminal=terminal,
        reachable=reachable,
        discount=np.array(random.choice([0.5, 0.9, 0.99, 0.999])),
        layout=None,
    )
    weights = random.normal(size=(4, attributes))
    stops = (random.random((4, attributes)) < 0.2).astype(float)
    specs = tuple(ObjectiveSpec(f"objective-{row}", {}) for row in range(4))
    return level, random.dirichlet(np.ones(actions), size=states), Objectives(specs, weights, stops)


def definition(level: Level, policy: np.ndarray, weights: np.ndarray, stops: np.ndarray) -> np.ndarray:
    """Returns the value of each state: the definition transition by transition, and one dense solve."""
    states, actions, outcomes = level.successors.shape
    matrix, reward = np.eye(states), np.zeros(states)
    for state, action, outcome in np.ndindex(states, actions, outcomes):
        if level.terminal[state] or not level.reachable[state]:
            continue
        weight = policy[state, action] * level.probabilities[state, action, outcome]
        happened = level.attributes[state, action, outcome]
        reward[state] += weight * (happened @ weights)
        if not happened @ stops > 0:
            matrix[state, level.successors[state, action, outcome]] -= weight * float(level.discount)
    return np.linalg.solve(matrix, reward)


def precision(count: int) -> Claim:
    random = np.random.default_rng(0)
    errors = []
    for _ in range(count):
        level, policy, objectives = random_problem(random)
        found = policy_values(level, policy, objectives)
        for row in range(len(objectives)):
            true = definition(level, policy, objectives.weights[row], objectives.stops[row])
            largest = np.abs(true).max()
            errors.append(float(np.abs(found[row] - true).max() / (largest if largest > 0 else 1.0)))
    return Claim(
        "exact-evaluation.precision",
        f"Largest error of a policy's values, relative to the largest value of the level, against a dense solve of the "
        f"definition on {count} random levels under 4 objectives each. The interval is the smallest and largest error.",
        max(errors), min(errors), max(errors), count, TOLERANCE, "<=",
    )  # fmt: skip


def cpu(work: Callable[[], object], repeats: int) -> list[float]:
    """Returns CPU seconds of each repeat, after one that compiles."""
    work()
    taken = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return taken


@functools.partial(jax.jit, static_argnums=3)
def roll_out(level: Level, policy, objectives: Objectives, episodes: int, key):
    """Returns sampled discounted returns `[N, episodes, O]`; levels have one outcome an action."""
    first, acts = jnp.log(level.initial), jnp.cumsum(policy, -1)
    worth, ends = (
        level.attributes[:, :, :, 0] @ jnp.asarray(table.T, jnp.float32)
        for table in (objectives.weights, objectives.stops)
    )
    place = jnp.arange(level.count)[:, None]
    key_first, key_steps = jax.random.split(key)
    state = jax.random.categorical(key_first, first[:, None], shape=(level.count, episodes))

    def step(carry, key):
        state, weight, total = carry
        draw = jax.random.uniform(key, (*state.shape, 1))
        action = (acts[place, state, :-1] <= draw).sum(-1)
        total = total + weight * worth[place, state, action]
        weight = weight * level.discount[:, None, None] * ~(ends[place, state, action] > 0)
        return (level.successors[place, state, action, 0], weight, total), None

    shape = (level.count, episodes, worth.shape[-1])
    (_, _, total), _ = jax.lax.scan(
        step, (state, jnp.ones(shape), jnp.zeros(shape)), jax.random.split(key_steps, STEPS)
    )
    return total


def speed(repeats: int, episodes: int) -> list[Claim]:
    world = Corner()
    levels = jax.device_get(world.sample(key=jax.random.key(0), distribution="deploy", count=LEVELS))
    objectives = compile_objectives(world, world.objectives[:OBJECTIVES])
    policy = np.random.default_rng(0).dirichlet(np.ones(levels.actions), size=(LEVELS, levels.states))
    exact = cpu(lambda: policy_values(levels, policy, objectives), repeats)
    optimal = cpu(lambda: optimal_action_values(levels, objectives), repeats)
    size = f"{LEVELS} corner levels of 9x9 under {OBJECTIVES} objectives"
    claims = [
        Claim.over_repeats(
            "exact-evaluation.speed",
            f"CPU seconds for the values of a policy in every state of {size}, after compilation. Median; minimum and "
            "maximum of the repeats.",
            exact, BUDGET, "<=",
        ),
        Claim.over_repeats(
            "exact-evaluation.optimal-speed",
            f"CPU seconds for the optimal value of every action in every state of {size}, after compilation. Median; "
            "minimum and maximum of the repeats.",
            optimal, BUDGET, "<=",
        ),
    ]  # fmt: skip
    single = jax.tree.map(jnp.asarray, dataclasses.replace(levels, layout=None))
    nameless = Objectives((), objectives.weights, objectives.stops)
    chosen = jnp.asarray(policy, jnp.float32)
    draws = [0]

    def sample():
        draws[0] += 1
        return jax.block_until_ready(roll_out(single, chosen, nameless, episodes, jax.random.key(draws[0])))

    sampled = cpu(sample, max(2, repeats // 2))
    total = np.asarray(sample(), np.float64)
    truth = returns(levels, policy_values(levels, policy, objectives)).T
    # Only what is worth something: relative precision of 0 has no price.
    counted = np.abs(truth) > 1e-2
    # Both are right if the mean over levels agrees: pooled, because single levels may hold no lucky episode at all.
    pooled = (total.mean(1) - truth).sum(0) / np.sqrt(total.var(1, ddof=1).sum(0) / episodes)
    agreement = float(np.abs(pooled).max())
    # Episodes until the standard error of a return is the given share of it: the median level and objective.
    needed = np.median((total.std(1, ddof=1)[counted] / np.abs(truth)[counted]) ** 2)
    sampling = [seconds / episodes * needed / PRECISE**2 for seconds in sampled]
    ratio = np.median(sampling) / np.median(exact)
    text = (
        f"CPU seconds of roll-outs (JAX, all levels and episodes in one compiled call, {STEPS} steps) until the "
        f"standard error is {PRECISE:g} of a level's return, over CPU seconds of exact evaluation, which has none "
        f"and gives every state's value. Extrapolated by 1/sqrt(n) from {episodes} episodes a level to "
        f"{needed / PRECISE**2:,.0f}, the median over levels and objectives worth more than 0.01. The returns of "
        f"both agree within {agreement:.1f} standard errors of the mean over levels, the worst of {OBJECTIVES} "
        "objectives. Interval: least and most favourable repeats."
    )
    low, high = min(sampling) / max(exact), max(sampling) / min(exact)
    name = "exact-evaluation.against-rollouts-1e-2"
    return [*claims, Claim(name, text, float(ratio), low, high, len(sampled), 1.0, ">=")]


def measure(quick: bool) -> list[Claim]:
    repeats = 5 if quick else 11
    return [precision(200 if quick else 1000), *speed(repeats, 8 if quick else 64)]


if __name__ == "__main__":
    run("exact_evaluation", measure)
