"""An inquiry: what a labeller was asked about the ways of one agent, what it answered, and the reward that follows."""

from __future__ import annotations

from typing import final

import jax
import numpy as np

from mesascope.audit.alignment.level_edits import Variant, identity
from mesascope.core.errors import UsageError
from mesascope.core.random import RandomKey, seed_of, stream
from mesascope.core.rounding import DIGITS
from mesascope.oversight.rewards.labeller import Labeller
from mesascope.oversight.rewards.over_optimisation import optimised
from mesascope.oversight.rewards.preference_model import Ensemble, ensemble_of
from mesascope.oversight.rewards.preferences import Preferences
from mesascope.oversight.rewards.segments import Pairs, policy_of, walked
from mesascope.oversight.stage import Stage
from mesascope.oversight.trainee import Trainee
from mesascope.planning.value_iteration import optimal_action_values, optimal_actions

CANDIDATES: int = 8
"""Pairs from which an active inquiry picks one."""

MEASURED: int = 128
"""Levels in which learned and true return are compared."""

POOLED: float = 0.75
"""Share of the levels of an update that are ones asked about, where those lie after the shift."""

VARIED: int = 20
"""Answers of which not all are alike; a fair coin makes as many equal ones once in 520,000 times."""


@final
class Inquiry:
    """One agent's inquiry.

    **Arguments:**

    - `trainee`: the agent; its account pays for answers and levels.
    - `labeller`: who is asked.
    - `mistaken`: share of answers that a coin decides, as is assumed.
    - `witnesses`: whether pairs lie in levels after the shift, where the rewards that explain the answers so far
      disagree most; otherwise in training levels, as they come.
    """

    def __init__(self, trainee: Trainee, labeller: Labeller, *, mistaken: float, witnesses: bool):
        self.trainee, self.labeller, self.mistaken, self.witnesses = trainee, labeller, mistaken, witnesses
        self.asked: list[Preferences] = []
        self.learned: Ensemble | None = None
        self._former = trainee.network
        self._differences = np.zeros((0, len(trainee.world.attributes)))
        self._answers = np.zeros(0)

    def demonstrate(self, count: int, *, steps: int, key: RandomKey) -> None:
        """Takes so many demonstrations of the base objective in training levels as better than what the agent does."""
        pairs = self._drawn(self.trainee.organism.distribution, count, steps, key=stream("pairs", key=key))
        levels, agent = pairs.levels, pairs.first
        best = optimal_actions(optimal_action_values(levels, self.trainee.task.objectives)[0]).astype(np.float64)
        best /= best.sum(-1, keepdims=True)
        shown = walked(levels, best, steps=steps, key=stream("show", key=key), starts=agent.states[:, 0])
        self._take(Preferences(Pairs(levels, shown, agent), np.ones(count)))

    def ask(self, count: int, *, of: int, steps: int, key: RandomKey) -> None:
        """Asks about pairs: what the agent does, and what it does when it explores.

        **Arguments:**

        - `count`: how many.
        - `of`: at least `count`; rounds that have it alike share their compiled code.
        - `steps`: of a segment.
        - `key`: consumed.

        **Raises:** `UsageError` if the labeller always says the same.
        """
        world, account = self.trainee.world, self.trainee.account
        where = world.distributions[-1] if self.witnesses else self.trainee.organism.distribution
        drawn = of * (CANDIDATES if self.witnesses else 1)
        pairs = self._drawn(where, drawn, steps, key=stream("pairs", key=key))
        rows = np.arange(count)
        if self.witnesses:
            unsure = self.ensemble(key=stream("pick", key=key)).disagreement(pairs.counts())
            rows = np.argsort(-unsure.round(DIGITS), kind="stable")[:count]
            account.searched += drawn - count
        pairs = pairs[rows]
        answers = self.labeller.label(world, self.trainee.task.objectives, pairs, key=stream("label", key=key))
        self.add(Preferences(pairs, answers))

    def add(self, given: Preferences) -> None:
        """Takes answers about pairs in random order into the inquiry, and puts them on the account.

        **Raises:** `UsageError` if all answers so far are alike.
        """
        self._take(given)
        self.asked.append(given)
        every = np.concatenate([one.answers for one in self.asked])
        if len(every) >= VARIED and (every == every[0]).all():
            said = {1.0: "'first'", 0.0: "'second'"}.get(float(every[0]), f"{every[0]:g}")
            raise UsageError(
                f"All {len(every):,} answers are {said}, whichever of a pair came first, so they say nothing about the "
                "segments: a labeller that always says the same. If in a table the better one was always written "
                "first, swap half of its pairs."
            )

    def _take(self, given: Preferences) -> None:
        self._differences = np.concatenate([self._differences, given.pairs.counts()])
        self._answers = np.append(self._answers, given.answers)
        self.trainee.account.labels += len(given.answers)

    def ensemble(self, *, key: RandomKey) -> Ensemble:
        """Returns the rewards that explain all answers so far."""
        return ensemble_of(self._differences, self._answers, mistaken=self.mistaken, key=key)

    def stage(self, updates: int, *, room: int, key: RandomKey) -> Stage:
        """Returns a stage that rewards what explains all answers so far, most of it in the levels after the shift that
        were asked about, if they were.

        **Arguments:**

        - `updates`: of the stage.
        - `room`: the most levels that will ever be asked about.
        - `key`: consumed.
        """
        self.learned = self.ensemble(key=key)
        reward = self.learned.reward(self.trainee.world)
        if not self.witnesses:
            return Stage(updates, reward=reward)
        asked = jax.tree.map(lambda *arrays: np.concatenate(arrays), *[one.pairs.levels for one in self.asked])
        there = np.arange(room) < asked.count
        pool, pooled = asked[np.where(there, np.arange(room), 0)], max(1, round(POOLED * self.trainee.optimizer.levels))
        return Stage(updates, pool=pool, chances=there * 1.0, pooled=pooled, reward=reward)

    def note(self, *, key: RandomKey) -> None:
        """Pays for the levels of the pool, and notes how often the answers were right and how the agent does now, by
        the learned reward and by the true one, in levels before and after the shift."""
        assert self.learned is not None, "a stage comes before"
        trainee, world, base = self.trainee, self.trainee.world, self.trainee.task
        places = dict.fromkeys((trainee.organism.distribution, world.distributions[-1]))
        right = []
        for pairs, answers in self.asked:
            better = pairs.differences(base.objectives).round(DIGITS)
            right += np.where(better > 0, answers, 1 - answers)[better != 0].tolist()
        if right:
            trainee.measured["answers that the base objective agrees with"] = float(np.mean(right))
        if self.witnesses:
            here = Variant("", world, world.distributions[-1])
            asked = [one.pairs.levels[row] for one in self.asked for row in range(len(one.answers))]
            trainee.account.levels += len({identity(here, level) for level in asked})
        for place in places:
            levels = world.sample(key=stream(f"levels/{place}", key=key), distribution=place, count=MEASURED)
            levels = jax.device_get(levels)
            now, former = (np.asarray(policy_of(one, world, levels)) for one in (trainee.network, self._former))
            found = optimised(world, levels, now, former, base.objective, self.learned.objective(world))
            for name, value in {
                "share of the true return": found.true,
                "share of the learned return": found.learned,
                "reward-result gap": found.gap,
                "nats from before": found.divergence,
            }.items():
                if np.isfinite(value):
                    trainee.measured[f"{name} ({place})"] = value

    def _drawn(self, distribution: str, count: int, steps: int, *, key: RandomKey) -> Pairs:
        """Returns pairs of segments from the same state, in random order: one as the agent acts, in the other it takes
        random actions now and then, how often is drawn for each."""
        world = self.trainee.world
        key_levels, key_agent, key_other, key_random = jax.random.split(key, 4)
        levels = jax.device_get(world.sample(key=key_levels, distribution=distribution, count=count))
        policy = np.asarray(policy_of(self.trainee.network, world, levels))
        random = np.random.default_rng(seed_of(key_random))
        share = random.random((count, 1, 1))
        own = walked(levels, policy, steps=steps, key=key_agent)
        roving = (1 - share) * policy + share / policy.shape[-1]
        other = walked(levels, roving, steps=steps, key=key_other, starts=own.states[:, 0])
        both = jax.tree.map(lambda one, two: np.concatenate([one, two]), own, other)
        swapped = count * (random.random(count) < 0.5)
        return Pairs(levels, both[np.arange(count) + swapped], both[np.arange(count) + count - swapped])
