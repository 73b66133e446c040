"""The peer: tabular maximum causal entropy IRL of imitation 1.0.1. Runs in an environment of its own.

`python imitation_mce.py SIDE THRESHOLD SECONDS` fits the grid of the protocol with Adam at 0.1 and no early stop, and
prints one JSON object; `python imitation_mce.py chain` fits the five-state chain at discount 0.5.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")

import numpy as np
import torch as th
from imitation.algorithms.mce_irl import MCEIRL, mce_occupancy_measures
from imitation.rewards.reward_nets import BasicRewardNet
from seals.base_envs import TabularModelPOMDP

th.set_num_threads(1)
MOVES = ((-1, 0), (0, 1), (1, 0), (0, -1), (0, 0))


def grid(side: int) -> np.ndarray:
    """Transition matrix of the protocol: the chosen of five moves with 0.9, any of them with 0.1; walls clamp."""
    states = side * side
    row, column = np.divmod(np.arange(states), side)
    chosen = np.zeros((states, 5, states))
    for action, (down, right) in enumerate(MOVES):
        target = np.clip(row + down, 0, side - 1) * side + np.clip(column + right, 0, side - 1)
        chosen[np.arange(states), action, target] = 1.0
    return 0.9 * chosen + 0.1 * chosen.mean(1, keepdims=True)


def learner(transitions, reward, initial, horizon, discount, rate, occupancy=None):
    """Returns imitation's algorithm with exact demonstrations, and its reward network."""
    environment = TabularModelPOMDP(
        transition_matrix=transitions,
        observation_matrix=np.eye(len(reward), dtype=np.float32),
        reward_matrix=reward,
        horizon=horizon,
        initial_state_dist=initial,
    )
    if occupancy is None:
        _, occupancy = mce_occupancy_measures(environment, discount=discount)
    th.manual_seed(0)
    net = BasicRewardNet(
        environment.observation_space,
        environment.action_space,
        use_action=False,
        use_next_state=False,
        use_done=False,
        hid_sizes=[],
    )
    algorithm = MCEIRL(
        occupancy,
        environment,
        net,
        rng=np.random.default_rng(0),
        optimizer_kwargs={"lr": rate},
        discount=discount,
        linf_eps=0.0,
        grad_l2_eps=0.0,
        log_interval=None,
    )
    return algorithm, net


def recovered(net, states: int) -> np.ndarray:
    observations = th.eye(states)
    with th.no_grad():
        return net(observations, None, None, None).numpy().astype(float)


def error(found: np.ndarray, truth: np.ndarray) -> float:
    difference = found - truth
    return float(np.linalg.norm(difference - difference.mean()) / np.linalg.norm(truth - truth.mean()))


def fit_grid(side: int, threshold: float, seconds: float) -> dict:
    states = side * side
    truth = 0.5 * np.random.default_rng(0).normal(size=states)
    algorithm, net = learner(grid(side), truth, np.full(states, 1 / states), 50, 1.0, 0.1)
    start, iterations = time.process_time(), 0
    while time.process_time() - start < seconds:
        algorithm.train(max_iter=10)
        iterations += 10
        if error(recovered(net, states), truth) < threshold:
            break
    return {"cpu_seconds": time.process_time() - start, "iterations": iterations, **outcome(net, truth)}


def fit_chain(occupancy: list[list[float]]) -> dict:
    """The chain at discount 0.5, from exact discounted occupancy that was computed elsewhere."""
    transitions = np.zeros((5, 2, 5))
    for state in range(5):
        transitions[state, 0, max(state - 1, 0)] = 1.0
        transitions[state, 1, min(state + 1, 4)] = 1.0
    truth = np.array([0.0, 0.5, -1.0, 0.3, 1.0])
    algorithm, net = learner(transitions, truth, np.eye(5)[0], 8, 0.5, 0.05, np.asarray(occupancy))
    algorithm.train(max_iter=5000)
    return {"recovered": recovered(net, 5).tolist(), **outcome(net, truth)}


def outcome(net, truth: np.ndarray) -> dict:
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"error": error(recovered(net, len(truth)), truth), "megabytes": memory}


if __name__ == "__main__":
    if sys.argv[1] == "chain":
        print(json.dumps(fit_chain(json.loads(sys.argv[2]))))
    else:
        print(json.dumps(fit_grid(int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3]))))
