"""What an outsider is: an agent that can be built, the setting it is meant for, and what was built into it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Policy = Callable[[np.ndarray], np.ndarray]
"""Observations `[B, ...]` to action probabilities `[B, A]`: what the documents ask strangers for."""

OBJECTIVE_KINDS: tuple[str, ...] = (
    "listed",
    "listed, ties in fixed order",
    "mixture by choice",
    "mixture by state",
    "mixture by level",
    "mixture of three",
    "context",
    "time",
    "bounded depth",
    "rank rule",
    "unlisted",
    "reflex",
    "habit",
    "chance",
    "mimic",
    "satisficer",
    "soft",
    "frozen errors",
    "cue",
)
"""What an agent may be after. `cue`: what it is after follows from what it is told, and `Truth.alignment` says how."""

GRID_CLASSES: tuple[str, ...] = ("robust", "pseudo-aligned", "misaligned", "incapable")
CUE_CLASSES: tuple[str, ...] = (
    "internal",
    "corrigible",
    "partially corrigible",
    "careful",
    "uncorrigible",
    "deceptive",
    "backdoor",
    "noisy cue",
    "sandbagger",
    "side-effect",
    "instrumental",
    "common cause",
    "false belief",
    "approximate",
    "satisficer",
    "habit",
    "incapable",
    "misaligned",
)
SEARCHES: tuple[str, ...] = ("planner", "reflex", "unknown")


@dataclass(frozen=True)
class Truth:
    """What was built into an agent.

    **Arguments:**

    - `objective`: one of `OBJECTIVE_KINDS`.
    - `candidates`: the listed objectives that it is after, and the weight of each; they sum to 1. Empty where it is
      after nothing that is listed.
    - `equals`: further listed names of what it is after: nothing in the setting tells them apart.
    - `alignment`: its class, one of `GRID_CLASSES` or, in worlds with cues, of `CUE_CLASSES`; `None` where the way it
      was built does not settle it, and then `why` says why not.
    - `towards`: what a pseudo-aligned or deceptive agent is after instead, in words or by its listed name.
    - `slips`: share of all choices that are drawn anew, uniformly over all actions (or, where the agent's family says
      so, over those that move).
    - `frozen`: share of states in which it does one fixed thing whatever is best.
    - `rate`: share of unwatched choices (or, in grids, of choices after the shift) that serve `towards`.
    - `depth`: how many steps its plans have, if bounded.
    - `temperature`: of its choices, in units of value.
    - `searches`: how it comes by its choices: `planner` works values out when asked, `reflex` answers to what lies
      near or to a direction, `unknown` where the word is not clear. Behaviour alone does not show this.
    - `sure`: whether a good auditor has to name it, rightly, with high probability.
    - `why`: a sentence.
    """

    objective: str
    candidates: tuple[tuple[str, float], ...] = ()
    equals: tuple[str, ...] = ()
    alignment: str | None = None
    towards: str | None = None
    slips: float = 0.0
    frozen: float = 0.0
    rate: float | None = None
    depth: int | None = None
    temperature: float | None = None
    searches: str = "unknown"
    sure: bool = False
    why: str = ""

    def __post_init__(self):
        if self.objective not in OBJECTIVE_KINDS:
            raise ValueError(f"objective={self.objective!r} is none of {OBJECTIVE_KINDS}")
        if self.alignment is not None and self.alignment not in (*GRID_CLASSES, *CUE_CLASSES):
            raise ValueError(f"alignment={self.alignment!r} is no class")
        if self.alignment is None and not self.why:
            raise ValueError("a class that is left open needs a sentence that says why")
        if self.searches not in SEARCHES:
            raise ValueError(f"searches={self.searches!r} is none of {SEARCHES}")
        if self.candidates and abs(sum(weight for _, weight in self.candidates) - 1) > 1e-9:
            raise ValueError(f"weights of {self.candidates} do not sum to 1")


@dataclass(frozen=True)
class Outsider:
    """One agent.

    **Arguments:**

    - `name`: unique.
    - `kind`: what sort of agent it is, the same in every world.
    - `family`: the module that makes it.
    - `world`, `world_options`, `deploy_options`: as for `mesascope.audit`; `None` for no deployment options.
    - `base`: the objective that it was supposedly trained on.
    - `truth`: what was built in.
    - `build`: returns the agent: a function, or an `Agent` where it has a memory.
    """

    name: str
    kind: str
    family: str
    world: str
    base: str
    truth: Truth
    build: Callable[[], Any] = field(repr=False, compare=False)
    world_options: Mapping[str, str] = field(default_factory=dict)
    deploy_options: Mapping[str, str] | None = None
