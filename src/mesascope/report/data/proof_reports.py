"""A statement about all of a set, and an attack: what `mesascope verify` and `mesascope attack` save."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from mesascope.proof.attacks.attack import Attack
from mesascope.proof.verdict import ProofVerdict
from mesascope.report.data.forms import Name, Whole
from mesascope.report.data.saved_report import SavedReport, function_of


@dataclass(frozen=True)
class VerifyReport(SavedReport):
    """A statement about an agent in all of a set: proved, refuted by a witness, or open.

    **Arguments:**

    - `agent`, `agent_kind`: about whom it is.
    - `world`, `world_options`: where; empty for a network without one.
    - `statement`: in words.
    - `states`: the set, in words.
    - `seed`: of whatever was drawn.
    - `verdict`: what is known, with the witness.
    - `provenance`: command, versions, time; the only part that may differ between equal runs.
    """

    agent: Name
    agent_kind: Name
    world: Name
    world_options: Mapping[str, Any]
    statement: Name
    states: Name
    seed: Whole
    verdict: ProofVerdict
    provenance: Mapping[str, Any]

    name: ClassVar[str] = "verify"
    mark: ClassVar[str] = "verdict"
    verb: ClassVar[str] = "verify"
    shown_by: ClassVar[str] = "mesascope.report.pages.proof_pages:verify_page"
    told_by: ClassVar[str] = "mesascope.report.text.proof_texts:verify_text"

    def text(self, *, width: int = 100, encoding: str = "utf-8") -> str:
        return function_of(self.told_by)(self, width=width, encoding=encoding)


@dataclass(frozen=True)
class AttackReport(SavedReport):
    """What edits of what an agent sees do to it.

    **Arguments:**

    - `agent`, `agent_kind`, `world`, `world_options`, `seed`: who was attacked, and where.
    - `attack`: the worst edit, its cost, and how often one makes it choose badly.
    - `provenance`: as of `VerifyReport`.
    """

    agent: Name
    agent_kind: Name
    world: Name
    world_options: Mapping[str, Any]
    seed: Whole
    attack: Attack
    provenance: Mapping[str, Any]

    name: ClassVar[str] = "attack"
    mark: ClassVar[str] = "attack"
    verb: ClassVar[str] = "attack"
    shown_by: ClassVar[str] = "mesascope.report.pages.proof_pages:attack_page"
    told_by: ClassVar[str] = "mesascope.report.text.proof_texts:attack_text"

    def text(self, *, width: int = 100, encoding: str = "utf-8") -> str:
        return function_of(self.told_by)(self, width=width, encoding=encoding)
