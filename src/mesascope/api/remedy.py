"""Remedies from Python: the agents of a recipe, trained further under each, audited before and after."""

from __future__ import annotations

import dataclasses
import importlib.util
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast

from mesascope.agents.agent import Agent
from mesascope.agents.files import load_agent
from mesascope.core.boundary import code_of_others
from mesascope.core.errors import UnknownNameError, UsageError
from mesascope.core.progress import Progress
from mesascope.core.provenance import Stopwatch, provenance
from mesascope.core.quantities import LEVELS as LEVEL_COUNT
from mesascope.core.quantities import SEED, Whole
from mesascope.core.registry import load_named_by_user
from mesascope.core.text import quoted
from mesascope.organisms.catalogue import ORGANISMS
from mesascope.organisms.organism import Organism
from mesascope.oversight.catalogue import PLACEBO, REMEDIES
from mesascope.oversight.comparison import Seeded, effects_of, seconds_of
from mesascope.oversight.outcome import Examiner
from mesascope.oversight.remedy import Remedy
from mesascope.oversight.rewards.preferences import read_preferences
from mesascope.oversight.trainee import gradient_of
from mesascope.oversight.treatment import BEFORE, Job, Treated, Treatment, agent_file, examiner_of, treat
from mesascope.report.data.remedy_comparison import Comparison, Shown, TreatedAgent
from mesascope.worlds.world import parse_option

ALL = "all"
LEVELS: int = 128
"""Levels of each distribution in which agents are audited."""
RECIPE = "ORGANISM"
"""What a file of a recipe calls it."""
UPDATES = Whole(1, 10_000_000)


def remedy(
    recipe: Organism | str,
    remedies: str | Sequence[str] = ALL,
    *,
    seeds: int | Sequence[int] = 3,
    settings: Mapping[str, str] = MappingProxyType({}),
    preferences: str | os.PathLike | None = None,
    updates: int | None = None,
    levels: int = LEVELS,
    deploy: str | None = None,
    out: str | os.PathLike | None = None,
    force: bool = False,
    processes: int = 1,
    progress: Progress | None = None,
    note: Callable[[str], None] | None = None,
    command: list[str] | None = None,
) -> Comparison:
    """Trains the agents of a recipe further under remedies, and says what each changes in the audit (RFLO §1.2, §3.3).

    A placebo (as many updates, nothing changed) runs beside them. What stands in the folder already is not done again,
    so that an interrupted run goes on with the same call.

    **Arguments:**

    - `recipe`: an organism by name, a file that holds `ORGANISM = Organism(...)`, `"module:attribute"`, or an Organism.
    - `remedies`: one, several, or `"all"`; `mesascope list remedies` shows them.
    - `seeds`: how many agents, or which seeds.
    - `settings`: of the remedies, as text by name (`{"levels": "512"}`); each goes to those that have it.
    - `preferences`: a file of pairs that people have labelled, for reward modelling.
    - `updates`: that each remedy trains for; by default as many as the recipe's exact gradient.
    - `levels`: of each distribution in which agents are audited.
    - `deploy`: the distribution after the shift; by default the world's last.
    - `out`: gets agents and results; by default `runs/remedy-RECIPE`.
    - `force`: whether results of other settings in it are replaced.
    - `processes`: agents that are treated side by side, where the recipe is a registered one.
    - `progress`: called as it goes on; `note` with a sentence that says how long it takes.
    - `command`: the command line for the provenance; by default this process's.

    **Returns:** the comparison; `contents()` are what `mesascope remedy` writes.

    **Raises:** `UnknownNameError` for a recipe, remedy or setting that does not exist; `UsageError` for settings that
    cannot be, and a recipe whose agents have a memory; `TrainingError` if the folder holds results of other settings.
    """
    watch = Stopwatch()
    organism = recipe_of(recipe)
    chosen = remedies_of(remedies, settings, preferences)
    seeds = tuple(range(seeds)) if isinstance(seeds, int) else tuple(seeds)
    if not seeds or len(set(seeds)) != len(seeds):
        raise UsageError(f"seeds={seeds} must be different seeds, at least one.")
    for seed in seeds:
        SEED.check(seed, "seed")
    LEVEL_COUNT.check(levels, "levels")
    if updates is not None:
        UPDATES.check(updates, "updates")
    if deploy is not None:
        organism.world.check_distribution(deploy)
    if preferences is not None:
        # Before anything is trained.
        read_preferences(preferences, organism.world)
    gradient = gradient_of(organism)
    reasons = {one.name: one.inapplicable(organism) for one in chosen}
    refused = {name: reason for name, reason in reasons.items() if reason is not None}
    if isinstance(remedies, str) and remedies != ALL and remedies in refused:
        raise UsageError(f"Remedy '{remedies}' cannot be applied to recipe '{organism.name}': {refused[remedies]}.")
    folder = Path("runs") / f"remedy-{organism.name}" if out is None else Path(out)
    treatment = Treatment(organism, levels, updates, deploy)
    applied = [one for one in chosen if one.name not in refused]
    if not (isinstance(recipe, str) and recipe in ORGANISMS.names()):
        # Other processes could not import what a file of the user's defines.
        processes = 1
    jobs = [Job(treatment, seed, one) for one in (None, *applied) for seed in seeds]
    results = treat(jobs, folder, replace=force, processes=processes, progress=progress, note=note)
    by = {
        (job.seed, BEFORE if job.remedy is None else job.remedy.name): one
        for job, one in zip(jobs, results, strict=True)
    }
    seeded = [Seeded(seed, by[seed, BEFORE], {one.name: by[seed, one.name] for one in applied}) for seed in seeds]
    return Comparison(
        recipe=organism.name,
        world=organism.world.name,
        base_objective=organism.objective,
        trained_on=organism.distribution,
        shift=organism.world.distributions[-1] if deploy is None else deploy,
        levels=levels,
        updates=gradient.updates if updates is None else updates,
        effects=effects_of(seeded, refused),
        treated=tuple(_agent_row(seed, name, one) for (seed, name), one in by.items()),
        shown=_shown(treatment, seeded, applied, folder),
        provenance={
            **provenance(seed=seeds[0], watch=watch, command=command),
            "remedy_seconds": seconds_of(seeded),
        },
    )


