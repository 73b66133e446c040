"""Exact inversion of observed policies: CPU seconds, error and memory as tables of rewards grow.

An n x n grid of five moves (the chosen one with probability 0.9, any with 0.1), a normal reward of every state and
action, and an agent that is soft-optimal at temperature 1, watched in two environments. It is planned for here by
value iteration over the definition, not by the planner of the library. Each size runs in a process of its own, so that
peak memory is its own: interpreter, imports, and planning included.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from ledger import Claim, run

from mesascope.audit.objective.recovery.data.observed_choices import Observation
from mesascope.audit.objective.recovery.fit.inversion import invert
from mesascope.objectives.reward_space import AttributeRewards, TabularRewards
from mesascope.worlds.level import Level
from mesascope.worlds.transitions import expected_attributes, level_from_successors

MOVES = ((-1, 0), (0, 1), (1, 0), (0, -1), (0, 0))
DISCOUNTS = (0.95, 0.8)
ATTRIBUTES = tuple(f"attribute {index}" for index in range(8))
SETTLED = 1e-15
"""Relative change of a sweep at which values count as exact."""


def grid(side: int, discount: float, *, order: tuple[int, ...] = (0, 1, 2, 3, 4), attributes=None) -> Level:
    """Moves take each other's parts by `order`."""
    states = side * side
    row, column = np.divmod(np.arange(states), side)
    targets = [np.clip(row + down, 0, side - 1) * side + np.clip(column + right, 0, side - 1) for down, right in MOVES]
    successors = np.broadcast_to(np.stack(targets, -1)[:, None], (states, 5, 5))
    probabilities = np.broadcast_to((0.02 + 0.9 * np.eye(5))[list(order)], (states, 5, 5))
    return level_from_successors(successors.copy(), probabilities.copy(), discount=discount, attributes=attributes)


def watched(level: Level, reward: np.ndarray) -> Observation:
    """The soft-optimal policy, by sweeps over the definition."""
    law, following = np.asarray(level.probabilities)[0], np.asarray(level.successors)[:, 0]
    values = np.zeros(len(reward))
    while True:
        action_value = reward + float(level.discount) * values[following] @ law.T
        best = action_value.max(-1)
        better = best + np.log(np.exp(action_value - best[:, None]).sum(-1))
        change = np.abs(better - values).max() / np.abs(better).max()
        values = better
        if change < SETTLED:
            return Observation(level, np.exp(action_value - values[:, None]))


def centred_error(found: np.ndarray, truth: np.ndarray) -> float:
    difference = found.ravel() - truth.ravel()
    return float(np.linalg.norm(difference - difference.mean()) / np.linalg.norm(truth - truth.mean()))


def environments(side: int, kind: str) -> tuple[list[Level], np.ndarray, TabularRewards | AttributeRewards]:
    """Two environments, the true parameter, and the rewards considered.

    Kinds are two discounts, two labellings of the moves, or two discounts with rewards of eight random attributes.
    """
    random, states = np.random.default_rng(0), side * side
    table = TabularRewards(states, 5)
    if kind == "labels":
        levels = [grid(side, DISCOUNTS[0]), grid(side, DISCOUNTS[0], order=(1, 2, 3, 4, 0))]
    elif kind == "attributes":
        attributes = (random.random((states, 5, 5, len(ATTRIBUTES))) < 0.1).astype(float)
        levels = [grid(side, discount, attributes=attributes) for discount in DISCOUNTS]
        return levels, random.normal(size=len(ATTRIBUTES)), AttributeRewards(ATTRIBUTES)
    else:
        levels = [grid(side, discount) for discount in DISCOUNTS]
    return levels, random.normal(size=states * 5), table


def inverted(side: int, repeats: int, kind: str = "discounts") -> dict:
    """CPU seconds of each repeat, the error, and the megabytes of this process."""
    import resource

    levels, truth, space = environments(side, kind)
    if isinstance(space, AttributeRewards):
        tables = [expected_attributes(level) @ truth for level in levels]
    else:
        tables = [truth.reshape(-1, 5)] * len(levels)
    observations = [watched(level, table) for level, table in zip(levels, tables, strict=True)]
    seconds = []
    for _ in range(repeats):
        start = time.process_time()
        found = invert(observations, space)
        seconds.append(time.process_time() - start)
    error = float(np.linalg.norm(found.posterior.mean - truth) / np.linalg.norm(truth))
    if isinstance(space, TabularRewards):
        # A constant reward changes no policy, so a table is only told up to one.
        error = centred_error(found.posterior.mean, truth)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": seconds, "error": error, "megabytes": peak}


def in_child(side: int, repeats: int, kind: str = "discounts") -> dict:
    program = (
        f"import json; from exact_inversion import inverted; print(json.dumps(inverted({side}, {repeats}, {kind!r})))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=Path(__file__).parent
    )
    if done.returncode:
        raise RuntimeError(f"exact inversion of a {side}x{side} grid failed: {done.stderr[-2000:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def measure(quick: bool) -> list[Claim]:
    repeats = 3 if quick else 11
    small = in_child(80, repeats)
    setting = "states x 5 actions in 2 environments (discounts 0.95 and 0.8), unknown reward of every state and action"
    spread = "Median; minimum and maximum of the repeats."
    claims = [
        Claim.over_repeats(
            "exact-inversion.speed", f"CPU seconds, one thread: 6,400 {setting}. {spread}", small["seconds"], 0.5, "<="
        ),
        _single(
            "exact-inversion.error", f"Relative error of the centred reward: 6,400 {setting}.", small["error"], 1e-9
        ),
    ]
    labels = in_child(80, repeats, "labels")
    text = (
        "CPU seconds, one thread: 6,400 states x 5 actions, the second environment being the same grid with its moves "
        f"relabelled, so that no action keeps its dynamics; relative error {labels['error']:.1e}. {spread}"
    )
    claims.append(Claim.over_repeats("exact-inversion.speed-relabelled", text, labels["seconds"], 0.5, "<="))
    few = in_child(80, repeats, "attributes")
    text = (
        "CPU seconds, one thread: 6,400 states x 5 actions in 2 environments, weights of 8 attributes; relative error "
        f"{few['error']:.1e}. {spread}"
    )
    claims.append(Claim.over_repeats("exact-inversion.speed-attributes", text, few["seconds"], 0.5, "<="))
    middle = in_child(160, 1 if quick else 3)
    text = f"Peak resident memory of the process, MB: 25,600 {setting}."
    claims.append(_single("exact-inversion.memory-25600-states", text, middle["megabytes"], 2048.0))
    if quick:
        return claims
    # 317 x 317 is the smallest square of at least 100,000.
    large = in_child(317, 3)
    text = f"CPU seconds, one thread: 100,489 {setting}; relative error {large['error']:.1e}. {spread}"
    claims.append(Claim.over_repeats("exact-inversion.speed-100000-states", text, large["seconds"], 60.0, "<="))
    text = f"Peak resident memory of the process, MB: 100,489 {setting}."
    claims.append(_single("exact-inversion.memory-100000-states", text, large["megabytes"], 6144.0))
    return claims


def _single(slug: str, text: str, value: float, target: float) -> Claim:
    return Claim(slug, f"{text} One process.", value, value, value, 1, target, "<=")


if __name__ == "__main__":
    run("exact_inversion", measure)
