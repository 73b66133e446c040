"""Recovered objectives against known ones: planted agents (E), organisms trained here (F), SB3 agents (G).

E. Planted agents of five kinds on grids of 25 to 6,400 states act soft-optimally for a reward table that nobody tells.
They are watched in their training environment and then wherever a menu of forty edits settles most, eight times at
most. What is left open is played against us in two environments that are not on the menu: regret is normalised, 0 the
best and 1 the worst policy there, and the worst case is over rewards that explain everything seen.

F. Organisms of the corner, doors and keys worlds, aligned and misgeneralised, eight seeds each. A name is right if the
truth lists it, or if it orders all policies of the levels after the shift as one that is listed does.

G. Agents of Stable-Baselines3's PPO in FrozenLake and MiniGrid, read from their files.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from ledger import Claim, cpu_seconds, run
from planted_objectives import KINDS, Planted, plant
from recovered_agents import real_agents, trained_organisms

from mesascope.audit.objective.recovery.fit.maximum_causal_entropy import fit_visits
from mesascope.audit.objective.recovery.query.ambiguity import disambiguating_regret
from mesascope.audit.objective.recovery.query.next_environment import rank_menu
from mesascope.audit.objective.recovery.recover import recover
from mesascope.core.intervals import wilson
from mesascope.objectives.reward_space import StateRewards, TabularRewards
from mesascope.planning.evaluation import visits

QUERIES = 8
SETTLED = 0.05
SIZES: dict[int, int] = {5: 60, 10: 60, 20: 50, 40: 20, 80: 10}
"""Side of the grid and how many agents."""

RIVALS = 8
"""Consistent rewards that are tried for the worst case."""

BASELINE_STATES = 400
ENDLESS = 400
"""Steps after which a discount of 0.95 leaves a billionth."""


@dataclass(frozen=True)
class Outcome:
    """What is left open of one planted agent.

    **Arguments:**

    - `worst`: worst-case regret in the held-out environments after 0, 1, … 8 queries.
    - `random`: queries in random order until the worst case is at most `SETTLED`, 41 if never.
    - `regret`: by method, regret of doing what its one reward demands, mean over the held-out environments.
    """

    agent: Planted
    worst: tuple[float, ...]
    random: int
    regret: dict[str, float]
    seconds: float

    @property
    def queries(self) -> int:
        """Queries until the worst case is at most `SETTLED`; one more than were allowed if never."""
        return next((k for k, regret in enumerate(self.worst) if regret <= SETTLED), QUERIES + 1)


def inquire(agent: Planted) -> Outcome:
    """Recovers the objective of one planted agent, and lets the baselines try."""
    begin = time.process_time()
    space = TabularRewards(agent.side**2, 5)
    watched, menu, worst = [agent.watched(agent.training)], list(agent.menu), []
    while True:
        found = recover(watched, space=space)
        worst.append(worst_case(found, agent))
        basis = found.open_directions()
        if len(worst) > QUERIES or len(basis) <= 1:
            break
        best = rank_menu(menu, space, basis)[0]
        menu.remove(best.item)
        watched.append(agent.watched(best.item.level))
    seconds = time.process_time() - begin
    # Nothing but a constant is left open: asking on changes nothing.
    worst += [worst[-1]] * (QUERIES + 1 - len(worst))
    first = agent.watched(agent.training)
    table = (agent.side**2, 5)
    points = {"recovered": found.mean.reshape(table), "log-policy": np.log(np.maximum(first.policy, 1e-12))}
    if agent.side**2 <= BASELINE_STATES:
        points["one environment, maximum causal entropy"] = entropy_reward(agent)
    regret = {
        name: float(np.mean([lost(level, agent.reward, reward) for level in agent.held_out]))
        for name, reward in points.items()
    }
    return Outcome(agent, tuple(worst), random_choice(agent, space), regret, seconds)


def worst_case(found, agent: Planted) -> float:
    """Mean over the held-out environments of the smallest worst-case regret among consistent rewards."""
    return float(np.mean([found.disambiguating_regret(level, n=RIVALS).minimax for level in agent.held_out]))


def random_choice(agent: Planted, space: TabularRewards) -> int:
    """Queries in random order until the worst case is settled."""
    watched = [agent.watched(agent.training)]
    if worst_case(recover(watched, space=space), agent) <= SETTLED:
        return 0
    order = np.random.default_rng(agent.side).permutation(len(agent.menu))
    for count, place in enumerate(order, 1):
        watched.append(agent.watched(agent.menu[place].level))
        if worst_case(recover(watched, space=space), agent) <= SETTLED:
            return count
    return len(agent.menu) + 1


def lost(level, truth: np.ndarray, reward: np.ndarray) -> float:
    """Regret under the truth of the policy that one reward demands."""
    found = disambiguating_regret(level, np.stack([truth, reward]))
    return float(found.regrets[0, found.own[1]])


def entropy_reward(agent: Planted) -> np.ndarray:
    """What maximum causal entropy recovers from exact visits of the training environment alone: rewards of states."""
    level = agent.training
    policy = agent.choices(level)[None]
    taken = visits(level.batch(), policy)[0][:, None] * policy[0]
    space, discount = StateRewards(level.states), float(level.discount)
    fit = fit_visits(level.batch(), taken[None], space, horizon=ENDLESS, discount=discount, most=300, tolerance=1e-6)
    return np.repeat(fit.parameter[:, None], 5, axis=1)


def planted_claims(quick: bool) -> list[Claim]:
    """Returns the claims of letter E."""
    sizes = {5: 10, 10: 5} if quick else SIZES
    found: list[Outcome] = []
    for side, count in sizes.items():
        begin = cpu_seconds()
        for _ in range(count):
            found.append(inquire(plant(len(found), side)))
        print(f"{count} agents of {side * side} states: {cpu_seconds() - begin:.0f} CPU s", file=sys.stderr, flush=True)
    settled = [outcome.worst[QUERIES] <= SETTLED for outcome in found]
    share = wilson(sum(settled), len(settled))
    by_kind = Counter(outcome.agent.kind for outcome, good in zip(found, settled, strict=True) if not good)
    after = [np.mean([outcome.worst[k] for outcome in found]) for k in (0, 1, 2, QUERIES)]
    largest = max(outcome.agent.side**2 for outcome in found)
    greedy, unguided = (np.array([getattr(o, name) for o in found], float) for name in ("queries", "random"))
    ratio, low, high = ratio_of_means(unguided, np.maximum(greedy, 1))
    text = ", ".join(
        f"{name} {np.mean(values):.3f} (at most {SETTLED} for {np.mean(np.array(values) <= SETTLED):.0%} of "
        f"{len(values)})"
        for name, values in by_method(found).items()
        if name != "recovered"
    )
    own = by_method(found)["recovered"]
    return [
        Claim(
            "objective-recovery.planted",
            f"Share of {len(found)} planted soft-optimal agents of {len(KINDS)} kinds, 25 to {largest:,} states, whose "
            f"worst-case regret in held-out environments is at most {SETTLED} after at most {QUERIES} queries of "
            f"a menu of 40 edits (95 % Wilson interval); mean regret after 0, 1, 2, {QUERIES} queries "
            f"{', '.join(f'{value:.3f}' for value in after)}; failures {dict(by_kind) or 'none'}",
            share.value,
            share.low,
            share.high,
            len(found),
            0.95,
            ">=",
        ),
        Claim(
            "objective-recovery.queries",
            f"Queries until then in random order (mean {unguided.mean():.2f}) over queries chosen by what they settle "
            f"(mean {greedy.mean():.2f}); 95 % bootstrap interval over agents",
            ratio,
            low,
            high,
            len(found),
            2.0,
            ">=",
        ),
        Claim(
            "objective-recovery.point",
            "Mean regret, in held-out environments, of doing what the recovered mean demands, 95 % bootstrap interval; "
            f"baselines on the same agents: {text}",
            *mean_interval(own),
            len(own),
            SETTLED,
            "<=",
        ),
    ]


def by_method(found: list[Outcome]) -> dict[str, list[float]]:
    """Regrets of each method's reward."""
    methods: dict[str, list[float]] = {}
    for outcome in found:
        for name, value in outcome.regret.items():
            methods.setdefault(name, []).append(value)
    return methods


