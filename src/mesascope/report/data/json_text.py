"""Findings as the JSON object of a report: which field stands where, and how numbers are written."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from mesascope.audit.findings import AlignmentAnswer, Findings, ObjectiveAnswer, OptimizerAnswer, Witness
from mesascope.core.details import details_data
from mesascope.core.verdicts import Estimate, Evidence
from mesascope.report.data.schema import SCHEMA_VERSION

SIGNIFICANT_DIGITS = 9
"""Of every number in a report: fewer than the 1e-9 to which the solvers agree, so that equal runs give equal bytes."""
DISTRIBUTIONS = ("train", "deploy")
_LINE = 110
_NO_SHIFT = "no shift was named"
_NO_KIND = "the battery of tests was not part of the audit"
_NOT_RECOVERED = "no objective could be recovered; see the evidence of the assay recovery"


def report_data(findings: Findings, provenance: Mapping[str, Any]) -> dict:
    """Returns the JSON object of a report, keys in the published order.

    **Arguments:**

    - `findings`: what the audit found.
    - `provenance`: where it comes from; the CPU seconds of each piece of evidence are added to it.

    **Raises:** `TypeError` if the details of some evidence hold something that JSON cannot.
    """
    subject, references = findings.subject, findings.reference_regrets
    no_shift = _NO_SHIFT if subject.deploy is None else "it could not be computed; see the evidence"
    seconds = [{"assay": piece.assay, "cpu_seconds": round(piece.cost_seconds, 3)} for piece in findings.evidence]
    data = {
        "schema_version": SCHEMA_VERSION,
        "agent": subject.agent,
        "world": subject.world,
        "base_objective": subject.base_objective,
        "seed": subject.seed,
        "subject": {
            "agent_kind": subject.agent_kind,
            "evaluation": subject.evaluation,
            "world_options": _sorted(subject.world_options),
            "train": subject.train,
            "deploy_world": subject.deploy_world,
            "deploy_options": None if subject.deploy_options is None else _sorted(subject.deploy_options),
            "deploy": subject.deploy,
            "notes": list(subject.notes),
        },
        "answers": {
            "optimizer": optimizer_data(findings.optimizer),
            "objective": _objective(findings.objective),
            "alignment": _alignment(findings.alignment),
        },
        "training_performance": _estimate(findings.training_performance),
        "regret": _regrets(findings.regret, no_shift),
        "own_regret": _regrets(findings.own_regret, no_shift),
        "rulers": {name: dict(references[name]) for name in DISTRIBUTIONS if name in references},
        "witness": None if findings.witness is None else _witness(findings.witness),
        "evidence": [evidence_data(piece) for piece in findings.evidence],
        "not_tested": [{"what": what, "why": why} for what, why in findings.not_tested],
        "provenance": {**provenance, "evidence_seconds": seconds},
    }
    return _jsonable(data, "report")


def json_text(value: Any, indent: int = 0) -> str:
    """Returns JSON in which whatever fits on a line stands on one, so that levels and paths stay readable."""
    flat = json.dumps(value, ensure_ascii=False, allow_nan=False)
    if len(flat) + indent <= _LINE or not isinstance(value, dict | list) or not value:
        return flat
    pad, close = " " * (indent + 2), " " * indent
    if isinstance(value, list):
        if all(not isinstance(item, dict) for item in value) and not any(_nested(item) for item in value):
            return _filled(value, indent)
        return "[\n" + ",\n".join(pad + json_text(item, indent + 2) for item in value) + "\n" + close + "]"
    items = (
        f"{pad}{json.dumps(key, ensure_ascii=False)}: {json_text(item, indent + 2)}" for key, item in value.items()
    )
    return "{\n" + ",\n".join(items) + "\n" + close + "}"


def _nested(item: Any) -> bool:
    return isinstance(item, list) and any(isinstance(inner, dict | list) for inner in item)


def _filled(values: list, indent: int) -> str:
    lines, line = [], ""
    for text in (json.dumps(value, ensure_ascii=False, allow_nan=False) for value in values):
        if line and len(line) + len(text) + indent > _LINE:
            lines.append(line.rstrip())
            line = ""
        line += f"{text}, "
    lines.append(line.removesuffix(", "))
    pad = " " * (indent + 2)
    return "[\n" + "\n".join(pad + line for line in lines) + "\n" + " " * indent + "]"


def optimizer_data(answer: OptimizerAnswer) -> dict:
    """Returns the answer to the first question as the JSON object of a report holds it."""
    data = {
        "verdict": answer.verdict,
        "probability": answer.probability,
        "sentence": answer.sentence,
        "reason": answer.reason,
        "depth": answer.depth,
        "depth_is_least": answer.depth_is_least,
        "parts": [
            {
                "question": part.question,
                "verdict": part.verdict,
                "probability": part.probability,
                "sentence": part.sentence,
                "reason": part.reason,
                "contributions": [{"assay": assay, "log_odds": added} for assay, added in part.contributions],
            }
            for part in answer.parts
        ],
    }
    whys = {"probability": answer.reason, "depth": "no horizon was measured, or it has little skill at any distance"}
    return _with_missing(data, whys)


def _objective(answer: ObjectiveAnswer) -> dict:
    data = {
        "verdict": answer.verdict,
        "name": answer.name,
        "probability": answer.probability,
        "distance_to_base": answer.distance_to_base,
        "unidentified_dimensions": answer.unidentified_dimensions,
        "disagreeing_levels": answer.disagreeing_levels,
        "posterior": [{"name": name, "probability": probability} for name, probability in answer.posterior],
        "sentence": answer.sentence,
        "reason": answer.reason,
    }
    whys = {"distance_to_base": _NOT_RECOVERED, "unidentified_dimensions": _NOT_RECOVERED}
    return _with_missing(data, {"name": answer.reason, "probability": answer.reason, **whys})


def _alignment(answer: AlignmentAnswer) -> dict:
    data = {
        "verdict": answer.verdict,
        "class": answer.class_,
        "probability": answer.probability,
        "runner_up": answer.runner_up,
        "towards": answer.towards,
        "sentence": answer.sentence,
        "reason": answer.reason,
        "kind": answer.kind,
        "kinds": [{"kind": kind, "probability": probability} for kind, probability in answer.kinds],
        "together": list(answer.together),
        "kind_reason": answer.kind_reason,
    }
    return _with_missing(data, {"probability": answer.reason, "kind": answer.kind_reason or _NO_KIND})


def _with_missing(data: dict, whys: dict[str, str]) -> dict:
    missing = {name: why or "the audit did not say why" for name, why in whys.items() if data[name] is None}
    return {**data, "missing": missing} if missing else data


def _regrets(regrets: Mapping[str, Estimate], why: str) -> dict:
    unknown = sorted(regrets.keys() - set(DISTRIBUTIONS))
    if unknown:
        raise ValueError(f"regrets are given for {unknown}; a report has places for {DISTRIBUTIONS}")
    data: dict = {name: _estimate(regrets.get(name)) for name in DISTRIBUTIONS}
    whys = {"train": "it could not be computed; see the evidence", "deploy": why}
    return _with_missing(data, whys)


def _estimate(estimate: Estimate | None) -> dict | None:
    if estimate is None:
        return None
    return {
        "value": estimate.value,
        "low": estimate.low,
        "high": estimate.high,
        "n": estimate.n,
        "unit": estimate.unit,
        "confidence": estimate.confidence,
    }


def evidence_data(piece: Evidence) -> dict:
    """Returns one piece of evidence as the JSON object of a report holds it."""
    return {
        "assay": piece.assay,
        "question": piece.question,
        "verdict": piece.verdict,
        "sentence": piece.sentence,
        "reason": piece.reason,
        "effect": _estimate(piece.effect),
        "null": _estimate(piece.null),
        "details": _sorted(details_data(piece.details)),
    }


def _witness(witness: Witness) -> dict:
    return {
        "text": witness.text,
        "legend": [{"character": character, "meaning": meaning} for character, meaning in witness.legend],
        "distribution": witness.distribution,
        "index": witness.index,
        "start": witness.start,
        "agent_path": witness.agent_path,
        "base_path": witness.base_path,
        "agent_goal": witness.agent_goal,
        "base_goal": witness.base_goal,
        "arrows": [
            {"row": row, "column": column, "action": action, "probability": probability}
            for row, column, action, probability in witness.arrows
        ],
        "base_regret": witness.base_regret,
        "own_regret": witness.own_regret,
        "sentence": witness.sentence,
    }


def _sorted(mapping: Mapping[str, Any]) -> dict:
    return {key: mapping[key] for key in sorted(mapping)}


def plain_json(value: Any) -> Any:
    """Returns a value as JSON can hold it; `TypeError` names the field that cannot be held."""
    return _jsonable(value, "report")


def _jsonable(value: Any, field: str) -> Any:
    """Returns plain JSON values: rounded numbers, null for those that are not finite, text that UTF-8 can hold."""
    if isinstance(value, Mapping):
        return {_clean(str(key)): _jsonable(item, f"{field}.{key}") for key, item in value.items()}
    if isinstance(value, str):
        return _clean(str(value))
    if value is None or isinstance(value, bool | np.bool_):
        return value if value is None else bool(value)
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return _rounded(float(value))
    if isinstance(value, np.ndarray):
        return _jsonable(value.tolist(), field)
    if isinstance(value, list | tuple):
        return [_jsonable(item, f"{field}[{index}]") for index, item in enumerate(value)]
    raise TypeError(
        f"{field} is a {type(value).__name__}; a report holds numbers, texts, lists and dictionaries of them"
    )


def _rounded(value: float) -> float | None:
    if not math.isfinite(value):
        return None
    # Adding zero turns -0.0 into 0.0.
    return float(f"{value:.{SIGNIFICANT_DIGITS - 1}e}") + 0.0


def _clean(text: str) -> str:
    # File names that are not UTF-8 arrive with lone surrogates, which no file or terminal can take.
    return text.encode("utf-8", "replace").decode("utf-8")
