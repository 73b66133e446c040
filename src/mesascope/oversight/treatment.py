"""Treating the agents of a recipe: trained, audited, trained further under each remedy, audited again.

Each agent under each remedy is a job whose result is one file, so that a run that was killed goes on with the same
command; within a job the network after each stage is kept, until the result stands.
"""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import msgspec

from mesascope.agents.files import load_agent
from mesascope.agents.network_agent import NetworkAgent
from mesascope.core.details import Details, Number
from mesascope.core.errors import MesascopeError, TrainingError, UsageError
from mesascope.core.files import sha256_of, write_atomically
from mesascope.core.json_reading import read_json
from mesascope.core.progress import Progress
from mesascope.core.progress import progress as progress_of
from mesascope.core.random import root_key, stream
from mesascope.core.text import quoted, shown
from mesascope.organisms.agent_content import AGENT, agent_content
from mesascope.organisms.organism import Organism
from mesascope.organisms.processes import finish, orphaned
from mesascope.organisms.train import grow
from mesascope.oversight.account import Account
from mesascope.oversight.outcome import Examiner, Outcome
from mesascope.oversight.remedy import Remedy
from mesascope.oversight.trainee import Trainee
from mesascope.training.checkpoint import difference
from mesascope.training.run import settings_of

RESULT = "result.json"
BEFORE = "before"

AUDIT_SECONDS: float = 4.0
"""That an audit without search takes once levels are solved: 3 to 5 in the worlds of the ledger."""
WORK: float = 1.5
"""CPU seconds of a remedy for one of the recipe's training: between 0.6 (placebo) and 4 (searches), mean of the ledger.
"""


class Treated(Details, frozen=True, kw_only=True):
    """What came of one agent under one remedy, or of the recipe alone.

    **Arguments:**

    - `settings`: everything that it depends on, as flat text.
    - `outcome`: what the audit says of it; `None` if it could not be trained.
    - `account`: what it cost, by name; of the recipe's own training the seconds alone.
    - `measured`: further numbers that the remedy took on its way, by name.
    - `failure`: why there is no outcome; empty where there is one.
    """

    settings: dict[str, str]
    outcome: Outcome | None = None
    account: dict[str, Number]
    measured: dict[str, Number] = {}
    failure: str = ""


@dataclass(frozen=True)
class Treatment:
    """What all jobs of one comparison share.

    **Arguments:**

    - `organism`: the recipe.
    - `levels`: of each distribution that agents are audited in.
    - `updates`: that each remedy has; `None` for as many as the exact gradient of the recipe.
    - `deploy`: the distribution after the shift; `None` for the world's last.
    """

    organism: Organism
    levels: int
    updates: int | None = None
    deploy: str | None = None


@dataclass(frozen=True)
class Job:
    """One agent under one remedy.

    **Arguments:**

    - `treatment`: what is shared.
    - `seed`: of the agent.
    - `remedy`: `None` for the recipe alone.
    """

    treatment: Treatment
    seed: int
    remedy: Remedy | None = None

    @property
    def name(self) -> str:
        """Of its folder."""
        return f"{BEFORE if self.remedy is None else self.remedy.name}-{self.seed}"

    @property
    def settings(self) -> dict[str, str]:
        """Everything that its result depends on, as flat text."""
        shared, organism = self.treatment, self.treatment.organism
        found = settings_of(organism.optimizer, organism.task, (self.seed,))
        found |= {"audit.levels": str(shared.levels), "audit.deploy": str(shared.deploy)}
        if self.remedy is not None:
            fields = dataclasses.fields(self.remedy)  # pyright: ignore[reportArgumentType]
            found |= {"remedy": self.remedy.name, "remedy.updates": str(shared.updates)}
            found |= {f"remedy.{field.name}": str(getattr(self.remedy, field.name)) for field in fields}
            # Other answers in a file of the same name are another remedy.
            file = Path(found.get("remedy.preferences") or os.devnull)
            found |= {"remedy.preferences_sha256": sha256_of(file)} if file.is_file() else {}
        return found


