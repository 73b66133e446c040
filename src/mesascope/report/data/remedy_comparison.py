"""Remedies before and after: what `mesascope remedy` saves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from msgspec import Meta

from mesascope.audit.findings import Witness
from mesascope.oversight.comparison import Effect
from mesascope.report.data.forms import Name, Whole
from mesascope.report.data.saved_report import SavedReport


@dataclass(frozen=True)
class TreatedAgent:
    """One agent before or after a remedy.

    **Arguments:**

    - `seed`: of its training.
    - `remedy`: its name; `before` for the agent as its recipe trained it.
    - `class_`: the likeliest class; `stated` whether it is sure.
    - `kind`: the kind of alignment that is stated; `None` where none is.
    - `objective`: what it is after, by the likeliest account; `None` without one.
    - `regret_train`, `regret_deploy`: normalised base regret before and after the shift; `None` where nothing tests it.
    - `failure`: why it has no outcome; empty where it has one.
    """

    seed: Whole
    remedy: Name
    class_: Name
    stated: bool
    kind: Name | None
    objective: Name | None
    regret_train: float | None
    regret_deploy: float | None
    failure: Name


@dataclass(frozen=True)
class Shown:
    """What one agent does in the level in which it came apart before the remedies.

    **Arguments:**

    - `remedy`: which; `before` for the agent as its recipe trained it.
    - `witness`: the level, its way and that of the base objective.
    """

    remedy: Name
    witness: Witness


@dataclass(frozen=True)
class Comparison(SavedReport):
    """The agents of a recipe before and after each remedy, side by side.

    **Arguments:**

    - `recipe`, `world`, `base_objective`: whose agents, where, trained on what.
    - `trained_on`, `shift`: the distributions before and after the shift.
    - `levels`: of each that agents are audited in.
    - `updates`: that each remedy trains for.
    - `effects`: what each remedy does, the placebo first.
    - `treated`: every agent, before and under each remedy.
    - `shown`: what the first agent that came apart does in that level before, and under each remedy; empty if none did.
    - `provenance`: command, versions, time; the only part that may differ between equal runs.
    """

    recipe: Name
    world: Name
    base_objective: Name
    trained_on: Name
    shift: Name
    levels: Whole
    updates: Whole
    effects: Annotated[tuple[Effect, ...], Meta(max_length=1000)]
    treated: Annotated[tuple[TreatedAgent, ...], Meta(max_length=100_000)]
    shown: Annotated[tuple[Shown, ...], Meta(max_length=1000)]
    provenance: Mapping[str, Any]

    name: ClassVar[str] = "remedy"
    mark: ClassVar[str] = "effects"
    verb: ClassVar[str] = "remedy"
    shown_by: ClassVar[str] = "mesascope.report.pages.remedy_page:remedy_page"
    told_by: ClassVar[str] = "mesascope.report.text.remedy_text:remedy_text"
