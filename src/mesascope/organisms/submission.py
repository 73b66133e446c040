"""What somebody brings to be judged: an agent, where it acts, and what was built into it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mesascope.agents.agent import Agent
from mesascope.audit.alignment.kinds import AlignmentKind
from mesascope.audit.findings import AlignmentClass
from mesascope.audit.objective.attribution import Kind
from mesascope.core.errors import UnknownNameError, UsageError
from mesascope.core.quantities import TEXT
from mesascope.core.text import quoted

OBJECTIVE_KINDS: tuple[str, ...] = tuple(map(str, Kind))
"""What an agent may be after: a listed objective; several by a coin; one or another by the level, by what it sees, or
as the episode goes on; a listed one within so many steps; the place of a certain rank; a fixed leaning; chance; nothing
that is listed."""

CLASSES: tuple[str, ...] = tuple(
    dict.fromkeys(str(one) for one in (*AlignmentClass, *AlignmentKind) if one is not AlignmentClass.INCONCLUSIVE)
)
"""What its alignment may be: by what shows after the shift, and, in worlds with cues, by the paper's classes."""

NOTHING: str = "nothing"
"""Stands among candidates for the share of choices that serve none: it idles, or is after what is not listed."""

SEARCHES: tuple[str, ...] = ("yes", "no", "unknown")


@dataclass(frozen=True)
class SubmittedTruth:
    """What was built into an agent.

    **Arguments:**

    - `objective`: what sort of thing it is after, of `OBJECTIVE_KINDS`; where several words are right, the best first.
      Empty where the way it was built does not settle it: then nothing said of it is right or wrong.
    - `candidates`: the listed objectives that it is after, and the weight of each; weights sum to 1.
      Beside others, `"nothing"` is what is not listed.
    - `equals`: further listed names of what it is after, which nothing in its world tells from it.
    - `classes`: its class, of `CLASSES`; where several words are right, the best first, and empty where it is not
      settled.
    - `searches`: whether it works its choices out when it is asked: `yes`, `no`, or `unknown`.
    - `slips`: share of its choices that are drawn anew, in [0, 1].
    - `rate`: share of unwatched choices (without cues, of choices after the shift) in which it defects.
    - `why`: a sentence for whoever reads the truth.
    """

    objective: tuple[str, ...] = ()
    candidates: tuple[tuple[str, float], ...] = ()
    equals: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    searches: str = "unknown"
    slips: float = 0.0
    rate: float | None = None
    why: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The listed objectives in it, by name."""
        names = (*(name for name, _ in self.candidates), *self.equals)
        return tuple(name for name in names if name != NOTHING or "candidate" in self.objective)

    def check(self) -> None:
        """Raises `UsageError` for words that are none, weights that are none, or a listed objective without a name."""
        for what, given, known in (
            ("sort of objective", self.objective, OBJECTIVE_KINDS),
            ("class", self.classes, CLASSES),
            ("answer to whether it searches", (self.searches,), SEARCHES),
        ):
            _check_texts(given, what)
            for one in given:
                if one not in known:
                    raise UnknownNameError(what, one, known)
        _check_texts(self.equals, "equal objective")
        pairs = isinstance(self.candidates, tuple) and all(
            isinstance(one, tuple) and len(one) == 2 and isinstance(one[0], str) and _is_share(one[1])
            for one in self.candidates
        )
        if not pairs or (self.candidates and abs(sum(weight for _, weight in self.candidates) - 1) > 1e-9):
            raise UsageError(
                f"candidates={quoted(self.candidates)} must be pairs of a name and a weight, and weights sum to 1: "
                '(("cheese", 1.0),).'
            )
        if "candidate" in self.objective and not self.candidates:
            raise UsageError("An agent that is after a listed objective needs its name: candidates=((NAME, 1.0),).")
        for name, share in (("slips", self.slips), ("rate", 0.0 if self.rate is None else self.rate)):
            if not _is_share(share):
                raise UsageError(f"{name}={quoted(share)} must be a share, from 0 to 1.")


@dataclass(frozen=True)
class Submission:
    """One agent, to be audited and scored.

    **Arguments:**

    - `name`: unique.
    - `kind`: what sort of agent it is; agents of one kind stand or fall together.
    - `world`: where it was trained, as for `mesascope.audit`: `"corner"`, `"gym:FrozenLake-v1"`, `"module:Class"`.
    - `truth`: what was built in.
    - `agent`: what `mesascope.audit` takes: a function from observations `[B, ...]` to action probabilities `[B, A]`,
      an `Agent`, a torch module, a file, `"module:attribute"`.
    - `build`: in place of `agent`, a function without arguments that returns one, where making it takes long.
    - `world_options`, `deploy_world`, `deploy_options`, `train`, `deploy`: as for `mesascope.audit`.
    - `base`: the objective that it was supposedly trained on; by default the world's own.
    """

    name: str
    kind: str
    world: str
    truth: SubmittedTruth
    agent: Agent | str | Callable[..., Any] | None = None
    build: Callable[[], Any] | None = field(default=None, compare=False)
    world_options: Mapping[str, str] = field(default_factory=dict)
    deploy_options: Mapping[str, str] | None = None
    base: str | None = None
    deploy_world: str | None = None
    train: str | None = None
    deploy: str | None = None

    def check(self) -> None:
        """Raises `UsageError` if something in it cannot be, or is missing."""
        for what, text in (("name", self.name), ("kind", self.kind), ("world", self.world)):
            if not isinstance(text, str):
                raise UsageError(f"The {what} of a submission is a text, and not {quoted(text)}.")
            TEXT.check(text, f"The {what} of a submission")
        for what, name in (
            ("base objective", self.base),
            ("world of deployment", self.deploy_world),
            ("distribution before the shift", self.train),
            ("distribution after the shift", self.deploy),
        ):
            if name is not None and not isinstance(name, str):
                raise UsageError(f"The {what} of a submission is a name, and not {quoted(name)}.")
        for what, options in (("world_options", self.world_options), ("deploy_options", self.deploy_options or {})):
            texts = isinstance(options, Mapping) and all(isinstance(one, str) for one in (*options, *options.values()))
            if not texts:
                raise UsageError(f'{what} are texts by their names, {{"size": "7"}}, and not {quoted(options)}.')
        if (self.agent is None) == (self.build is None):
            raise UsageError("A submission has an agent, or a function `build` that returns one, and not both.")
        if self.build is not None and not callable(self.build):
            raise UsageError(f"build={quoted(self.build)} must be a function without arguments that returns an agent.")
        if not isinstance(self.truth, SubmittedTruth):
            raise UsageError("The truth of a submission is a `mesascope.SubmittedTruth(...)`.")
        self.truth.check()


def _check_texts(given: object, what: str) -> None:
    if not isinstance(given, tuple) or not all(isinstance(one, str) for one in given):
        raise UsageError(f"What is given as {what} is a tuple of texts, ('…',), and not {quoted(given)}.")


def _is_share(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1
