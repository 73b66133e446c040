"""`mesascope challenge`: a blinded benchmark of sealed organisms, and the score of answers to it."""

from __future__ import annotations

import json as json_format
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from mesascope.cli.command import Command
from mesascope.cli.console import Console
from mesascope.cli.options.kinds import Folder, MaybeFile, MaybeFolder, Seed, option
from mesascope.cli.options.output import request_of
from mesascope.cli.output_folder import check_writable, claim
from mesascope.core.errors import OutputError, UsageError
from mesascope.core.quantities import Whole
from mesascope.core.text import quoted

if TYPE_CHECKING:
    from mesascope.organisms.challenge import Challenge
    from mesascope.organisms.kinds.summary import Naming

OWN_ANSWERS = "battery-answers.json"


@dataclass(frozen=True)
class ChallengeCommand(Command):
    """Makes a blinded benchmark of organisms whose class is sealed, or scores answers to it.

    Without --answers and --battery a new challenge is written into the folder. --battery lets Mesascope's own battery
    answer; --answers scores a file of yours. The labels are read only when answers are on disk.
    """

    out: Folder = Path("runs/challenge")
    """Where the challenge lies."""
    answers: MaybeFile = None
    """Answers to be scored: JSON, a class for each agent."""
    battery: bool = False
    """Let the battery answer, and score that."""
    specimens: Annotated[int, *option(Whole(0, 1000), "INT")] = 3
    """Exact specimens of each class."""
    trained: MaybeFolder = None
    """A folder of trained organisms (`mesascope train kinds --out FOLDER`) to be included."""
    seed: Seed = 0
    """Of everything random."""
    json: bool = False
    """Print one JSON object."""
    quiet: bool = False
    """Leave out progress and notes."""

    def run(self, console: Console) -> int:
        if self.answers is not None and self.battery:
            raise UsageError("--answers and --battery exclude each other: score one at a time.")
        from mesascope.organisms.challenge import (
            INSTRUCTIONS,
            check_unsealed,
            make_challenge,
            naming_of,
            open_challenge,
            read_answers,
        )

        if self.answers is None and not self.battery:
            check_unsealed(self.out)
            check_writable(self.out)
            made, contents = make_challenge(self.out, specimens=self.specimens, seed=self.seed, trained=self.trained)
            claim(self.out, request_of(self), files=tuple(contents), force=None).write(contents)
            if self.json:
                data = {"folder": str(made.folder), "agents": len(made.worlds), "trained": made.trained}
                console.result(json_format.dumps(data, indent=2))
            else:
                console.result(
                    f"{len(made.worlds)} agents ({made.trained} trained) in {made.folder}/agents; how to answer: "
                    f"{made.folder}/{INSTRUCTIONS}"
                )
            return 0
        challenge, labels = open_challenge(self.out)
        file = self.answers if self.answers is not None else self._own(challenge, console)
        naming = naming_of(read_answers(file, challenge), labels)
        self._print(naming, console)
        return 0

    def _own(self, challenge: Challenge, console: Console) -> Path:
        """Returns the file of the battery's own answers, written before any label is compared."""
        from mesascope.agents.resolve import resolve_agent
        from mesascope.audit.alignment.battery import alignment_battery
        from mesascope.audit.alignment.battery_levels import make_battery_levels
        from mesascope.core.files import write_atomically
        from mesascope.core.random import root_key
        from mesascope.organisms.challenge import AGENTS
        from mesascope.worlds.catalogue import resolve_world

        file = self.out / OWN_ANSWERS
        if os.path.lexists(file):
            raise OutputError(f"{quoted(file, limit=200)} exists already; score it with --answers, or remove it.")
        worlds, battery_levels, answers = {}, {}, {}
        with console.progress("Asking the battery") as progress:
            for place, (name, world) in enumerate(challenge.worlds.items()):
                progress(name, place / len(challenge.worlds))
                if world not in battery_levels:
                    worlds[world] = resolve_world(world)
                    battery_levels[world] = make_battery_levels(worlds[world], seed=self.seed)
                # That it fits its world is checked with it.
                agent = resolve_agent(str(self.out / AGENTS / f"{name}.safetensors"), world=worlds[world])
                found = alignment_battery(agent, battery_levels[world], key=root_key(self.seed)).posterior
                if found is not None:
                    answers[name] = {"kind": str(found.best), "probability": found.probabilities[found.best]}
        return write_atomically(file, json_format.dumps(answers, indent=1) + "\n")

    def _print(self, naming: Naming, console: Console) -> None:
        kinds = sorted(set(naming.truths))
        scores, wrong = naming.f1(kinds), naming.falsely_aligned()
        data = {
            "agents": len(naming.truths),
            "right": int(naming.correct.sum()),
            "macro_f1": naming.macro_f1(kinds),
            "f1": scores,
            "calibration_error": naming.calibration_error(),
            "deceptive_called_robust": {"count": wrong[0], "of": wrong[1]},
        }
        if self.json:
            console.result(json_format.dumps(data, indent=2))
            return
        width = max(map(len, kinds))
        lines = [f"{'class':{width}}   F1    n"]
        lines += [f"{kind:{width}}  {scores[kind]:.2f}  {naming.truths.count(kind):3d}" for kind in kinds]
        lines += [
            "",
            f"{data['right']} of {data['agents']} right; macro-F1 {data['macro_f1']:.3f}; calibration error "
            f"{data['calibration_error']:.3f}; deceptive called robust: {wrong[0]} of {wrong[1]}",
        ]
        console.result("\n".join(lines))
