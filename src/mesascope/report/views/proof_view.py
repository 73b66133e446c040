"""A statement about all of a set, as it is shown: labels, facts, and the witness beside a level in which it holds."""

from __future__ import annotations

from mesascope.proof.verdict import ProofVerdict, Status
from mesascope.report.data.proof_reports import VerifyReport
from mesascope.report.views.headline import world_text
from mesascope.report.views.scene import Scene, scene_of_witness

MOST_NUMBERS: int = 12
"""Of a witness that is a vector, so many are shown; the JSON has all of them."""


def verify_setting(report: VerifyReport) -> list[tuple[str, str]]:
    """Returns what was asked about, as labels and texts."""
    world = [("World", world_text(report.world, report.world_options))] if report.world else []
    return [
        ("Agent", f"{report.agent} ({report.agent_kind})"),
        *world,
        ("Over", report.states),
        ("Seed", str(report.seed)),
    ]


def verdict_sentence(verdict: ProofVerdict) -> str:
    """Returns why a verdict is what it is, in a sentence or two."""
    if verdict.counterexample is not None:
        return verdict.counterexample.sentence
    return verdict.reason if verdict.status is Status.UNKNOWN else verdict.how


def verdict_facts(verdict: ProofVerdict) -> list[str]:
    """Returns what was done, how much of the set was looked at, and how sure it is, in a few words each."""
    of = "" if verdict.size is None else f" of {verdict.size:,}"
    facts = [] if verdict.status is Status.PROVED else [verdict.how]
    facts += [f"{verdict.checked:,}{of} looked at"] if verdict.checked else []
    facts += [verdict.budget] if verdict.budget else []
    exactly = "up to the rounding of double precision" if not verdict.exact else "exactly"
    facts += [f"it holds {exactly}"] if verdict.status is Status.PROVED else []
    counterexample = verdict.counterexample
    if counterexample is not None and counterexample.inputs:
        facts.append(f"inputs {_numbers(counterexample.inputs)}")
        facts.append(f"outputs {_numbers(counterexample.outputs)}")
    return facts


def _numbers(values: tuple[float, ...]) -> str:
    more = f", … ({len(values):,} in all)" if len(values) > MOST_NUMBERS else ""
    return ", ".join(f"{value:.6g}" for value in values[:MOST_NUMBERS]) + more


def verdict_scenes(verdict: ProofVerdict) -> tuple[list[str], tuple[Scene, ...]]:
    """Returns titles and scenes of the witness and of the nearest level in which the statement holds."""
    counterexample = verdict.counterexample
    shown = (
        []
        if counterexample is None
        else [("refuted here", counterexample.level), ("holds here", counterexample.behaves)]
    )
    pairs = [(title, scene_of_witness(level)) for title, level in shown if level is not None]
    return [title for title, _ in pairs], tuple(scene for _, scene in pairs)
