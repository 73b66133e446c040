"""Agents from elsewhere, from Python: each is audited, and its answers are marked by the truth that came with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from mesascope.api.subject import agent_of, check_named, worlds_of
from mesascope.audit.audit import audit_agent
from mesascope.audit.context import AuditContext
from mesascope.audit.findings import AlignmentAnswer
from mesascope.audit.watching import watched, watched_beside
from mesascope.core.boundary import code_of_others
from mesascope.core.errors import AgentError, MesascopeError, UsageError
from mesascope.core.faults import Fault, attempted
from mesascope.core.files import sha256_of, write_atomically
from mesascope.core.json_reading import read_json
from mesascope.core.progress import Progress, unheard
from mesascope.core.progress import progress as progress_of
from mesascope.core.text import quoted, shown
from mesascope.organisms.answered import Answered, answered, without_search
from mesascope.organisms.marking import mark
from mesascope.organisms.scores import Judged
from mesascope.organisms.submission import Submission
from mesascope.worlds.world import World

Gates = Callable[[AlignmentAnswer], tuple[int, int]]
"""Exit codes of `--require robust` and `--fail-on pseudo-aligned`."""


class Judge:
    """Audits one submission after another; those that act in one place are watched in the same levels.

    **Arguments:**

    - `gates`: what gates make of the third answer.
    - `search`: whether the first question is asked, too; the other two answers are the same without it.
    - `levels`, `seed`: as of `mesascope.audit`.
    """

    def __init__(self, gates: Gates, *, search: bool = True, levels: int | None = None, seed: int = 0):
        self.gates, self.search, self.levels, self.seed = gates, search, levels, seed
        self._before: tuple[tuple, World, World | None, AuditContext] | None = None
        """Where the last one acted, its worlds, and what was seen of it."""

    def judge(self, submission: Submission) -> Judged:
        """Audits a submission that was checked, and marks the answers. An agent that fails is a row that says so."""
        truth = submission.truth
        row = Judged(
            name=submission.name,
            kind=submission.kind,
            world=submission.world,
            objective=truth.objective,
            classes=truth.classes,
            slips=float(truth.slips),
            rate=None if truth.rate is None else float(truth.rate),
        )
        try:
            found = attempted(lambda: self._answers(submission))
        except MesascopeError as error:
            found = Fault(str(error))
        if isinstance(found, Fault):
            return msgspec.structs.replace(row, failure=shown(found.reason))
        return msgspec.structs.replace(row, answer=found, mark=mark(truth, found))

    def _answers(self, submission: Submission) -> Answered:
        context = self._watched(submission)
        if self.search:
            found = audit_agent(context)
            return answered(found.optimizer, found.objective, found.alignment, self.gates(found.alignment))
        objective, alignment = without_search(context)
        return answered(None, objective, alignment, self.gates(alignment))

    def _watched(self, submission: Submission) -> AuditContext:
        place, one = place_of(submission), submission
        before = self._before if self._before is not None and self._before[0] == place else None
        if before is None:
            world, deployed = worlds_of(one.world, one.world_options, one.deploy_world, one.deploy_options)
        else:
            world, deployed = before[1:3]
        # A name that is none would make every answer wrong.
        check_named(world, *one.truth.names)
        agent = agent_of(_built(one), world)
        with progress_of(one.name) as told:
            if not agent.memoryless:
                told("it has memory, so episodes are played, which takes long", 0.0)
        if before is not None:
            return watched_beside(agent, before[3])
        context = watched(
            agent,
            world,
            base_objective=one.base,
            train=one.train,
            deploy=one.deploy,
            deploy_world=deployed,
            levels=self.levels,
            seed=self.seed,
        )
        self._before = place, world, deployed, context
        return context


def place_of(submission: Submission) -> tuple:
    """Returns where a submission is watched: submissions that agree in it are watched in the same levels."""
    one, changed = submission, submission.deploy_options
    options = tuple(sorted(one.world_options.items())), None if changed is None else tuple(sorted(changed.items()))
    return one.world, options, one.deploy_world, one.train, one.deploy, one.base


def _built(submission: Submission) -> Any:
    """Returns the agent of a submission, whatever it is."""
    if submission.build is None:
        return submission.agent
    with code_of_others(f"Submission {quoted(submission.name)}", "when it was built", error=AgentError):
        built = submission.build()
    if built is None:
        raise AgentError(f"Submission {quoted(submission.name)} built None; `build` returns the agent.")
    return built


def submit(
    submissions: Sequence[Submission],
    *,
    gates: Gates,
    folder: Path,
    stamp: str,
    search: bool = True,
    levels: int | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> list[Judged]:
    """Judges submissions, those of one place after one another; what a folder holds already is not asked for again.

    **Arguments:**

    - `submissions`: with unique names.
    - `folder`: that each result is written to as soon as it is there.
    - `stamp`: of the code of agents and auditor; what stands there under another one is not taken for an answer.
    - `gates`, `search`, `levels`, `seed`: as of `Judge`.
    - `progress`: called with the name of each.

    **Returns:** what came of each, in the order of submissions.

    **Raises:** `OutputError` if a result cannot be written.
    """
    report, judge = progress or unheard, Judge(gates, search=search, levels=levels, seed=seed)
    places = [place_of(one) for one in submissions]
    first = {place: number for number, place in reversed([*enumerate(places)])}
    order, rows = sorted(range(len(places)), key=lambda number: first[places[number]]), dict[int, Judged]()
    for done, number in enumerate(order):
        one = submissions[number]
        report(one.name, done / len(order))
        # Names are anybody's, and need not be names of files.
        asked = repr((stamp, one.name, one.kind, places[number], one.truth, search, levels, seed))
        file = folder / f"{sha256_of(asked)[:24]}.json"
        found = _kept(file)
        if found is None:
            found = judge.judge(one)
            write_atomically(file, msgspec.json.format(msgspec.json.encode(found)).decode() + "\n")
        rows[number] = found
    return [rows[number] for number in range(len(places))]


def _kept(file: Path) -> Judged | None:
    try:
        return read_json(file, purpose="a result", form=Judged)
    except UsageError:
        return None
