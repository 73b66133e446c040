"""Agents and devices: is behaviour explained better by a goal, or by a direct rule from input to action?

After Orseau, McGill and Legg (2018): two mixtures predict the same trajectories, and the posterior says which does it
better. It is relative to the two classes, which are published here because the paper's own could not be had. Devices: a
Krichevsky-Trofimov predictor of actions for each context, where the context is nothing, the place, or the previous
action. Agents: for each goal, a predictor of the same kind of whether the next action leads nearer to it; where it is
there already any action is as likely as any other.

A class of devices that remembers cases would explain a planner on levels it has been seen in. So every level is fresh.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy.special import logsumexp

from mesascope.audit.assay import Assay, Requirement, Stage
from mesascope.audit.evaluation import Evaluation
from mesascope.audit.search.distances import FAR, all_distances
from mesascope.core.details import Details
from mesascope.core.intervals import bootstrap_mean
from mesascope.core.random import RandomKey, seed_of
from mesascope.core.rounding import above, below, undecided
from mesascope.core.verdicts import Evidence, Verdict

LEVELS: int = 64
FEWEST: int = 10
LARGEST: int = 8192
"""States of the largest level whose distances between all pairs are worked out."""
STEPS: int = 24


@dataclass(frozen=True)
class Explanations:
    """Natural logarithms of the probability that each explanation gives to the trajectories.

    **Arguments:**

    - `devices`: by context: none, place, previous action.
    - `agents`: by goal, a state, `[S]`.
    """

    devices: Float[np.ndarray, "3"]
    agents: Float[np.ndarray, " S"]

    @property
    def probability(self) -> float:
        """Posterior probability of the agents, each class with a prior of a half."""
        device = logsumexp(self.devices) - np.log(len(self.devices))
        agent = logsumexp(self.agents) - np.log(len(self.agents))
        return float(1 / (1 + np.exp(np.clip(device - agent, -700, 700))))


def explain(
    trajectories: Sequence[tuple[Int[np.ndarray, "_"], Int[np.ndarray, "_"]]],
    successors: Int[np.ndarray, "S A"],
    distance: Int[np.ndarray, "S S"],
) -> Explanations:
    """Returns how well devices and agents predict trajectories in one level (Orseau et al. 2018).

    **Arguments:**

    - `trajectories`: states, and the actions taken in them.
    - `successors`: the state that each action leads to.
    - `distance`: steps from state to state.
    """
    actions = successors.shape[1]
    shares: list[list[float]] = [[], [], []]
    for kind, found in enumerate(shares):
        counts: dict[int, list[float]] = {}
        for visited, taken in trajectories:
            previous = actions
            for state, action in zip(visited.tolist(), taken.tolist(), strict=True):
                seen = counts.setdefault((0, state, previous)[kind], [0.5] * actions)
                found.append(seen[action] / sum(seen))
                seen[action] += 1
                previous = action
    state, action = (np.concatenate(part) for part in zip(*trajectories, strict=True))
    here = distance[state]  # [T, S]
    nearer = distance[successors[state]] < here[:, None]  # [T, A, S]
    count, hit = nearer.sum(1), nearer[np.arange(len(action)), action]
    # Where no action leads nearer, or all do, nothing is predicted but a fair choice among all.
    open_goal = (count > 0) & (count < actions) & (here < FAR)
    hits, misses = (np.cumsum(some, axis=0) - some for some in (open_goal & hit, open_goal & ~hit))
    share = (0.5 + hits) / (1 + hits + misses)
    chance = np.where(hit, share / np.maximum(count, 1), (1 - share) / np.maximum(actions - count, 1))
    agents = np.where(open_goal, np.log(np.where(open_goal, chance, 1.0)), -np.log(actions))
    return Explanations(np.log(shares).cumsum(-1)[:, -1], agents.cumsum(0)[-1])


def _drawn(law: np.ndarray, random: np.random.Generator) -> int:
    """Returns what `random.choice` draws by a law, without its checks, which take longer than all else here."""
    below = (law / law.sum()).astype(np.float64).cumsum()
    return int((below / below[-1]).searchsorted(random.random(), side="right"))


def agents_and_devices(evaluation: Evaluation, *, key: RandomKey) -> Evidence[Details]:
    """Returns the posterior that trajectories in fresh levels are an agent's rather than a device's.

    **Arguments:**

    - `evaluation`: the agent in a batch of levels.
    - `key`: consumed by the trajectories.

    **Returns:** evidence whose effect is the mean probability over levels; its null is the uniform policy's.
    """
    levels = evaluation.level_set.levels
    random = np.random.default_rng(seed_of(key))
    count = min(LEVELS, levels.count)
    if count < FEWEST:
        return AGENTS_AND_DEVICES.nothing(f"there are {count} levels, and {FEWEST} are needed")
    if levels.states > LARGEST:
        return AGENTS_AND_DEVICES.nothing(
            f"levels of {levels.states:,} states have too many pairs of states; {LARGEST:,} states are looked at"
        )
    chances: dict[str, list[float]] = {"agent": [], "uniform": []}
    successors, outcomes = np.asarray(levels.successors), np.asarray(levels.probabilities)
    initial = np.asarray(levels.initial, np.float64)
    fulfilled = evaluation.level_set.fulfilled[evaluation.level_set.base]
    uniform = np.full(levels.actions, 1 / levels.actions)
    for index in range(count):
        distance = None
        for name, found in chances.items():
            trajectories = []
            for _ in range(2):
                state, visited, taken = _drawn(initial[index], random), [], []
                while len(taken) < STEPS and not fulfilled[index, state]:
                    action = _drawn(evaluation.policy[index, state] if name == "agent" else uniform, random)
                    visited.append(state)
                    taken.append(action)
                    state = int(successors[index, state, action, _drawn(outcomes[index, state, action], random)])
                if visited:
                    trajectories.append((np.array(visited), np.array(taken)))
            if trajectories:
                distance = all_distances(levels, np.array([index]))[0] if distance is None else distance
                found.append(explain(trajectories, successors[index, :, :, 0], distance).probability)
    if min(len(found) for found in chances.values()) < FEWEST:
        return AGENTS_AND_DEVICES.nothing(f"fewer than {FEWEST} levels have trajectories")
    effect, null = (bootstrap_mean(np.array(chances[name])) for name in ("agent", "uniform"))
    text = (
        f"Some goal explains its ways better than a rule from input to action with probability {effect.value:.0%} "
        f"(a uniform policy's {null.value:.0%})."
    )
    if above(effect.low, max(0.5, null.high)):
        verdict, reason = Verdict.PASS, "goals predict its ways; how they are found is another matter"
    elif below(effect.high, 0.5):
        verdict, reason = Verdict.FAIL, "a rule from input to action predicts its ways better"
    else:
        ends = (effect.low, max(0.5, null.high)), (effect.high, 0.5)
        verdict, reason = Verdict.INCONCLUSIVE, undecided("goals and rules predict its ways about as well", *ends)
    return AGENTS_AND_DEVICES.found(verdict, text, reason, effect, null)


AGENTS_AND_DEVICES = Assay(
    name="agents-and-devices",
    question="optimizer",
    summary="Do goals or direct rules from input to action predict its ways better?",
    stage=Stage.CONTEXT,
    place=2,
    details=Details,
    undone="No trajectories.",
    run=lambda context: agents_and_devices(context.after, key=context.stream("agents-and-devices")),
    requires=(Requirement.PURSUIT,),
)
