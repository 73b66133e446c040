"""What adding one of each kind of thing takes: files that are really added to a copy of the house, and run there.

Each addition is the whole change: new files, and lines put into old ones. The number of files is what a contributor has
to touch; the command must come out as stated in the copy, and must not before.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = "src/mesascope"

ASSAY = '''"""How sure an agent is of its choices: an assay of one file."""

from __future__ import annotations

from mesascope.audit.assay import Assay, Stage
from mesascope.audit.context import AuditContext
from mesascope.core.details import Details
from mesascope.core.intervals import bootstrap_mean
from mesascope.core.verdicts import Evidence, Verdict


def sureness(context: AuditContext) -> Evidence[Details]:
    """Returns how likely its likeliest actions are."""
    effect = bootstrap_mean(context.after.policy.max(-1).mean(-1))
    return SURENESS.found(Verdict.INCONCLUSIVE, "How sure it is.", "added to count files", effect)


SURENESS = Assay(
    name="sureness",
    question="optimizer",
    summary="How sure is it of its choices?",
    stage=Stage.CONTEXT,
    details=Details,
    undone="Sureness was not measured.",
    run=sureness,
)
'''
WORLD = (
    (ROOT / PACKAGE / "worlds" / "maze.py")
    .read_text()
    .replace("class Maze(", "class Labyrinth(")
    .replace('name = "maze"', 'name = "labyrinth"')
)
NETWORK = (
    (ROOT / PACKAGE / "agents" / "networks" / "mlp.py")
    .read_text()
    .replace("MLPSpec", "PerceptronSpec")
    .replace("MLP(", "Perceptron(")
    .replace('"mlp"', '"perceptron"')
)
OPTIMIZER = (
    (ROOT / PACKAGE / "training" / "optimizers" / "evolution.py")
    .read_text()
    .replace("class Evolution(", "class Breeding(")
    .replace('name = "evolution"', 'name = "breeding"')
    .replace("OPTIMIZER = Evolution", "OPTIMIZER = Breeding")
)
VERB = '''"""`mesascope greet`: says hello."""

from __future__ import annotations

from dataclasses import dataclass

from mesascope.cli.console import Console
from mesascope.cli.options.output import PrintOptions


@dataclass(frozen=True)
class Greet:
    """Says hello."""

    output: PrintOptions = PrintOptions()

    def run(self, console: Console) -> int:
        console.result("hello")
        return 0
'''
SECTION = '''"""A section about nothing but who was audited."""

from __future__ import annotations

from mesascope.audit.findings import Findings
from mesascope.report.figures.style import Figures
from mesascope.report.pages.page import Section

ORDER: int = 5


def section(findings: Findings, figures: Figures) -> Section | None:
    """Returns the section of an audit's page."""
    return Section("added.html", {"agent": findings.subject.agent})
'''
AUDITED = """
import numpy as np, mesascope
world = mesascope.resolve_world("corner", {"size": "5"})
agent = lambda seen: np.tile([0.4, 0.1, 0.1, 0.3, 0.1], (len(seen), 1))
report = mesascope.audit(agent, world, levels=16)
"""
SAVED = """
import jax
from mesascope.agents.files import load_agent, save_agent
from mesascope.agents.networks import NETWORKS
spec = NETWORKS["perceptron"]()
network = spec.build((4,), 2, key=jax.random.key(0))
place = {"world_name": "toy", "observation_shape": (4,), "actions": 2}
print(load_agent(save_agent("agent.safetensors", network, spec, **place)).spec)
"""


@dataclass(frozen=True)
class Addition:
    """One thing that is added.

    **Arguments:**

    - `what`: is added.
    - `files`: new ones, by their place in the house, with what they hold.
    - `lines`: put into old files: place, the line before which, and what.
    - `command`: run in the copy with Python; `says`: what it must print, which it does not before.
    """

    what: str
    files: dict[str, str]
    command: tuple[str, ...]
    says: str
    lines: dict[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def touched(self) -> int:
        """How many files the addition touches."""
        return len(self.files) + len(self.lines)


MESASCOPE = ("-m", "mesascope")
ADDITIONS: tuple[Addition, ...] = (
    Addition(
        "assay",
        {f"{PACKAGE}/audit/search/sureness.py": ASSAY},
        ("-c", AUDITED + "print([one.assay for one in report.findings.evidence])"),
        "'sureness'",
    ),
    Addition(
        "world", {f"{PACKAGE}/worlds/labyrinth.py": WORLD}, (*MESASCOPE, "show", "labyrinth", "--levels", "1"), "goal"
    ),
    Addition("network", {f"{PACKAGE}/agents/networks/perceptron.py": NETWORK}, ("-c", SAVED), "PerceptronSpec("),
    Addition(
        "verb",
        {f"{PACKAGE}/cli/greet.py": VERB},
        (*MESASCOPE, "greet"),
        "hello",
        {
            f"{PACKAGE}/cli/verbs.py": (
                '        "report": Verb(',
                '        "greet": Verb("mesascope.cli.greet:Greet", "say hello", ("", "--json")),\n',
            )
        },
    ),
    Addition(
        "section",
        {
            f"{PACKAGE}/report/pages/sections/added.py": SECTION,
            f"{PACKAGE}/report/pages/templates/added.html": "<p>added: {{ content.agent }}</p>\n",
        },
        ("-c", AUDITED + "print(report.contents()['report.html'])"),
        "added: ",
    ),
    Addition(
        "base-optimizer",
        {f"{PACKAGE}/training/optimizers/breeding.py": OPTIMIZER},
        (
            *MESASCOPE,
            *("train", "corner", "--base-optimizer", "breeding", "--optimizer-option", "updates=2", "--quiet"),
        ),
        "agent.safetensors",
    ),
)


def run(house: Path, addition: Addition) -> str:
    """Returns what the command of an addition prints in a house."""
    with tempfile.TemporaryDirectory() as folder:
        ran = subprocess.run(
            [sys.executable, *addition.command],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(house / "src"), "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
    if ran.returncode:
        print(f"{addition.what}: exit {ran.returncode}: {ran.stderr[-600:]}", file=sys.stderr)
    return ran.stdout if ran.returncode == 0 else ""


def works(addition: Addition) -> bool:
    """Returns whether an addition does what it should in a copy of the house, and is not there without it."""
    if addition.says in run(ROOT, addition):
        return False
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        shutil.copytree(ROOT / "src", copy / "src", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        for place, text in addition.files.items():
            (copy / place).write_text(text)
        for place, (before, text) in addition.lines.items():
            old = (copy / place).read_text()
            assert old.count(before) == 1, f"{place}: {before!r}"
            (copy / place).write_text(old.replace(before, text + before))
        return addition.says in run(copy, addition)
