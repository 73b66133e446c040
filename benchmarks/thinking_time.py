"""Thinking time, a topic of `learned_planners.py`: a trained recurrent planner chooses better if it may think for
longer, and a stateless network cannot.

Both networks learn the same thing in the same way: to choose as an optimal planner does, on 9x9 mazes drawn anew in
every update. They are asked in mazes of 13x13, a size that neither was trained in: the convolutional LSTM as it is; the
stateless network, whose dense layer fits one size only, in 9x9 mazes that are new to it.

Chosen on networks of another seed (100), before those measured here were trained: eight thinking steps, about as many
as the training had; 13x13 mazes, and of their first states the half that is farther from the goal.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from ledger import Claim

from mesascope.agents.network_agent import NetworkAgent, network_agent
from mesascope.agents.networks.convnet import ConvNetSpec
from mesascope.agents.networks.drc import DRCSpec
from mesascope.agents.networks.network import NetworkSpec, transplant
from mesascope.audit.evaluation import Evaluation, exact_evaluation
from mesascope.audit.level_set import LevelSet, sample_level_set
from mesascope.audit.policy import observations
from mesascope.audit.search.distances import steps_in
from mesascope.audit.search.thinking import after_thinking, first_choices, solves
from mesascope.core.intervals import bootstrap_mean
from mesascope.core.paired import Comparison, compare
from mesascope.core.random import RandomKey, root_key, seed_of, stream
from mesascope.objectives.objective import compile_objectives
from mesascope.training.base_optimizer import Task
from mesascope.training.optimizers.imitation import Imitated, Imitation, imitate_optimum
from mesascope.worlds.maze import Maze

TRAINED_IN = Maze(size=9)
HARDER = Maze(size=13)
STEPS: int = 8
PLANNER = DRCSpec(channels=16, layers=1, ticks=2, hidden=32, readout="agent")
CONTROL = ConvNetSpec(channels=16, layers=4, hidden=64)


@dataclass(frozen=True)
class Thinking:
    """What thinking steps do to first choices in the same levels.

    **Arguments:**

    - `before`, `after`: whether each level's likeliest first action is optimal, `[N]`.
    - `other`: after as many observations of other levels.
    - `frozen`: after as many steps with the memory put back.
    - `moved`: largest change of any probability by thinking.
    """

    before: np.ndarray
    after: np.ndarray
    other: np.ndarray
    frozen: np.ndarray
    moved: float

    @property
    def compared(self) -> Comparison:
        """The same levels after thinking and before."""
        return compare(self.before, self.after)


def trained(spec: NetworkSpec, *, seed: int, updates: int, levels: int = 16) -> Imitated:
    """Returns a network that has learnt to choose optimally in 9x9 mazes, a few minutes at 1,200 updates."""
    goal = next(spec for spec in TRAINED_IN.objectives if spec.name == "goal")
    settings = Imitation(updates=updates, levels=levels, states=8, learning_rate=5e-3, thinking=3, head_start=6)
    return imitate_optimum(Task(TRAINED_IN, goal, spec), settings, key=root_key(seed))


def as_agent(found: Imitated, spec: NetworkSpec, world: Maze) -> NetworkAgent:
    """Returns a trained network as an agent of mazes of some size."""
    actions = len(world.actions)
    network = transplant(found.network, spec, world.observation_shape, actions)
    return network_agent(spec.architecture, network, spec, world.observation_shape, actions)


def held_out(world: Maze, count: int, *, key: RandomKey) -> Evaluation:
    """Returns mazes drawn after training; who acts later in them plays no part in first choices."""
    objectives = compile_objectives(world).select("goal")
    level_set: LevelSet = sample_level_set("deploy", world, "deploy", objectives, "goal", count=count, key=key)
    uniform = np.full(level_set.levels.successors.shape[:3], 1 / level_set.levels.actions)
    return exact_evaluation(level_set, lambda _: uniform)


def measured(agent: NetworkAgent, evaluation: Evaluation, *, key: RandomKey, far: bool = True) -> Thinking:
    """Lets an agent think for `STEPS` steps before its first choice in each level.

    **Arguments:**

    - `agent`: any agent of the evaluation's world.
    - `evaluation`: the levels.
    - `key`: consumed by first states; the same key gives the same ones to every agent.
    - `far`: whether only the farther half of first states counts.
    """
    level_set, random = evaluation.level_set, np.random.default_rng(seed_of(key))
    levels, states = first_choices(evaluation, 0, random)
    distance = steps_in(evaluation, 0)[levels, states]
    if far:
        hard = distance > np.median(distance)
        levels, states = levels[hard], states[hard]
    shown = observations(level_set.world, level_set.levels)[levels, states]
    value = level_set.optimal_action_values[0][levels, states]
    settings = {"actions": level_set.levels.actions, "tried": (0, STEPS)}
    own = after_thinking(agent, shown, None, **settings)
    other = after_thinking(agent, shown, np.roll(shown, 1, axis=0), **settings)
    frozen = after_thinking(agent, shown, None, frozen=True, **settings)
    before, after = solves(own, value)
    return Thinking(
        before, after, solves(other, value)[1], solves(frozen, value)[1], float(np.abs(own[1] - own[0]).max())
    )


def thinking_time(quick: bool) -> list[Claim]:
    """A recurrent planner with more and less time, beside a stateless network."""
    seeds, updates, levels, count = ((0,), 400, 8, 200) if quick else ((0, 1, 2), 1200, 16, 600)
    evaluation = held_out(HARDER, count, key=stream("levels", key=root_key(7)))
    key = stream("first states", key=root_key(7))
    planners = [trained(PLANNER, seed=seed, updates=updates, levels=levels) for seed in seeds]
    found = [measured(as_agent(planner, PLANNER, HARDER), evaluation, key=key) for planner in planners]
    # The same levels for every seed: one number a level, so that levels are what is resampled.
    gain = bootstrap_mean(np.mean([one.after.astype(float) - one.before for one in found], axis=0))
    other = bootstrap_mean(np.mean([one.other.astype(float) - one.before for one in found], axis=0))
    frozen = max(float(np.abs(one.frozen.astype(float) - one.before).max()) for one in found)
    worst = max((one.compared for one in found), key=lambda compared: compared.p)
    small = held_out(TRAINED_IN, count, key=stream("levels", key=root_key(8)))
    control = trained(CONTROL, seed=seeds[0], updates=updates, levels=levels)
    still = measured(as_agent(control, CONTROL, TRAINED_IN), small, key=key, far=False)
    shares = ", ".join(f"{one.before.mean():.3f} to {one.after.mean():.3f}" for one in found)
    agreement = ", ".join(f"{planner.agreement[0]:.3f} to {planner.agreement[-1]:.3f}" for planner in planners)
    pairs = ", ".join(f"{one.compared.recovered} gained and {one.compared.lost} lost" for one in found)
    rate = np.mean([one.compared.recovered_failures for one in found])
    return [
        Claim(
            "learned-planners.thinking-gain",
            f"rise in the share of optimal first choices after {STEPS} thinking steps, in the farther half of 13x13 "
            f"mazes, of networks trained in 9x9 ones: mean of {len(seeds)} seeds (95 % interval over levels); by seed "
            f"{shares}; {rate:.0%} of failures recovered; after as many looks at other mazes {other.value:+.3f} "
            f"[{other.low:+.3f}, {other.high:+.3f}], with the memory put back {frozen:g}; agreement with the optimum "
            f"in new 9x9 mazes, first step to last: {agreement}",
            gain.value,
            gain.low,
            gain.high,
            gain.n,
            0.03,
            ">=",
        ),
        Claim(
            "learned-planners.thinking-p",
            f"exact McNemar p of that rise, two-sided, the largest of {len(seeds)} seeds; levels {pairs}",
            worst.p,
            min(one.compared.p for one in found),
            worst.p,
            worst.gain.n,
            0.01,
            "<=",
        ),
        Claim(
            "learned-planners.thinking-control",
            f"the same rise for a stateless network trained in the same way, in all of {len(still.before)} new 9x9 "
            f"mazes, of which it solves {still.before.mean():.3f}; largest change of a probability {still.moved:g}",
            still.compared.gain.value,
            still.compared.gain.low,
            still.compared.gain.high,
            still.compared.gain.n,
            0,
            "==",
        ),
    ]
