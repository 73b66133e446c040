"""Maximum causal entropy IRL against imitation 1.0.1: equal problem, equal error, CPU seconds of one thread.

An n x n grid of five moves (the chosen one with probability 0.9, any with 0.1), a normal reward of states, horizon 50,
discount 1, exact demonstrations. The error is that of the centred reward, relative. The peer runs in a virtual
environment of its own with Adam at 0.1 and no early stop, which is much faster than its defaults.
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
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")

import numpy as np
from ledger import Claim, run
from peers.environments import peer_python

from mesascope.audit.objective.recovery.fit.maximum_causal_entropy import fit_visits
from mesascope.objectives.reward_space import StateRewards
from mesascope.planning.occupancy import finite_horizon_plan, flow_of
from mesascope.worlds.level import Level
from mesascope.worlds.transitions import level_from_matrix, level_from_successors

HORIZON = 50
THRESHOLD = 1e-3
MOVES = ((-1, 0), (0, 1), (1, 0), (0, -1), (0, 0))
PEER = Path(__file__).resolve().parent / "peers" / "imitation_mce.py"
PATIENCE = 400.0
"""CPU seconds after which the peer is stopped."""


def grid(side: int) -> Level:
    states = side * side
    row, column = np.divmod(np.arange(states), side)
    targets = [np.clip(row + down, 0, side - 1) * side + np.clip(column + right, 0, side - 1) for down, right in MOVES]
    successors = np.broadcast_to(np.stack(targets, -1)[:, None], (states, 5, 5))
    probabilities = np.broadcast_to(0.02 + 0.9 * np.eye(5), (states, 5, 5))
    return level_from_successors(successors.copy(), probabilities.copy(), discount=0.9)


def centred_error(found: np.ndarray, truth: np.ndarray) -> float:
    difference = found - truth
    return float(np.linalg.norm(difference - difference.mean()) / np.linalg.norm(truth - truth.mean()))


def ours(side: int) -> dict:
    """Fits the grid several times; the first, which compiles, is not counted."""
    states, level = side * side, grid(side)
    truth = 0.5 * np.random.default_rng(0).normal(size=states)
    plan = finite_horizon_plan(flow_of(level), np.repeat(truth[:, None], 5, 1), horizon=HORIZON)
    reached = []
    for _ in range(6):
        start = time.process_time()
        fit = fit_visits(
            level.batch(),
            plan.visits[None],
            StateRewards(states),
            horizon=HORIZON,
            watch=lambda found: centred_error(found, truth) < THRESHOLD,
        )
        reached.append(time.process_time() - start)
    return {"cpu_seconds": reached[1:], "gradients": fit.gradients, "error": centred_error(fit.parameter, truth)}


def in_child(side: int) -> dict:
    """Runs ours in a fresh process, so that its memory and compilation are its own."""
    program = (
        "import json, resource, time; start = time.process_time(); from against_imitation import ours;"
        f"found = ours({side}); found['megabytes'] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024;"
        "found['everything'] = time.process_time() - start; print(json.dumps(found))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=Path(__file__).parent
    )
    return json.loads(done.stdout.strip().splitlines()[-1])


def compilation() -> float:
    """CPU seconds of the first plan of a new size, less those of the second."""
    flow, reward = flow_of(grid(7)), np.zeros((49, 5))
    seconds = []
    for _ in range(2):
        start = time.process_time()
        finite_horizon_plan(flow, reward, horizon=HORIZON)
        seconds.append(time.process_time() - start)
    return seconds[0] - seconds[1]


def peer(*arguments: str) -> dict:
    python = peer_python("imitation", build=True)
    done = subprocess.run(
        [str(python), "-W", "ignore", str(PEER), *arguments], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"imitation failed: {done.stderr[-2000:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def chain_at_half() -> tuple[float, float]:
    """Errors of ours and of the peer on the five-state chain at discount 0.5, from the same exact visits."""
    transitions = np.zeros((5, 2, 5))
    for state in range(5):
        transitions[state, 0, max(state - 1, 0)] = 1.0
        transitions[state, 1, min(state + 1, 4)] = 1.0
    truth = np.array([0.0, 0.5, -1.0, 0.3, 1.0])
    level = level_from_matrix(transitions, discount=0.9, initial=np.eye(5)[0])
    plan = finite_horizon_plan(flow_of(level), np.repeat(truth[:, None], 2, 1), horizon=8, discount=0.5)
    fit = fit_visits(level.batch(), plan.visits[None], StateRewards(5), horizon=8, discount=0.5, tolerance=1e-11)
    # The peer adds up one law of states more than rewards are paid; it is given what it would compute itself.
    after = np.einsum("sa,sat->t", _last(transitions, truth), transitions) * 0.5
    visited = plan.visits.sum(1) + after
    return centred_error(fit.parameter, truth), peer("chain", json.dumps(visited.tolist()))["error"]


def _last(transitions: np.ndarray, reward: np.ndarray) -> np.ndarray:
    """Discounted law of state and action in the last of eight steps, by the definition."""
    values, policies = np.zeros(5), []
    for _ in range(8):
        action_value = reward[:, None] + 0.5 * transitions @ values
        values = np.log(np.exp(action_value).sum(1))
        policies.append(np.exp(action_value - values[:, None]))
    law = np.eye(5)[0]
    for step, policy in enumerate(reversed(policies)):
        taken = law[:, None] * policy
        if step < 7:
            law = 0.5 * np.einsum("sa,sat->t", taken, transitions)
    return taken


def measure(quick: bool) -> list[Claim]:
    claims = []
    seconds = compilation()
    for side, target in ((20, 100.0),) if quick else ((20, 100.0), (40, 300.0)):
        mine, theirs = in_child(side), peer(str(side), str(THRESHOLD), str(30.0 if quick else PATIENCE))
        reached = theirs["error"] < THRESHOLD
        ratios = [theirs["cpu_seconds"] / seconds for seconds in mine["cpu_seconds"]]
        text = (
            f"{side * side} states: CPU seconds of imitation 1.0.1 until the error is below {THRESHOLD:g} "
            f"({theirs['cpu_seconds']:.1f} s, {theirs['iterations']} iterations, error {theirs['error']:.1e}"
            f"{'' if reached else '; stopped before it got there'}, {theirs['megabytes']:.0f} MB) over ours "
            f"(median {np.median(mine['cpu_seconds']):.3f} s, {mine['gradients']} gradients, error "
            f"{mine['error']:.1e}); compilation, once for each size, takes another {seconds:.1f} CPU s. Median, least "
            "and most of five runs of ours."
        )
        claims.append(Claim.over_repeats(f"against-imitation.{side * side}-states", text, ratios, target, ">="))
    if not quick:
        large = in_child(160)
        text = f"25,600 states, where the peer's dense table needs 26 GB: CPU seconds until {THRESHOLD:g}"
        text = f"{text} ({large['gradients']} gradients); median, minimum and maximum of five runs"
        claims.append(Claim.over_repeats("against-imitation.25600-states", text, large["cpu_seconds"], 20.0, "<="))
        value = large["megabytes"]
        text = "25,600 states: peak resident memory of the process, MB"
        claims.append(Claim("against-imitation.memory", text, value, value, value, 1, 2048.0, "<="))
    own, other = chain_at_half()
    text = (
        "Largest relative error of the centred reward on a five-state chain at discount 0.5 from exact visits; "
        f"imitation 1.0.1, which plans without the discount, is off by {other:.2f}"
    )
    claims.append(Claim("against-imitation.discount", text, own, own, own, 1, 1e-6, "<="))
    return claims


if __name__ == "__main__":
    run("against_imitation", measure)
