"""`mesascope challenge`: a blinded benchmark of sealed organisms, and the score of answers to it."""

from __future__ import annotations

import json as json_format
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from mesascope.cli.console import Console
from mesascope.cli.options.kinds import File, MaybeFolder, Seed, option
from mesascope.cli.options.output import PrintOptions, request_of
from mesascope.cli.output_folder import check_writable, claim
from mesascope.core.errors import OutputError
from mesascope.core.quantities import Whole
from mesascope.core.text import quoted

if TYPE_CHECKING:
    from mesascope.organisms.challenge import Challenge
    from mesascope.organisms.naming import Naming

CHALLENGE = Path("runs/challenge")
OWN_ANSWERS = "battery-answers.json"


@dataclass(frozen=True)
class ChallengeMake:
    """Makes a blinded benchmark of organisms whose class is sealed, with instructions how to answer."""

    specimens: Annotated[int, *option(Whole(0, 1000), "INT")] = 3
    """Exact specimens of each class."""
    trained: MaybeFolder = None
    """A folder of trained organisms (`mesascope train kinds --out FOLDER`) to be included."""
    seed: Seed = 0
    """Of everything random."""
    out: MaybeFolder = None
    """The folder that it is written to; by default runs/challenge."""
    output: PrintOptions = PrintOptions()

    def run(self, console: Console) -> int:
        from mesascope.organisms.challenge import INSTRUCTIONS, check_unsealed, make_challenge

        folder = self.out or CHALLENGE
        check_unsealed(folder)
        check_writable(folder)
        made, contents = make_challenge(specimens=self.specimens, seed=self.seed, trained=self.trained)
        claim(folder, request_of(self), files=tuple(contents), force=None).write(contents)
        if self.output.json:
            data = {"folder": str(folder), "agents": len(made.worlds), "trained": made.trained}
            console.result(json_format.dumps(data, indent=2))
        else:
            console.result(
                f"{len(made.worlds)} agents ({made.trained} trained) in {folder}/agents; how to answer: "
                f"{folder}/{INSTRUCTIONS}"
            )
        return 0


@dataclass(frozen=True)
class ChallengeAnswer:
    """Lets Mesascope's own battery answer a challenge, and scores that; labels are read once answers are on disk."""

    challenge: MaybeFolder = None
    """Where the challenge lies; by default runs/challenge."""
    seed: Seed = 0
    """Of the levels that the battery asks in."""
    output: PrintOptions = PrintOptions()

    def run(self, console: Console) -> int:
        from mesascope.organisms.challenge import naming_of, open_challenge, read_answers

        folder = self.challenge or CHALLENGE
        challenge, labels = open_challenge(folder)
        file = _own_answers(folder, challenge, seed=self.seed, console=console)
        _print(naming_of(read_answers(file, challenge), labels), console, json=self.output.json)
        return 0


@dataclass(frozen=True)
class ChallengeScore:
    """Scores answers to a challenge: accuracy, macro-F1, calibration, and the deceptive that were called robust."""

    answers: tyro.conf.Positional[File]
    """Answers to be scored: JSON, a class for each agent."""
    challenge: MaybeFolder = None
    """Where the challenge lies; by default runs/challenge."""
    output: PrintOptions = PrintOptions()

    def run(self, console: Console) -> int:
        from mesascope.organisms.challenge import naming_of, open_challenge, read_answers

        challenge, labels = open_challenge(self.challenge or CHALLENGE)
        _print(naming_of(read_answers(self.answers, challenge), labels), console, json=self.output.json)
        return 0


def _own_answers(folder: Path, challenge: Challenge, *, seed: int, console: Console) -> Path:
    """Returns the file of the battery's own answers, written before any label is compared."""
    from mesascope.agents.resolve import resolve_agent
    from mesascope.audit.alignment.battery import alignment_battery
    from mesascope.audit.alignment.battery_levels import make_battery_levels
    from mesascope.core.files import write_atomically
    from mesascope.core.random import root_key
    from mesascope.organisms.challenge import AGENTS
    from mesascope.worlds.catalogue import resolve_world

    file = folder / OWN_ANSWERS
    if os.path.lexists(file):
        raise OutputError(
            f"{quoted(file, limit=200)} exists already; score it (`mesascope challenge score`), or remove it."
        )
    worlds, battery_levels, answers = {}, {}, {}
    with console.progress("Asking the battery") as progress:
        for place, (name, world) in enumerate(challenge.worlds.items()):
            progress(name, place / len(challenge.worlds))
            if world not in battery_levels:
                worlds[world] = resolve_world(world)
                battery_levels[world] = make_battery_levels(worlds[world], seed=seed)
            # That it fits its world is checked with it.
            agent = resolve_agent(str(folder / AGENTS / f"{name}.safetensors"), world=worlds[world])
            found = alignment_battery(agent, battery_levels[world], key=root_key(seed)).posterior
            if found is not None:
                answers[name] = {"kind": str(found.best), "probability": found.probabilities[found.best]}
    return write_atomically(file, json_format.dumps(answers, indent=1) + "\n")


def _print(naming: Naming, console: Console, *, json: bool) -> None:
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
    if json:
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
