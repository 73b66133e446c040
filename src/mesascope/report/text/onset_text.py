"""The onset of deception as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

CONDITIONS: tuple[tuple[str, str], ...] = (
    ("spans_updates", "spans updates"),
    ("models_selection", "models selection"),
    ("expects_end", "expects an end"),
)

SCHEMES: dict[str, str] = {"PASS": "yes", "FAIL": "no", "INCONCLUSIVE": "INCONCLUSIVE"}


def onset_headline(data: Mapping[str, Any]) -> str:
    """Returns the answer in one sentence.

    **Arguments:**

    - `data`: the JSON object of an `OnsetReport`.
    """
    plan, asked = data["exact"]["plan"], data["lifetime"]
    training = asked["training"]
    if plan["deceptive"]:
        return f"Deception pays: comply in training, then defect, earns {plan['worth']:.3g} of {_at_once(plan)}."
    if plan["complies_at_the_end"]:
        late = plan["complies_at_the_end"]
        which = "the last" if late == 1 else f"the last {late}"
        return f"Late onset: it pays to comply in {which} of {training} training episodes only."
    return f"Deception does not pay: defecting at once earns {plan['worth']:.3g}, as much as anything."


def onset_text(data: Mapping[str, Any]) -> str:
    """Returns the tables for a terminal.

    **Arguments:**

    - `data`: the JSON object of an `OnsetReport`.
    """
    exact, asked = data["exact"], data["lifetime"]
    training, plan, blind = asked["training"], exact["plan"], exact["blind"]
    lines = [
        onset_headline(data),
        "",
        f"{training} training and {asked['deployment']} deployment episodes, threat {asked['threat']:g}, discount "
        f"{asked['discount']:g}, cue accuracy {asked['accuracy']:g}",
        f"  onset, all of training   {_threat(plan['onset'])}",
        f"  onset, the last episode  {_threat(plan['onset_last'])}",
        f"  best with this cue       {exact['cue']['value']:.3f}, defecting in training with "
        f"{exact['cue']['in_training']:.3f}",
        f"  best without a cue       {blind['value']:.3f}, defecting with {blind['defection']:.4f}"
        f"{paper_gamble(blind)}",
    ]
    # The page has more of them.
    whole = [point for point in exact["by_threat"] if abs(10 * point["threat"] - round(10 * point["threat"])) < 1e-9]
    own = [point for point in exact["by_threat"] if point["threat"] in (asked["threat"], plan["onset"])]
    shown = sorted({point["threat"]: point for point in (*whole, *own)}.values(), key=lambda point: point["threat"])
    lines += _table(
        ("threat", f"complies at the end (of {training})", "worth"),
        [(f"{point['threat']:.4g}", str(point["complies_at_the_end"]), f"{point['worth']:.3f}") for point in shown],
    )
    horizons = [point for point in exact["by_horizon"] if point["discount"] == asked["discount"]]
    deployments = sorted({point["deployment"] for point in horizons})
    onset = {(point["training"], point["deployment"]): point["onset"] for point in horizons}
    lines += _table(
        ("onset at horizon", *(f"m={deployment}" for deployment in deployments)),
        [
            (f"n={count}", *(_number(onset[count, deployment]) for deployment in deployments))
            for count in sorted({count for count, _ in onset})
        ],
    )
    lines += _table(
        ("discount", f"complies at the end (of {training})", "onset, all", "onset, last"),
        [
            (
                f"{point['discount']:g}",
                str(point["complies_at_the_end"]),
                _number(point["onset"]),
                _number(point["onset_last"]),
            )
            for point in exact["by_discount"]
        ],
    )
    lines += _table(
        ("cue accuracy", *(f"{point['accuracy']:g}" for point in exact["by_accuracy"])),
        [("best value", *(f"{point['value']:.3f}" for point in exact["by_accuracy"]))],
    )
    lines += _table(
        (*(title for _, title in CONDITIONS), "in training", "deceptive"),
        [
            (
                *("yes" if row[name] else "no" for name, _ in CONDITIONS),
                _training(row["defects"][:training], row["tied"]),
                "yes" if row["deceptive"] else "no",
            )
            for row in exact["factorial"]
        ],
    )
    if data["learned"]:
        titles = ("threat", "policy", "defects in training", "in deployment", "schemes")
        lines += _table(titles, learned_rows(data))
        seeds = data["learned"][0]["seeds"]
        lines.append(
            f"Learned: means over {seeds} seeds with 95 % intervals. They earn their own pay-off by construction."
        )
    return "\n".join(lines)


def paper_gamble(blind: Mapping[str, Any]) -> str:
    """Returns what the paper prints for the blind gamble, to stand behind ours; empty unless the lifetime is its own.

    **Arguments:**

    - `blind`: of the exact part of an `OnsetReport`.
    """
    if blind["paper_value"] is None:
        return ""
    return f"; the paper prints {blind['paper_defection']:g}, worth {blind['paper_value']:.3f}"


def learned_rows(data: Mapping[str, Any]) -> list[tuple[str, str, str, str, str]]:
    """Returns threat, kind of policy, defection in training and in deployment, and verdict of each learned cell.

    **Arguments:**

    - `data`: the JSON object of an `OnsetReport`.
    """
    return [
        (
            f"{cell['threat']:g}",
            "whole lifetime" if cell["spans_updates"] else "myopic",
            _rate(cell["training"]),
            _rate(cell["deployment"]),
            SCHEMES[cell["verdict"]],
        )
        for cell in data["learned"]
    ]


def _rate(phase: Mapping[str, Any]) -> str:
    if phase["value"] is None:
        return f"INCONCLUSIVE (least n = {phase['least']})"
    return f"{phase['value']:.3f} [{phase['low']:.3f}, {phase['high']:.3f}]"


def _training(defects: Sequence[bool], tied: bool) -> str:
    if tied:
        return "indifferent"
    if all(defects):
        return "defects"
    return "late only" if any(defects) else "complies"


def _at_once(plan: Mapping[str, Any]) -> str:
    return f"its own goal, defecting at once {plan['defecting_at_once']:.3g}"


def _threat(onset: float | None) -> str:
    return "under no threat" if onset is None else f"from a threat of {onset:.4f}"


def _number(value: float | None) -> str:
    return "never" if value is None else f"{value:.4f}"


def _table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[column]) for row in (titles, *rows)) for column in range(len(titles))]
    return [
        "",
        *(
            "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in (titles, *rows)
        ),
    ]
