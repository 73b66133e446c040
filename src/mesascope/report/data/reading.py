"""A saved report read back: size, syntax, schema and types are checked before anything is believed."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from mesascope.audit.assay import details_type
from mesascope.audit.findings import (
    AlignmentAnswer,
    AlignmentClass,
    Findings,
    ObjectiveAnswer,
    OptimizerAnswer,
    SearchVerdict,
    Subject,
    Witness,
)
from mesascope.core.details import details_of
from mesascope.core.errors import UsageError
from mesascope.core.json_reading import decode_json
from mesascope.core.verdicts import Estimate, Evidence, Verdict
from mesascope.report.data.json_text import json_text, report_data
from mesascope.report.data.schema import check_report_data

MAXIMUM_BYTES = 16 * 2**20
"""A longer report is refused before it is parsed."""


def parse_report(text: str) -> tuple[Findings, dict]:
    """Returns the findings and the provenance of a report in JSON.

    **Arguments:**

    - `text`: at most `MAXIMUM_BYTES` long. It may come from anywhere: nothing in it is run, looked up or followed.

    **Raises:** `UsageError` naming the field at fault.
    """
    data: Any = decode_json(text, refuse=_refusal, maximum_bytes=MAXIMUM_BYTES)
    check_report_data(data)
    return _findings(data)


def _findings(data: dict) -> tuple[Findings, dict]:
    provenance = dict(data["provenance"])
    assays = [piece["assay"] for piece in data["evidence"]]
    costs = provenance.pop("evidence_seconds", [{"assay": assay, "cpu_seconds": 0.0} for assay in assays])
    if [cost["assay"] for cost in costs] != assays:
        raise _refusal("field 'provenance.evidence_seconds' is not about the pieces of evidence, in their order")
    seconds = [cost["cpu_seconds"] for cost in costs]
    subject, answers = data["subject"], data["answers"]
    findings = Findings(
        subject=Subject(
            agent=data["agent"],
            agent_kind=subject["agent_kind"],
            evaluation=subject["evaluation"],
            world=data["world"],
            world_options=subject["world_options"],
            train=subject["train"],
            deploy_world=subject["deploy_world"],
            deploy_options=subject["deploy_options"],
            deploy=subject["deploy"],
            base_objective=data["base_objective"],
            seed=int(data["seed"]),
            notes=tuple(subject["notes"]),
        ),
        optimizer=optimizer_of(answers["optimizer"]),
        objective=_objective(answers["objective"]),
        alignment=_alignment(answers["alignment"]),
        training_performance=_estimate(data["training_performance"], "training_performance"),
        regret=_regrets(data["regret"], "regret"),
        own_regret=_regrets(data["own_regret"], "own_regret"),
        reference_regrets={
            name: {ruler: _number(value) for ruler, value in rulers.items()} for name, rulers in data["rulers"].items()
        },
        witness=None if data["witness"] is None else _witness(data["witness"]),
        evidence=tuple(
            evidence_of(piece, cost, f"evidence[{index}]")
            for index, (piece, cost) in enumerate(zip(data["evidence"], seconds, strict=True))
        ),
        not_tested=tuple((entry["what"], entry["why"]) for entry in data["not_tested"]),
    )
    return findings, provenance


def _refusal(reason: str) -> UsageError:
    return UsageError(f"This is not a report of Mesascope: {reason}.")


def canonical(findings: Findings, provenance: Mapping[str, Any]) -> tuple[Findings, dict]:
    """Returns what reading a report back would give, so that a page made now and one made from JSON are the same."""
    # Not checked like a report that came from anywhere: where an assay wrote what cannot be drawn, it is not drawn.
    return _findings(json.loads(json_text(report_data(findings, provenance))))


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)


def _optional_integer(value: float | None) -> int | None:
    return None if value is None else int(value)


def _estimate(data: dict | None, field: str) -> Estimate | None:
    if data is None:
        return None
    if not _number(data["low"]) <= _number(data["high"]) and None not in (data["low"], data["high"]):
        raise _refusal(f"field '{field}' has an interval whose low end is above its high end")
    try:
        return Estimate(
            _number(data["value"]),
            _number(data["low"]),
            _number(data["high"]),
            int(data["n"]),
            data["unit"],
            float(data["confidence"]),
        )
    except ValueError as error:
        raise UsageError(f"This is not a report of Mesascope: field '{field}' holds no estimate: {error}.") from error


def _regrets(data: dict, field: str) -> dict[str, Estimate]:
    read = {name: _estimate(data[name], f"{field}.{name}") for name in ("train", "deploy")}
    return {name: estimate for name, estimate in read.items() if estimate is not None}


def optimizer_of(data: dict) -> OptimizerAnswer:
    """Returns the answer to the first question that checked JSON holds."""
    parts = tuple(
        SearchVerdict(
            part["question"],
            Verdict(part["verdict"]),
            part["probability"],
            tuple((entry["assay"], float(entry["log_odds"])) for entry in part["contributions"]),
            part["sentence"],
            part["reason"],
        )
        for part in data["parts"]
    )
    return OptimizerAnswer(
        Verdict(data["verdict"]),
        data["probability"],
        data["sentence"],
        data["reason"],
        parts,
        data["depth"],
        data["depth_is_least"],
    )


def _objective(data: dict) -> ObjectiveAnswer:
    return ObjectiveAnswer(
        verdict=Verdict(data["verdict"]),
        name=data["name"],
        probability=data["probability"],
        posterior=tuple((entry["name"], float(entry["probability"])) for entry in data["posterior"]),
        disagreeing_levels=int(data["disagreeing_levels"]),
        sentence=data["sentence"],
        reason=data["reason"],
        distance_to_base=data["distance_to_base"],
        unidentified_dimensions=_optional_integer(data["unidentified_dimensions"]),
    )


def _alignment(data: dict) -> AlignmentAnswer:
    runner_up = data["runner_up"]
    return AlignmentAnswer(
        verdict=Verdict(data["verdict"]),
        class_=AlignmentClass(data["class"]),
        probability=data["probability"],
        runner_up=None if runner_up is None else AlignmentClass(runner_up),
        towards=data["towards"],
        sentence=data["sentence"],
        reason=data["reason"],
        # Reports of before the battery have none of these.
        kind=data.get("kind"),
        kinds=tuple((entry["kind"], float(entry["probability"])) for entry in data.get("kinds", ())),
        together=tuple(data.get("together", ())),
        kind_reason=data.get("kind_reason", ""),
    )


def evidence_of(data: dict, cost_seconds: float, field: str) -> Evidence:
    """Returns the piece of evidence that checked JSON holds.

    **Arguments:**

    - `data`: the JSON object.
    - `cost_seconds`: CPU seconds, which stand elsewhere.
    - `field`: where it stands, for messages.
    """
    try:
        return Evidence(
            assay=data["assay"],
            question=data["question"],
            verdict=Verdict(data["verdict"]),
            sentence=data["sentence"],
            reason=data["reason"],
            effect=_estimate(data["effect"], f"{field}.effect"),
            null=_estimate(data["null"], f"{field}.null"),
            details=details_of(data["details"], details_type(data["assay"])),
            cost_seconds=float(cost_seconds),
        )
    except ValueError as error:
        raise UsageError(f"This is not a report of Mesascope: field '{field}': {error}.") from error


def _check_places(data: dict) -> None:
    """Refuses a witness with places outside of its text."""
    widths = [len(row) for row in data["text"].split("\n")]
    places = {name: data[name] for name in ("agent_path", "base_path", "agent_goal", "base_goal")}
    places["arrows"] = [[arrow["row"], arrow["column"]] for arrow in data["arrows"]]
    places["start"] = [] if data["start"] is None else [data["start"]]
    for name, found in places.items():
        for index, (row, column) in enumerate(found):
            if row >= len(widths) or column >= widths[int(row)]:
                where = name if name == "start" else f"{name}[{index}]"
                raise _refusal(f"field 'witness.{where}' is a place outside of the level in 'witness.text'")


def _place(data: list) -> tuple[int, int]:
    return int(data[0]), int(data[1])


def _witness(data: dict) -> Witness:
    _check_places(data)
    return Witness(
        text=data["text"],
        legend=tuple((entry["character"], entry["meaning"]) for entry in data["legend"]),
        distribution=data["distribution"],
        index=int(data["index"]),
        start=None if data["start"] is None else _place(data["start"]),
        agent_path=tuple(_place(place) for place in data["agent_path"]),
        base_path=tuple(_place(place) for place in data["base_path"]),
        agent_goal=tuple(_place(place) for place in data["agent_goal"]),
        base_goal=tuple(_place(place) for place in data["base_goal"]),
        arrows=tuple(
            (int(arrow["row"]), int(arrow["column"]), arrow["action"], float(arrow["probability"]))
            for arrow in data["arrows"]
        ),
        base_regret=_number(data["base_regret"]),
        own_regret=_number(data["own_regret"]),
        sentence=data["sentence"],
    )
