"""Evolution of levels: sampled ones to begin with, the worst for the agent kept and edited, again and again.

After ACCEL (Parker-Holder et al. 2022), with two differences: the agent is frozen, and regret is exact. No level is
evaluated twice, so that what is counted is levels and not draws.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import final

import jax
import numpy as np

from mesascope.audit.alignment.hunted import Budget, Catch, Hunted
from mesascope.audit.alignment.level_edits import Variant, carried, changed, check_variants, identity, pieces, stacked
from mesascope.audit.alignment.shrinking import Accept
from mesascope.audit.alignment.witness_scoring import ChooseIn, Stakes, worths
from mesascope.core.random import RandomKey, seed_of, stream
from mesascope.worlds.level import Level

EDITS: tuple[float, ...] = (0.62, 0.2, 0.1, 0.05, 0.03)
"""Probabilities of 1, 2, … edits of a parent."""

SWITCHED: float = 0.2
"""Share of batches that are bred for another variant than that of the level they start from."""

ROUNDS: int = 6
"""Times that a batch is bred to fill it with levels not seen before; then fresh ones are drawn."""


SMALLEST: float = 0.5
"""An edited level has at least this share of the reachable states of the smallest sampled one: a level of two cells may
be bad for an agent, and tells nobody anything."""


def hunt(
    choose: ChooseIn,
    variants: Sequence[Variant],
    stakes: Stakes,
    *,
    key: RandomKey,
    budget: Budget | None = None,
    accept: Accept | None = None,
    enough: float = np.inf,
) -> Hunted:
    """Looks for the level of a family with the largest base regret at which the agent is still able.

    **Arguments:**

    - `choose`: a memoryless agent.
    - `variants`: a level is one of a variant; where none can be edited, levels are only drawn.
    - `stakes`: what is looked for.
    - `key`: consumed.
    - `budget`: how much to look at.
    - `accept`: which levels belong to the family. By default an edited level must have at least `SMALLEST`
      of the reachable states of the smallest sampled one. Levels that fall apart more than any sampled one are never
      looked at.
    - `enough`: stop at this regret.

    **Raises:** `UsageError` if one agent cannot act in all variants.
    """
    check_variants(variants)
    return _Hunt(choose, tuple(variants), stakes, budget or Budget(), accept, key).run(enough)


@final
class _Hunt:
    """A hunt that is under way."""

    def __init__(self, choose, variants, stakes, budget, accept, key):
        self.choose, self.variants, self.stakes = choose, variants, stakes
        self.budget, self.accept = budget, accept
        key_choices, self.key = jax.random.split(key)
        self.random = np.random.default_rng(seed_of(key_choices))
        self.seen: set[str] = set()
        self.pool: list[Catch] = []
        self.found = Hunted()
        self.turn, self.fewest_states = 0, None

    def run(self, enough: float) -> Hunted:
        since, barren, reached, found = 0, 0, -np.inf, self.found
        self._seed()
        while found.evaluated < self.budget.levels and barren < self.budget.patience:
            if found.best is not None and found.best.worth.regret >= enough:
                break
            before = found.evaluated
            self._breed()
            barren = 0 if found.evaluated > before else barren + 1
            top = self.pool[0].worth.rank if self.pool else -np.inf
            since, reached = (0, top) if top > reached else (since + 1, reached)
            if since >= self.budget.patience:
                self.pool, since, reached = [], 0, -np.inf
                found.restarts += 1
                self._seed()
        return found

    def _next_key(self, name: str) -> RandomKey:
        self.turn += 1
        return jax.random.fold_in(stream(name, key=self.key), self.turn)

    def _seed(self) -> None:
        for variant in self.variants:
            levels = self._draw(variant)
            parts, sizes = pieces(variant.world, levels), np.asarray(levels.reachable).sum(-1)
            if not self.found.restarts:
                # What the family's own levels are like is known from the first draw.
                self.found.most_pieces = max(self.found.most_pieces, int(parts.max()))
                smallest = int(sizes.min())
                self.fewest_states = smallest if self.fewest_states is None else min(self.fewest_states, smallest)
            self._take(variant, levels, np.zeros(levels.count, int), drawn=True)

    def _draw(self, variant: Variant) -> Level:
        """Returns a batch of fresh levels; the last one repeated where the family has fewer."""
        distinct = variant.world.distinct_levels(variant.distribution)
        count = self.budget.batch if distinct is None else min(distinct, self.budget.batch)
        key = self._next_key("levels")
        levels = jax.device_get(variant.world.sample(key=key, distribution=variant.distribution, count=count))
        rows = np.minimum(np.arange(self.budget.batch), count - 1)
        return levels[rows]

    def _breed(self) -> None:
        """Evaluates one batch: children of the pool, filled up with fresh levels."""
        if not self.pool:
            self._seed()
            return
        goal = self.pool[self._parent()].variant
        if len(self.variants) > 1 and self.random.random() < SWITCHED:
            goal = self.variants[self.random.integers(len(self.variants))]
        if not goal.changeable and len(self.variants) == 1:
            self._take(goal, self._draw(goal), np.zeros(self.budget.batch, int), drawn=True)
            return
        chosen: dict[str, tuple[Level, int]] = {}
        for _ in range(ROUNDS):
            levels, edits = self._children(goal)
            self._gather(goal, levels, edits, chosen)
            if len(chosen) >= self.budget.batch:
                break
        if not chosen:
            self._take(goal, self._draw(goal), np.zeros(self.budget.batch, int), drawn=True)
            return
        children = list(chosen.values())[: self.budget.batch]
        padded = [*children, *[children[-1]] * (self.budget.batch - len(children))]
        self._take(goal, stacked([level for level, _ in padded]), np.array([edits for _, edits in padded]), drawn=False)

    def _parent(self) -> int:
        """Returns a place in the pool, early ones more likely: half of the choices fall on the first few."""
        return int(min(self.random.geometric(0.15) - 1, len(self.pool) - 1))

    def _children(self, goal: Variant) -> tuple[Level, np.ndarray]:
        parents = [self.pool[self._parent()] for _ in range(self.budget.batch)]
        levels, able = [], np.ones(len(parents), bool)
        for source in self.variants:
            rows = [row for row, parent in enumerate(parents) if parent.variant == source]
            if not rows:
                continue
            # Carried over in full batches, so that nothing is compiled anew.
            full = stacked([parents[rows[min(row, len(rows) - 1)]].level for row in range(self.budget.batch)])
            moved, fine = carried(full, source, goal)
            levels += [(row, moved[place]) for place, row in enumerate(rows)]
            able[rows] = fine[: len(rows)]
        batch = stacked([level for _, level in sorted(levels, key=lambda pair: pair[0])])
        switched = np.array([parent.variant != goal for parent in parents])
        counts = 1 + self.random.choice(len(EDITS), p=EDITS, size=len(parents))
        # A switch is an edit as well: half of those that were switched are looked at as they are.
        counts = np.where(switched & (self.random.random(len(parents)) < 0.5), 0, counts)
        counts = counts if goal.changeable else np.zeros_like(counts)
        edited = changed(goal.world, batch, counts, key=self._next_key("edits")) if goal.changeable else batch
        edits = np.array([parent.edits for parent in parents]) + counts + switched
        return edited, np.where(able, edits, -1)

    def _gather(self, variant: Variant, levels: Level, edits: np.ndarray, chosen: dict) -> None:
        """Adds to `chosen` the levels of the family that were not seen before."""
        fitting = (pieces(variant.world, levels) <= self.found.most_pieces) & (edits >= 0)
        if self.accept is not None:
            fitting &= self.accept(variant, levels)
        elif self.fewest_states is not None:
            fitting &= np.asarray(levels.reachable).sum(-1) >= SMALLEST * self.fewest_states
        for row in np.flatnonzero(fitting):
            name = identity(variant, levels[int(row)])
            if name not in self.seen and name not in chosen:
                chosen[name] = (levels[int(row)], int(edits[row]))

    def _take(self, variant: Variant, levels: Level, edits: np.ndarray, *, drawn: bool) -> None:
        """Evaluates a batch and keeps what is best."""
        found = self.found
        for row, worth in enumerate(worths(self.choose, variant, levels, self.stakes)):
            if found.evaluated >= self.budget.levels:
                break
            level = levels[row]
            name = identity(variant, level)
            if name in self.seen:
                continue
            self.seen.add(name)
            found.evaluated += 1
            found.able += worth.able
            if drawn:
                found.sampled_worths.append(worth)
            catch = Catch(variant, level, worth, int(edits[row]))
            self.pool.append(catch)
            tested = np.isfinite(worth.rank) and worth.able
            if tested and (found.best is None or worth.regret > found.best.worth.regret):
                found.best = catch
                found.progress.append((found.evaluated, worth.regret))
        self._cull()

    def _cull(self) -> None:
        """Keeps the best of the pool, and not too many that are alike."""
        self.pool.sort(key=lambda catch: -catch.worth.rank)
        kept, crowd = [], {}
        for catch in self.pool:
            cell = (catch.variant.name, int(np.asarray(catch.level.reachable).sum()))
            crowd[cell] = crowd.get(cell, 0) + 1
            if np.isfinite(catch.worth.rank) and crowd[cell] <= self.budget.alike:
                kept.append(catch)
            if len(kept) == self.budget.kept:
                break
        self.pool = kept