def recipe_of(recipe: Organism | str) -> Organism:
    """Returns the recipe that is meant; see `remedy`.

    **Raises:** `UnknownNameError` for a name that no organism has; `UsageError` for what is no recipe.
    """
    if isinstance(recipe, Organism):
        return recipe
    if not isinstance(recipe, str):
        raise UsageError(f"A recipe is an Organism, or its name or place as text, not {quoted(recipe)}.")
    found: Any
    if recipe.endswith(".py"):
        found = _in_file(Path(recipe))
    elif ":" in recipe:
        found = load_named_by_user(recipe)
    else:
        return ORGANISMS.load(recipe)
    if not isinstance(found, Organism):
        raise UsageError(
            f"{quoted(recipe, limit=200)} holds an object of type {type(found).__name__}, no recipe; it must be "
            "a mesascope.Organism(name, world, objective, optimizer, network)."
        )
    return found


def _in_file(file: Path) -> object:
    if not file.is_file():
        raise UsageError(
            f"There is no file {quoted(file, limit=200)}. Name a file that holds {RECIPE} = Organism(...)."
        )
    spec = importlib.util.spec_from_file_location(f"recipe_{file.stem}", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with code_of_others(f"File {quoted(file, limit=200)}", "when it was read as a recipe", error=UsageError):
        spec.loader.exec_module(module)
    if not hasattr(module, RECIPE):
        raise UsageError(f"{quoted(file, limit=200)} holds no {RECIPE}; a recipe is {RECIPE} = Organism(...) in it.")
    return getattr(module, RECIPE)


def remedies_of(
    names: str | Sequence[str], settings: Mapping[str, str], preferences: str | os.PathLike | None
) -> list[Remedy]:
    """Returns the placebo and the remedies that are meant, with their settings; see `remedy`."""
    listed = [names] if isinstance(names, str) else list(names)
    if ALL in listed:
        listed = [entry.name for entry in REMEDIES]
    found, used = list[Remedy](), set[str]()
    given = dict(settings) | ({} if preferences is None else {"preferences": os.fspath(preferences)})
    for name in dict.fromkeys([PLACEBO, *listed]):
        plain = REMEDIES.load(name)()
        fields = {field.name: field for field in dataclasses.fields(cast(Any, plain))}
        own = {key: text for key, text in given.items() if key in fields}
        used |= own.keys()
        values = {key: parse_option(key, text, type(getattr(plain, key))) for key, text in own.items()}
        found.append(dataclasses.replace(cast(Any, plain), **values))
    for key in given:
        if key not in used:
            known = {field.name for one in found for field in dataclasses.fields(cast(Any, one))}
            raise UnknownNameError(f"setting of {', '.join(one.name for one in found[1:]) or PLACEBO}", key, known)
    return found


def _agent_row(seed: int, name: str, one: Treated) -> TreatedAgent:
    outcome = one.outcome
    if outcome is None:
        return TreatedAgent(seed, name, "none", False, None, None, None, None, one.failure)
    return TreatedAgent(
        seed=seed,
        remedy=name,
        class_=outcome.class_,
        stated=outcome.class_stated,
        kind=outcome.kind,
        objective=outcome.objective,
        regret_train=outcome.base_before,
        regret_deploy=outcome.base_after,
        failure="",
    )


def _shown(
    treatment: Treatment, seeded: Sequence[Seeded], applied: Sequence[Remedy], folder: Path
) -> tuple[Shown, ...]:
    """What the first agent that is pseudo-aligned before does in the level where it comes apart, then and now."""
    for one in seeded:
        if one.before.outcome is None or not one.before.outcome.pseudo_aligned:
            continue
        examiner: Examiner = examiner_of(treatment)

        def agent(remedy: Remedy | None, seed: int = one.seed) -> Agent:
            return load_agent(agent_file(Job(treatment, seed, remedy), folder))

        apart = examiner.apart(agent(None))
        if apart is None:
            return ()
        found, start = apart
        after = [remedy for remedy in applied if one.after[remedy.name].outcome is not None]
        return (
            Shown(BEFORE, found),
            *(Shown(remedy.name, examiner.there(agent(remedy), found.index, start)) for remedy in after),
        )
    return ()