def treat(
    jobs: Sequence[Job],
    folder: Path,
    *,
    replace: bool = False,
    processes: int = 1,
    progress: Progress | None = None,
    note: Callable[[str], None] | None = None,
) -> list[Treated]:
    """Does the jobs whose results do not lie in a folder yet.

    **Arguments:**

    - `jobs`: those of a seed need that seed's `before` among them, or in the folder.
    - `folder`: gets a folder REMEDY-SEED for each.
    - `replace`: whether what lies there of other settings is deleted, and done anew.
    - `processes`: how many are done side by side.
    - `progress`: called with what is being done and the share done; `note` with how long it will take.

    **Returns:** what came of each, in their order. An agent whose training fails, or whose remedy cannot go on with
    what it was given, is a row that says so, and is tried again by the next call.

    **Raises:** `TrainingError` if the folder holds results of other settings, unless they are replaced.
    """
    for job in jobs if replace else ():
        try:
            kept(job, folder)
        except TrainingError:
            shutil.rmtree(folder / job.name)

    def done(job: Job) -> bool:
        found = kept(job, folder)
        return found is not None and not found.failure

    def work(part: list[Job], name: str) -> None:
        def told(what: str, share: float) -> None:
            if progress is not None:
                progress(f"{what} {name}", share)

        finish(treat_part, part, folder, done=done, processes=min(processes, max(len(part), 1)), progress=told)

    befores = [job for job in jobs if job.remedy is None]
    others = [job for job in jobs if job.remedy is not None]
    # The first agent says how long the others take.
    start, new = time.monotonic(), bool(befores) and not done(befores[0])
    work(befores[:1], "as the recipe trains it")
    wall = time.monotonic() - start
    left = sum(not done(job) for job in [*befores, *others])
    first = kept(befores[0], folder) if befores else None
    if note is not None and left and first is not None:
        # What it took here and now, on a machine that may be busy; of one that stood there only CPU seconds are known.
        each = wall if new else AUDIT_SECONDS + WORK * float(first.account["seconds"])
        seconds = left * each / processes
        note(f"{left} agents are left to be trained and audited: about {max(1, round(seconds / 60))} min.")
    work(befores, "as the recipe trains them")
    work(others, "under remedies")
    found = [kept(job, folder) for job in jobs]
    assert all(one is not None for one in found)
    return [one for one in found if one is not None]


def kept(job: Job, folder: Path) -> Treated | None:
    """Returns the result of a job that lies in a folder; `None` if there is none, or its agent is gone.

    **Raises:** `TrainingError` if what lies there is of other settings, or no result.
    """
    file = folder / job.name / RESULT
    if not file.exists():
        return None
    advice = "Choose another folder, or replace what lies there (--force)."
    try:
        found = read_json(file, purpose="the result of a remedy", form=Treated)
    except MesascopeError as error:
        raise TrainingError(f"{error} {advice}") from error
    if differs := difference(found.settings, job.settings):
        raise TrainingError(f"{quoted(file, limit=200)} is of other settings: {differs}. {advice}")
    return found if found.outcome is None or agent_file(job, folder).is_file() else None


def treat_part(part: list[Job], folder: Path, parent: int | None) -> None:
    """Does some jobs one after the other.

    **Arguments:** as `processes.finish` calls it.
    """
    for job in part:
        if orphaned(parent):
            return
        with progress_of(job.name) as report:
            _do(job, folder, report)


def agent_file(job: Job, folder: Path) -> Path:
    """Returns where the agent of a job lies."""
    return folder / job.name / AGENT


def _do(job: Job, folder: Path, report: Progress) -> None:
    directory, organism = folder / job.name, job.treatment.organism
    start, failure, measured = time.process_time(), "", dict[str, float]()
    account, agent = Account(), None
    try:
        if job.remedy is None:
            file = grow(organism, seed=job.seed, directory=directory, progress=report, note=_note)
            agent = load_agent(file)
            account.seconds = time.process_time() - start
        else:
            trainee = _trained(job, job.remedy, folder, report)
            agent, account, measured = trainee.agent, trainee.account, dict(trainee.measured)
            content = agent_content(organism, trainee.network, step=account.updates, metadata=job.settings)
            write_atomically(agent_file(job, folder), content)
    except (TrainingError, UsageError) as error:
        failure = shown(error)
    outcome = None if agent is None else examiner_of(job.treatment).outcome(agent)
    numbers = dataclasses.asdict(account)
    result = Treated(settings=job.settings, outcome=outcome, account=numbers, measured=measured, failure=failure)
    write_atomically(directory / RESULT, json.dumps(msgspec.to_builtins(result), indent=2) + "\n")
    for file in directory.glob("stage-*.safetensors"):
        file.unlink()


def _trained(job: Job, remedy: Remedy, folder: Path, report: Progress) -> Trainee:
    """Returns the agent of a job after all stages of its remedy; those whose network was kept are not repeated."""
    before = load_agent(agent_file(dataclasses.replace(job, remedy=None), folder))
    assert isinstance(before, NetworkAgent)
    trainee = Trainee(
        job.treatment.organism, before.network, seed=job.seed, updates=job.treatment.updates, progress=report
    )
    start = time.process_time()
    settings, place = job.settings, 0
    for place, stage in enumerate(remedy.stages(trainee, key=stream("remedy/stages", key=root_key(job.seed)))):
        file = folder / job.name / f"stage-{place}.safetensors"
        if not trainee.resume(file, settings, stage):
            trainee.train(stage)
            if place or stage.updates < trainee.updates:
                trainee.save(file, settings)
    if trainee.account.updates != trainee.updates:
        raise TrainingError(
            f"Remedy '{remedy.name}' trained for {trainee.account.updates} of {trainee.updates} updates, so that it "
            "cannot be compared; its stages must have them all."
        )
    # With what the remedy itself did between its stages.
    trainee.account.seconds = time.process_time() - start
    return trainee


def _note(text: str) -> None:
    print(text, file=sys.stderr)


@lru_cache(maxsize=1)
def examiner_of(treatment: Treatment) -> Examiner:
    """Returns what audits the agents of a treatment; levels are drawn and solved once."""
    return Examiner(treatment.organism, levels=treatment.levels, deploy=treatment.deploy)
