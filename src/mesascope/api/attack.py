"""Attacks from Python: which edit of what an agent sees costs most?"""

from __future__ import annotations

from typing import Any

from mesascope.api.subject import AgentLike, agent_of, world_of
from mesascope.core.progress import Progress
from mesascope.core.provenance import Stopwatch, provenance
from mesascope.proof.attacks.attack import LEVELS, Attack
from mesascope.report.data.proof_reports import AttackReport
from mesascope.worlds.world import World


def attack(
    agent: AgentLike,
    world: World | str,
    *,
    cells: int = 1,
    target: str | None = None,
    base_objective: str | None = None,
    distribution: str | None = None,
    levels: int | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Attack:
    """Looks for the edit of what an agent sees that costs most of the base objective (Su et al. 2017).

    An edit is held: the same in every observation of an episode. All edits are tried where that is possible, which
    proves that none is worse; else they are searched by differential evolution.

    **Arguments:**

    - `agent`, `world`, `base_objective`, `seed`, `progress`: as of `audit`; the agent has no memory.
    - `cells`: edited at once, 1 or more.
    - `target`: an action, attribute or objective that the agent shall be made to take, bring about or serve; by default
      it shall lose.
    - `distribution`: that levels are sampled from; by default the world's first.
    - `levels`: how many are attacked, at most.

    **Returns:** the worst edit, what it costs, and in which share of states one makes it choose badly, each beside
    random edits of equal size.

    **Raises:** `UsageError` for an agent with memory, or observations without cells; `UnknownNameError`; as `audit`.
    """
    from mesascope.proof.attacks.attack import attack as search

    where = world_of(world)
    return search(
        agent_of(agent, where),
        where,
        cells=cells,
        target=target,
        objective=base_objective,
        distribution=distribution,
        levels=LEVELS if levels is None else levels,
        seed=seed,
        progress=progress,
    )


def attack_report(agent: AgentLike, world: World, *, seed: int = 0, **options: Any) -> AttackReport:
    """Returns what `mesascope attack` saves; arguments as of `attack`."""
    watch = Stopwatch()
    asked = agent_of(agent, world)
    found = attack(asked, world, seed=seed, **options)
    where = provenance(seed=seed, watch=watch)
    return AttackReport(asked.name, asked.kind, world.name, world.options(), seed, found, where)
