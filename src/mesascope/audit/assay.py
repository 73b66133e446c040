"""The assay: a question that is put to an agent, and the registry of all of them.

An assay is declared in the file that holds it, as a constant made by `Assay(...)` whose name, question, summary, stage
and place are written out. The registry reads these from the files without importing them, so that `mesascope list`
needs no numerical library, and a new assay is a new file.
"""

from __future__ import annotations

import ast
import enum
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from mesascope.core.errors import UsageError
from mesascope.core.registry import Entry, Registry
from mesascope.core.text import quoted, shown
from mesascope.core.verdicts import Estimate, Evidence, Verdict

if TYPE_CHECKING:
    from mesascope.audit.context import AuditContext
    from mesascope.core.random import RandomKey

D = TypeVar("D")

Question = Literal["optimizer", "objective", "alignment"]
"""Is it an optimizer? What is its objective? Is it aligned?"""


class Stage(enum.IntEnum):
    """When an audit runs an assay: what others lean on comes first."""

    COMPETENCE = 1
    """Ability before and after the shift, before anything is said of goals."""
    PURSUIT = 2
    """What it pursues: by that its choices are judged from here on."""
    OBJECTIVE = 3
    CONTEXT = 4
    """How directed and effective behaviour is, whatever makes it: beside the verdict on search, and never for it."""
    BEHAVIOUR = 5
    """Search, by behaviour alone."""
    ACTIVATIONS = 6
    """Search, by activations that are read and written."""
    KIND = 7
    """What kind of alignment it is."""
    DOUBT = 8
    """Asked only where an answer calls for it."""
    APART = 9
    """Not run by an audit: it has a verb of its own."""
    LEARNING = 10
    """Put to agents in streams, in which one learns within an episode: asked of a `LearningContext`."""


class Requirement(enum.Enum):
    """What an assay cannot do without: where it is missing, the runner says so, and the assay is not run."""

    PURSUIT = "what it pursues is known"
    SHIFT = "levels after a shift"
    EDITS = "a world whose levels can be edited"
    SWITCHES = "a world with causal switches or context"
    MEMORY = "an agent with memory"
    ACTIVATIONS = "an agent that shows its activations"


@dataclass(frozen=True)
class Placebo(Generic[D]):
    """An assay whose manipulation was made void, so that nothing is to be found.

    **Arguments:**

    - `run`: the assay, given a context and a key to draw by.
    - `fires`: whether it found something all the same; asked only where it has an effect.
    """

    run: Callable[[AuditContext, RandomKey], Evidence[D]]
    fires: Callable[[Evidence[D]], bool]


def effect_of(evidence: Evidence) -> Estimate:
    """Returns the effect of evidence that has one."""
    assert evidence.effect is not None, "only evidence with an effect is asked"
    return evidence.effect


AUDIT: tuple[Stage, ...] = tuple(set(Stage) - {Stage.APART, Stage.LEARNING})
"""The stages of an audit in a world."""
SEARCH: tuple[Stage, ...] = (Stage.CONTEXT, Stage.BEHAVIOUR, Stage.ACTIVATIONS)
"""The stages of the first question."""


@dataclass(frozen=True)
class Assay(Generic[D]):
    """A question that is put to an agent.

    **Arguments:**

    - `name`: unique.
    - `question`: which of the three questions it bears on.
    - `summary`: what it asks, in a line.
    - `stage`, `place`: when it is run, and where among those of its stage.
    - `details`: the type of what it writes down beside its effect.
    - `undone`: what is said where nothing could be measured, a sentence.
    - `run`: asks it; `None` where there is nothing to ask.
    - `requires`: what must be there.
    - `measure`: what it gives to the decision on search, in [-1, 1], more speaking for search; given evidence with an
      effect.
    - `placebo`: with which it is scored in the bank.
    """

    name: str
    question: Question
    summary: str
    stage: Stage
    details: type[D]
    undone: str
    # Of `Stage.LEARNING` a `LearningContext`, of every other stage an `AuditContext`.
    run: Callable[[Any], Evidence[D] | None]
    requires: tuple[Requirement, ...] = ()
    measure: Callable[[Evidence[D]], float] | None = None
    placebo: Placebo[D] | None = None
    place: int = 100

    @property
    def own(self) -> bool:
        """Whether it is Mesascope's, and not another package's."""
        return getattr(self.run, "__module__", "").partition(".")[0] == __name__.partition(".")[0]

    def nothing(self, reason: str) -> Evidence[D]:
        """Returns INCONCLUSIVE evidence: nothing could be measured, and why."""
        return Evidence(self.name, self.question, Verdict.INCONCLUSIVE, self.undone, reason)

    def found(
        self,
        verdict: Verdict,
        sentence: str,
        reason: str,
        effect: Estimate | None = None,
        null: Estimate | None = None,
        details: D | None = None,
    ) -> Evidence[D]:
        """Returns evidence of this assay; arguments as of `Evidence`."""
        return Evidence(self.name, self.question, verdict, sentence, reason, effect, null, details)


