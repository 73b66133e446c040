"""The worst level of an agent: as it is drawn, and in words."""

from __future__ import annotations

from mesascope.audit.alignment.hunted import LevelWorth, WitnessDetails
from mesascope.report.data.question_reports import WitnessReport
from mesascope.report.views.headline import interval_text, world_text
from mesascope.report.views.scene import Scene, scene_of_witness


def witness_setting(report: WitnessReport) -> list[tuple[str, str]]:
    """Returns what was asked about, as labels and texts."""
    return [
        ("Agent", f"{report.agent} ({report.agent_kind})"),
        ("World", world_text(report.world, report.world_options)),
        ("Its own objective", report.own_named_by),
        ("Seed", str(report.seed)),
    ]


def witness_scenes(report: WitnessReport) -> tuple[Scene, ...]:
    """Returns the level as found and as shrunk, ready to be drawn; none if there is none."""
    return tuple(scene_of_witness(one) for one in (report.found, report.shrunk) if one is not None)


def witness_details(report: WitnessReport) -> WitnessDetails | None:
    """Returns the numbers of the search, `None` if there are none of a level that was found, shrunk and replayed."""
    details = report.evidence.details
    if not isinstance(details, WitnessDetails) or None in (details.found, details.shrunk, details.replay):
        return None
    return details


def witness_titles(report: WitnessReport) -> list[str]:
    """Returns what stands above the level as found and as shrunk."""
    details = witness_details(report)
    levels = (None, None) if details is None else (details.found, details.shrunk)
    shown = (report.found, report.shrunk)
    return [
        when if level is None else f"{when}: {_lost(level)}"
        for when, level, one in zip(("found", "shrunk"), levels, shown, strict=True)
        if one is not None
    ]


def _lost(level: LevelWorth) -> str:
    normalised = "" if level.normalised is None else f" (normalised regret {level.normalised:.2f})"
    return f"loses {level.absolute:.2f}{normalised}"


def witness_objectives(report: WitnessReport) -> tuple[str, str]:
    """Returns the names of its own objective and of the base objective."""
    details = witness_details(report)
    return ("its own objective", "the base objective") if details is None else (details.own, details.base)


def witness_facts(report: WitnessReport) -> list[str]:
    """Returns what was measured in the level, and how it was found, in a sentence each."""
    evidence, details = report.evidence, witness_details(report)
    if details is None or details.found is None or details.shrunk is None or details.replay is None:
        return []
    found, shrunk, replay = details.found, details.shrunk, details.replay
    null = "" if evidence.null is None else f"; in sampled levels {interval_text(evidence.null)}"
    normalised = "unknown" if shrunk.normalised is None else f"{shrunk.normalised:.2f}"
    facts = [
        f"Of “{details.base}” it loses {shrunk.absolute:.3f}, the optimum's value less its own; by what lies between "
        f"the optimum and chance, a normalised regret of {normalised}{null}",
        f"Capability at “{details.own}” {shrunk.capability:.2f}, floor {details.floor:g}",
        f"{details.evaluated} levels evaluated, {details.sampled} of them sampled and the others edited; the "
        f"best one {found.edits} edits away from a sampled level; {shrunk.removed} walls, objects or switches "
        "taken out",
        f"Condition: {shrunk.variant}" if len(details.variants) > 1 else "",
        f"Evaluated anew from {'its text' if replay.from_text else 'the level itself (its text is not read back)'}: "
        f"{'the same' if replay.agrees else 'NOT the same'}",
        f"Its own objective was {report.own_named_by}",
    ]
    return [fact for fact in facts if fact]
