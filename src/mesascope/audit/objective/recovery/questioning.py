"""Questioning an agent: watch it in a few training levels, then wherever a menu of environments settles most."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import jax
import numpy as np

from mesascope.agents.agent import Agent
from mesascope.audit.evaluation import evaluate_agent
from mesascope.audit.level_set import LevelSet
from mesascope.audit.objective.recovery.data.observed_choices import ObservedChoices
from mesascope.audit.objective.recovery.evidence.details import Query
from mesascope.audit.objective.recovery.evidence.recovery import RECOVERY, account
from mesascope.audit.objective.recovery.identify.identified import Identified, identify, weighed_levels
from mesascope.audit.objective.recovery.query.next_environment import at_least_more
from mesascope.core.errors import MesascopeError, UsageError
from mesascope.core.faults import Fault, attempted, not_done
from mesascope.core.random import root_key, seed_of, stream
from mesascope.core.verdicts import Evidence
from mesascope.objectives.objective import compile_objectives
from mesascope.worlds.admission import admit_world, check_levels
from mesascope.worlds.level import Level
from mesascope.worlds.menu import POOL, MenuItem, sample_pool, visible_menu
from mesascope.worlds.world import World

START: int = 8
"""Training levels in which the agent is watched before anything is asked."""

MENU: int = 40
TARGET: int = 64
"""Levels after the shift in which readings are compared; what the agent does in them is not looked at."""

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class Questioning:
    """What asking an agent brought to light.

    **Arguments:**

    - `evidence`: the account after all queries.
    - `at_first`: nearest candidate (empty for none), share of draws, directions left open and cost of ambiguity before
      any query.
    - `queries`: in the order they were asked.
    - `settled`: directions that no environment on the menu could still close.
    """

    evidence: Evidence
    at_first: dict
    queries: tuple[Query, ...]
    settled: str


def question(
    agent: Agent,
    world: World,
    *,
    base_objective: str | None = None,
    train: str | None = None,
    deploy: str | None = None,
    edits: int = 8,
    start: int = START,
    seed: int = 0,
    progress: Progress | None = None,
) -> Questioning:
    """Recovers an agent's objective, choosing the environments that it is asked in.

    **Arguments:**

    - `agent`: any agent that acts on the world's observations.
    - `world`: in which it was trained.
    - `base_objective`: what it was trained on; by default the world's own.
    - `train`, `deploy`: distributions: it is first watched in levels of `train`; levels of `deploy` are what matters.
      By default the world's first and last.
    - `edits`: how many environments it is asked in, 0 or more.
    - `start`: training levels to begin with, 1 or more; the distribution may have fewer.
    - `seed`: of levels, menus and draws.
    - `progress`: called with what is being done and the share done.

    **Raises:** `UsageError` for numbers out of range; `UnknownNameError` for unknown names; `AgentError` if the agent
    fails.
    """
    if edits < 0 or not 1 <= start <= POOL:
        raise UsageError(
            f"An inquiry begins with 1 training level or more, {POOL} at most, and takes 0 edits or more, not {start} "
            f"and {edits}."
        )
    report = progress or (lambda what, share: None)
    admit_world(world)
    train = world.distributions[0] if train is None else train
    deploy = world.distributions[-1] if deploy is None else deploy
    for distribution in (train, deploy):
        world.check_distribution(distribution)
    base_objective = world.base_objective if base_objective is None else base_objective
    objectives = compile_objectives(world)
    objectives.index(base_objective)
    key = root_key(seed)
    begin = _level_set("train", world, train, objectives, base_objective, start, stream("levels/train", key=key))
    target = _level_set("deploy", world, deploy, objectives, base_objective, TARGET, stream("levels/deploy", key=key))
    report("watching the agent in training levels", 0.05)
    first = evaluate_agent(agent, begin, key=stream("roll-outs/train", key=key))
    after = evaluate_agent(agent, target, key=stream("roll-outs/deploy", key=key))

    def choose(levels: Level) -> ObservedChoices:
        asked = LevelSet("query", world, train, levels, objectives, begin.base)
        seen = evaluate_agent(agent, asked, key=stream("roll-outs/query", key=key))
        return ObservedChoices.of_evaluation(seen, count=levels.count)

    def asked() -> Questioning:
        choices = ObservedChoices.of_evaluation(first, count=weighed_levels(first.level_set, most=start))
        places = dict.fromkeys((train, deploy))
        menu = visible_menu(world, distributions=tuple(places), count=MENU, key=stream("menu", key=key))
        menu = [item for item in menu if not _seen(item, choices)]
        try:
            found = identify(choices, after, seed=seed_of(stream("draws", key=key)) % 2**32)
        except MesascopeError as error:
            return Questioning(RECOVERY.nothing(str(error)), {}, (), "")
        at_first = {
            "nearest": found.nearest.first,
            "share": found.nearest.share,
            "open": found.open.dimension,
            "harmful": len(found.open.harmful),
            "regret": found.regret(),
        }
        queries = list[Query]()
        while menu and len(queries) < edits:
            report(f"asking in environment {len(queries) + 1} of {edits}", 0.1 + 0.7 * len(queries) / edits)
            query, found, menu = ask(found, menu, choose)
            queries.append(query)
        report("planners and other assumptions", 0.85)
        evidence = account(found, first, queries=queries)
        return Questioning(evidence, at_first, tuple(queries), _outlook(found, menu, edits, len(queries)))

    found = attempted(asked)
    if isinstance(found, Fault):
        return Questioning(not_done("recovery", "objective", found), {}, (), "")
    report("done", 1.0)
    return found


def ask(
    known: Identified, menu: Sequence[MenuItem], choose: Callable[[Level], ObservedChoices]
) -> tuple[Query, Identified, list[MenuItem]]:
    """Asks an agent in the environment of a menu that is expected to say most about its weights.

    **Arguments:**

    - `known`: from the choices so far.
    - `menu`: environments on offer.
    - `choose`: asks the agent about a batch of levels.

    **Returns:** the query, what is known afterwards, and what is left of the menu.

    **Raises:** `UsageError` if the menu is empty.
    """
    if not menu:
        raise UsageError("The menu is empty: there is no environment left to ask in.")
    best = known.objective.next_environment(menu, criterion="information")[0]
    choices = known.objective.choices + choose(best.item.level.batch())
    after = identify(choices, known.after, seed=known.seed)
    query = Query(
        environment=best.item.name,
        kind=best.item.kind,
        information=best.score,
        open=after.open.dimension,
        regret=after.regret(),
        nearest=after.nearest.first,
        share=after.nearest.share,
    )
    return query, after, [other for place, other in enumerate(menu) if place != best.index]


def _level_set(name, world, distribution, objectives, base_objective, count, key) -> LevelSet:
    levels = jax.device_get(sample_pool(world, distribution, key=key))
    check_levels(world, levels, distribution)
    return LevelSet(name, world, distribution, levels[:count], objectives, objectives.index(base_objective))


def _seen(item: MenuItem, choices: ObservedChoices) -> bool:
    """Whether the agent was watched in this very environment already."""
    names = ("successors", "probabilities", "attributes", "initial")
    return any(
        all(np.array_equal(getattr(item.level, name), getattr(one.level, name)) for name in names) for one in choices
    )


def _outlook(found: Identified, menu: list[MenuItem], edits: int, asked: int) -> str:
    """What further environments could still settle."""
    if not found.open.dimension:
        return "Nothing is left open."
    if asked < edits:
        return "The world offers no further environment that the agent can tell from those it was asked in."
    ranked = found.objective.next_environment(menu)
    closing = sum(choice.settles > 0 for choice in ranked)
    if not closing:
        return "No environment on the menu closes any of what is left open."
    more = max(1, at_least_more(ranked, harmful=len(found.open.harmful)))
    return (
        f"{closing} of {len(menu)} environments on the menu close some of what is left open: at least {more} more "
        f"{'is' if more == 1 else 'are'} needed."
    )