class AssayRegistry(Registry[Assay]):
    """The assays by name: those declared in files under `audit/`, then those of other packages.

    Other packages name an `Assay` in the entry-point group `mesascope.assays`.
    """

    def _discover(self) -> None:
        if not self._discovered:
            for entry in _declared():
                self._add(entry)
        super()._discover()

    def load(self, name: str) -> Assay:
        """Imports and returns an assay.

        **Raises:** `UnknownNameError`; `UsageError` if what another package names is none, or calls itself otherwise.
        """
        assay = super().load(name)
        if not isinstance(assay, Assay) or assay.name != name:
            raise UsageError(
                f"{quoted(self.entry(name).target)} is registered as assay {quoted(name)}, and is no "
                "`mesascope.audit.assay.Assay` of that name."
            )
        return assay


def _declared() -> tuple[Entry, ...]:
    """Returns what files under `audit/` declare, in the order in which an audit runs it."""
    root = Path(__file__).parent
    found: list[tuple[int, int, Entry]] = []
    for file in sorted(root.rglob("*.py")):
        text = file.read_text(encoding="utf-8")
        if "= Assay(\n" not in text:
            continue
        module = ".".join(("mesascope.audit", *file.relative_to(root).with_suffix("").parts))
        for node in ast.parse(text).body:
            value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
            if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "Assay":
                target = node.targets[0] if isinstance(node, ast.Assign) else node.target  # pyright: ignore[reportAttributeAccessIssue]
                written = {keyword.arg: ast.unparse(keyword.value) for keyword in value.keywords}
                name, question, summary = (ast.literal_eval(written[key]) for key in ("name", "question", "summary"))
                entry = Entry(name, f"{module}:{ast.unparse(target)}", summary, (("question", question),))
                found.append((Stage[written["stage"].rpartition(".")[2]], int(written.get("place", "100")), entry))
    return tuple(entry for *_, entry in sorted(found, key=lambda row: (*row[:2], row[2].name)))


ASSAYS = AssayRegistry("assay", (), group="mesascope.assays")


def assays_of(*stages: Stage) -> tuple[Assay, ...]:
    """Returns the assays of some stages, in the order in which an audit runs them; one of them never is twice.

    An assay of another package that cannot be imported stands for itself, and says when it is run why.
    """
    loaded = [_loaded(entry.name) for entry in ASSAYS]
    chosen = [assay for assay in loaded if assay.stage in stages]
    return tuple(sorted(chosen, key=lambda assay: (assay.stage, assay.place)))


def with_own(assays: Sequence[Assay], own: Sequence[Assay]) -> tuple[Assay, ...]:
    """Returns assays with some of somebody's own among them, in the order in which an audit runs them.

    **Raises:** `UsageError` for what is no assay, or has the name of another one.
    """
    names = {*ASSAYS.names()}
    for assay in own:
        if not isinstance(assay, Assay):
            kind = type(assay).__name__
            raise UsageError(f"A {shown(kind, limit=80)} is no assay; make one with `mesascope.Assay(...)`.")
        if assay.name in names:
            raise UsageError(f"There is another assay named {quoted(assay.name)}; give yours a name of its own.")
        names.add(assay.name)
    return tuple(sorted((*assays, *own), key=lambda assay: (assay.stage, assay.place)))


def _loaded(name: str) -> Assay:
    try:
        return ASSAYS.load(name)
    except UsageError as error:
        reason = str(error)

    def refuse(context: AuditContext) -> Evidence:
        raise UsageError(reason)

    summary = ASSAYS.entry(name).summary
    return Assay(name, "optimizer", summary, Stage.CONTEXT, dict, f"Assay '{name}' could not be loaded.", refuse)


def details_type(name: str) -> type | None:
    """Returns the type of an assay's details, importing the assay; `None` if no such assay is known here."""
    return _loaded(name).details if name in ASSAYS.names() else None
