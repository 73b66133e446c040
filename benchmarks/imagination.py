"""An imagination-based planner on a spaceship among planets: what imagining is worth, and what it is worth paying for.

One planner is trained to be good whenever it is stopped; its costs after each imagination are compared on the same
tasks, beside the best thrust that gradient descent from many starts finds. Others decide themselves when to stop, at
several prices of an imagination; a quick run leaves them out.

There are five planets, the most in the paper: with two, three imaginations left nothing that a fourth could gain. This
was settled on seed 100; measured is seed 1.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false")

import jax
import jax.numpy as jnp
import numpy as np
from ledger import Claim, run
from planners.imagination_planner import ImaginationPlannerSpec, Priced

from mesascope.core.random import root_key, stream
from mesascope.training.learning.unrolled_gradient import UnrolledGradient
from mesascope.training.run import train
from mesascope.training.stream_task import StreamTask, live

PRICES: tuple[float, ...] = (0.0, 0.01, 0.03, 0.1, 0.3)
ALLOWED, PLANETS, TASKS = 4, 5, 2_000


def planned(where: Priced, *, managed: bool, seed: int, quick: bool) -> tuple[np.ndarray, np.ndarray]:
    """Costs of each proposal and the chance of stopping with it, on the same tasks, each `[tasks, allowed + 1]`."""
    task = StreamTask(where, ImaginationPlannerSpec(where, managed=managed))
    optimizer = UnrolledGradient(updates=30 if quick else 5000, episodes=128, learning_rate=3e-3)
    network = train(optimizer, task, seeds=(seed,)).network(seed)
    key = stream("imagination", key=root_key(2026))
    lived = jax.jit(lambda key: live(where, network, episodes=TASKS, key=key))(key)
    stops, thrusts = np.asarray(lived.heads)[:, 0, : ALLOWED + 1], lived.heads[:, 0, ALLOWED + 1 :]
    each = jax.vmap(jax.vmap(where.imagine, (None, 0)))
    return np.asarray(each(lived.tasks, thrusts.reshape(TASKS, -1, 2))[1]), stops


def floor(where: Priced) -> np.ndarray:
    """The lowest cost that gradient descent finds for each of these tasks from 25 starts."""
    key = stream("imagination", key=root_key(2026))
    still = ImaginationPlannerSpec(where).build((len(where.observed),), where.outputs, key=root_key(0))
    tasks = live(where, still, episodes=TASKS, key=key).tasks
    starts = jnp.stack(jnp.meshgrid(*[jnp.linspace(-3, 3, 5)] * 2), -1).reshape(-1, 2)

    def lowest(task, thrust):
        def down(thrust, _):
            return thrust - 0.05 * jnp.clip(jax.grad(lambda one: where.imagine(task, one)[1])(thrust), -5, 5), None

        return where.imagine(task, jax.lax.scan(down, thrust, length=300)[0])[1]

    return np.asarray(jax.jit(jax.vmap(jax.vmap(lowest, (None, 0)), (0, None)))(tasks, starts).min(1))


def measure(quick: bool) -> Iterator[Claim]:
    """What imaginations bring, and how many are chosen at each price."""
    where = Priced(planets=PLANETS, imaginations=ALLOWED)
    costs, _ = planned(where, managed=False, seed=1, quick=quick)
    means, best = costs.mean(0), floor(where).mean()
    falls = costs[:, :-1] - costs[:, 1:]
    least = int(falls.mean(0).argmin())
    error = 1.96 * falls[:, least].std() / np.sqrt(TASKS)
    table = ", ".join(f"{one:.3f}" for one in means)
    told = f"{TASKS:,} fresh tasks with {PLANETS} planets and one thrust, one seed"
    yield Claim(
        "imagination.cost-falls",
        f"Least fall of the mean cost from one imagination to the next; it is {table} after 0 to {ALLOWED}, and "
        f"{best:.3f} for the best thrust: {told}. Interval: 95 %, over tasks.",
        float(falls.mean(0)[least]),
        float(falls.mean(0)[least] - error),
        float(falls.mean(0)[least] + error),
        TASKS,
        0.0,
        ">=",
    )
    spared = (costs[:, 0] - costs[:, -1]) / (costs[:, 0].mean() - best)
    error = 1.96 * spared.std() / np.sqrt(TASKS)
    yield Claim(
        "imagination.gap-closed",
        f"Share of the way from its first proposal to the best thrust that {ALLOWED} imaginations bring a planner: "
        f"{told}. Interval: 95 %, over tasks.",
        float(spared.mean()),
        float(spared.mean() - error),
        float(spared.mean() + error),
        TASKS,
        0.5,
        ">=",
    )
    if quick:
        return
    chosen = []
    for price in PRICES:
        _, stops = planned(replace(where, price=price), managed=True, seed=1, quick=quick)
        chosen.append(stops @ np.arange(ALLOWED + 1))
        jax.clear_caches()
    counts = [float(one.mean()) for one in chosen]
    table = ", ".join(f"{count:.2f} at {price:g}" for count, price in zip(counts, PRICES, strict=True))
    for slug, text, values, target, direction in (
        (
            "free",
            "Mean number of imaginations that a planner chooses which pays nothing for them",
            chosen[0],
            3.0,
            ">=",
        ),
        ("dear", f"The same at a price of {PRICES[-1]:g}", chosen[-1], 0.1, "<="),
    ):
        error = 1.96 * float(values.std()) / np.sqrt(TASKS)
        text = f"{text}, of {ALLOWED} at most ({table}): {told} for each price. Interval: 95 %, over tasks."
        mean = float(values.mean())
        yield Claim(f"imagination.{slug}", text, mean, mean - error, mean + error, TASKS, target, direction)


if __name__ == "__main__":
    run("imagination", measure)