def ratio_of_means(above: np.ndarray, below: np.ndarray) -> tuple[float, float, float]:
    """Returns the ratio of two means over the same agents with its 95 % bootstrap interval."""
    rows = np.random.default_rng(0).integers(len(above), size=(4000, len(above)))
    ratios = above[rows].mean(1) / below[rows].mean(1)
    value = float(above.mean() / below.mean())
    low, high = np.quantile(ratios, [0.025, 0.975])
    return value, min(float(low), value), max(float(high), value)


def mean_interval(values: list[float]) -> tuple[float, float, float]:
    """Returns a mean with its 95 % bootstrap interval."""
    return ratio_of_means(np.array(values), np.ones(len(values)))


def hard_claim(quick: bool) -> Claim:
    """What is left open of agents that always take an optimal action: a cone of rewards, however often one asks."""
    found = []
    for index in range(5 if quick else 30):
        agent = plant(1000 + index, 5, hard=True)
        watched = [agent.watched(agent.training)] + [agent.watched(item.level) for item in agent.menu[:QUERIES]]
        objective = recover(watched, space=TabularRewards(25, 5), planner="hard")
        rewards = np.concatenate([objective.mean[None], objective.posterior.samples(RIVALS - 1, seed=0)])
        tables = rewards.reshape(-1, 25, 5)
        found.append(np.mean([disambiguating_regret(level, tables).minimax for level in agent.held_out]))
    return Claim(
        "objective-recovery.deterministic",
        f"The same worst-case regret for agents of 25 states that always take an optimal action, after {QUERIES} "
        "queries in random order: their choices leave a cone of rewards open (no target was set for them; the "
        "number is compared with that of soft-optimal agents)",
        *mean_interval([float(value) for value in found]),
        len(found),
        SETTLED,
        "<=",
    )


def measure(quick: bool) -> list[Claim]:
    """Returns the claims of issue letters E, F and G."""
    claims = [*planted_claims(quick), hard_claim(quick), *trained_organisms(quick)]
    with tempfile.TemporaryDirectory() as folder:
        return [*claims, *real_agents(quick, Path(folder))]


if __name__ == "__main__":
    run("objective_recovery", measure)
