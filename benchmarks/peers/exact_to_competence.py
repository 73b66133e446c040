"""Trains the default organism with the exact gradient, in a process that began with nothing compiled.

`python exact_to_competence.py FIRST_SEED [SEEDS]` prints one JSON object.
"""

from __future__ import annotations

import json
import os
import sys
import time


def main(first: int, count: int) -> dict:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    import jax
    import jax.numpy as jnp
    import numpy as np

    from mesascope.organisms.recipes.corner.recipe import ORGANISM
    from mesascope.planning.evaluation import policy_values, returns
    from mesascope.planning.value_iteration import optimal_action_values
    from mesascope.training.base_optimizer import advance, seed_keys, start

    task, optimizer, keys = ORGANISM.task, ORGANISM.optimizer, seed_keys(tuple(range(first, first + count)))
    learners = start(optimizer, task, keys)
    learners, _ = jax.block_until_ready(advance(optimizer, task, learners, keys, jnp.int32(0), optimizer.updates))
    # What comes now is the examination, not the training.
    cpu_seconds = time.process_time()
    network = task.assemble(jax.tree.map(lambda leaf: leaf[0], learners.parameters))

    @jax.jit
    def unseen(key):
        levels = task.world.sample(key=key, distribution=task.distribution, count=512)
        observations = jax.vmap(task.world.observe_states)(levels)
        logits = jax.vmap(jax.vmap(lambda seen: network(seen, None)[0]))(observations)
        return levels, jax.nn.softmax(logits)

    levels, policy = unseen(jax.random.key(1_000_003))
    reached = returns(levels, policy_values(levels, np.asarray(policy), task.objectives)).mean()
    best = returns(levels, optimal_action_values(levels, task.objectives).max(-1)).mean()
    return {
        "cpu_seconds": cpu_seconds,
        "share": float(reached / best),
        "organism": ORGANISM.name,
        "updates": optimizer.updates,
        "levels": getattr(optimizer, "levels", None),
    }


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]), int((*sys.argv[2:], 1)[0]))))
