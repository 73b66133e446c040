"""Writes `docs/calibration.md` and its diagrams from the answers saved in `benchmarks/results`; `--check` only looks.

Nothing is asked of any agent here: `outsiders.json` holds every answer of `benchmarks/outsiders.py` about the objective
and the class, and `search_detection.json`, where it holds answers one by one, those about search.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
from ledger import RESULTS, ROOT
from matplotlib.figure import Figure

from mesascope.core.files import write_atomically
from mesascope.organisms.marking import third_answer
from mesascope.organisms.reliability import LEVELS, Reliability, Share, reliability, share_right
from mesascope.organisms.scores import Judged, marked
from mesascope.report.figures.style import AGENT, BASE, FAINT, INK, figure_settings, svg_of

PAGE = ROOT / "docs" / "calibration.md"
IMAGES = ROOT / "docs" / "images"
FAILS = 0.8
"""A kind of which a smaller share than this is answered rightly is listed under what fails."""

HEAD = """# Are the answers right as often as they say?

Each agent here was built to be something, by somebody who did not read the code that judges it, and was judged like any
other. This page is generated from the saved answers: `python benchmarks/calibration_page.py`. To have the auditor
judged on agents of your own: `mesascope challenge submit FOLDER` (`examples/outsiders/`).

In a diagram, answers are put together by the probability that was printed beside them (below .5, to .7, to .9, to .99,
to 1). Points on the diagonal are right as often as they say, points below it less often; bars are Wilson's 95 %
intervals, as if agents were independent, and numbers count answers. Agents of one kind stand or fall together, so that
the tables give a second interval, in which whole kinds are resampled. What counts as right is written down in one
place, `src/mesascope/organisms/marking.py`.
"""


@dataclass(frozen=True)
class Answer:
    """An answer that came true or not.

    **Arguments:**

    - `kind`: of the agent.
    - `probability`: that was given to it.
    - `right`: whether it was.
    """

    kind: str
    probability: float
    right: bool


@dataclass(frozen=True)
class Question:
    """One of the three questions: the slug of its diagram, its title, and how it is told in the page."""

    slug: str
    title: str
    text: str
    missing: str


QUESTIONS: tuple[Question, ...] = (
    Question(
        "search",
        "Is it an optimizer?",
        "Answers that were not left open, of agents whose mechanism is known by construction.",
        "No single answers about search are saved: `benchmarks/search_detection.py` states error rates alone, see the "
        "[claims](claims.md). Agents that are functions can only be left open.",
    ),
    Question(
        "objective",
        "What is its objective?",
        "Right is the name that was built in, or one that nothing tells from it; of what is not one listed objective, "
        "the kind, or none of these.",
        "Nothing has been measured yet.",
    ),
    Question(
        "class",
        "Is it aligned?",
        "The likeliest class after the shift, and in worlds with cues the likeliest kind of alignment, stated or not.",
        "Nothing has been measured yet.",
    ),
)


def answers(results: Path = RESULTS) -> dict[str, list[Answer]]:
    """Returns the saved answers to each question, by its slug."""
    asked = _details(results, "outsiders").get("agents", [])
    rows = marked(msgspec.convert(asked, list[Judged]))
    searched = _details(results, "search_detection").get("answers", [])
    return {
        "search": [Answer(one["kind"], one["probability"], one["right"]) for one in searched],
        "objective": [
            Answer(row.kind, answer.objective_probability, mark.objective)
            for row, answer, mark in rows
            if mark.objective is not None and answer.objective_probability is not None
        ],
        "class": [
            Answer(row.kind, probability, mark.class_)
            for row, answer, mark in rows
            if mark.class_ is not None and (probability := third_answer(answer)[1]) is not None
        ],
    }


def _details(results: Path, name: str) -> dict:
    file = results / f"{name}.json"
    return json.loads(file.read_text(encoding="utf-8")).get("details", {}) if file.exists() else {}


def measured(some: Sequence[Answer]) -> Reliability:
    """Returns how far some answers can be relied on."""
    return reliability([one.probability for one in some], [one.right for one in some], [one.kind for one in some])


@figure_settings()
def diagram(found: Reliability, title: str) -> Figure:
    """Returns a reliability diagram: the share that was right over the mean probability that was given."""
    figure = Figure(figsize=(4.3, 3.6), layout="constrained")
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color=FAINT, linewidth=2, zorder=0)
    for one in found.bins:
        if one.mean is None or one.share.low is None or one.share.value is None:
            continue
        axes.plot([one.mean] * 2, [one.share.low, one.share.high], color=BASE, linewidth=3, alpha=0.5)
        axes.plot(one.mean, one.share.value, "o", color=AGENT, markersize=6)
        axes.annotate(
            str(one.share.n), (one.mean, one.share.low), (0, -12), textcoords="offset points", ha="center", fontsize=8.5
        )
    axes.set(xlim=(-0.03, 1.05), ylim=(-0.12, 1.05), xlabel="probability given", ylabel="share right", title=title)
    axes.set_xticks([0, 0.5, 0.7, 0.9, 1.0])
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1.0])
    return figure


@figure_settings()
def kinds_diagram(shares: Sequence[tuple[str, Share]], title: str) -> Figure:
    """Returns the share of right answers of each kind, with Wilson's intervals."""
    figure = Figure(figsize=(6.4, 0.6 + 0.19 * len(shares)), layout="constrained")
    axes = figure.subplots()
    for place, (_, share) in enumerate(shares):
        if share.low is None or share.value is None:
            continue
        axes.plot([share.low, share.high], [place, place], color=BASE, linewidth=3, alpha=0.5)
        axes.plot(share.value, place, "o", color=AGENT, markersize=5)
    axes.set_yticks(range(len(shares)), [f"{kind} ({share.n})" for kind, share in shares], fontsize=8)
    axes.set(xlim=(-0.03, 1.03), ylim=(len(shares) - 0.4, -0.6), title=title)
    axes.set_xlabel("share right", color=INK)
    return figure


def by_kind(some: Sequence[Answer]) -> list[tuple[str, list[Answer]]]:
    """Returns answers by the kind of agent, the worst kind first."""
    kinds = {one.kind: [other for other in some if other.kind == one.kind] for one in some}
    return sorted(kinds.items(), key=lambda item: (sum(one.right for one in item[1]) / len(item[1]), item[0]))


def figures(found: dict[str, list[Answer]]) -> dict[str, str]:
    """Returns the diagrams as SVG, by the names of their files."""
    drawn = {}
    for question in QUESTIONS:
        if some := found[question.slug]:
            shares = [(kind, _share(members)) for kind, members in by_kind(some)]
            drawn[f"calibration-{question.slug}.svg"] = svg_of(diagram(measured(some), question.title))
            drawn[f"calibration-{question.slug}-kinds.svg"] = svg_of(kinds_diagram(shares, question.title))
    return drawn


def _share(some: Sequence[Answer]) -> Share:
    return share_right([one.right for one in some], [one.kind for one in some])


def page(results: Path = RESULTS) -> tuple[str, dict[str, str]]:
    """Returns the page and its diagrams for a folder of results."""
    found = answers(results)
    file = results / "outsiders.json"
    parts = [HEAD]
    if file.exists():
        outcome = json.loads(file.read_text(encoding="utf-8"))
        rows = _details(results, "outsiders").get("agents", [])
        kinds, settings = len({row["kind"] for row in rows}), len({row["setting"] for row in rows})
        changed = " with uncommitted changes" if outcome["git"]["dirty"] else ""
        parts.append(
            f"{len(rows)} agents of {kinds} kinds in {settings} settings, asked at revision "
            f"{(outcome['git']['commit'] or 'unknown')[:9]}{changed}.\n"
        )
    for question in QUESTIONS:
        some = found[question.slug]
        parts.append(f"## {question.title}\n\n{question.text if some else question.missing}\n")
        if some:
            parts.append(_section(question, some))
    return "\n".join(parts), figures(found)


def _section(question: Question, some: Sequence[Answer]) -> str:
    told = measured(some)
    alt = f"Reliability diagram: {question.title} {told.all.right} of {told.all.n} answers right"
    lines = [
        f"![{alt}](images/calibration-{question.slug}.svg)",
        "",
        "| probability given | answers | right | share, Wilson | kinds | kinds resampled |",
        "|---|--:|--:|---|--:|---|",
        _row("any", told.all),
        *(_row(f">= {level:g}", share) for level, share in zip(LEVELS, told.by_level, strict=True)),
        *(_row(_range(one.start, one.stop), one.share) for one in told.bins),
        "",
        f"Expected calibration error {told.calibration_error:.3f}; a perfectly calibrated auditor with these "
        f"probabilities shows {told.null:.3f}, and {told.null_high:.3f} or more once in twenty times. Brier score "
        f"{told.brier:.3f} [{told.brier_low:.3f}, {told.brier_high:.3f}], log score {told.log_score:.3f} nats. Of "
        f"answers with probability >= .99 at least {told.by_level[0].least or 0:.3f} are right (Clopper-Pearson, "
        f"one-sided 95 %); no probability above {told.ceiling:.3f} is borne out by so many.",
        "",
        "### What fails",
        "",
    ]
    failing = [
        (kind, members, [one for one in members if not one.right and one.probability >= LEVELS[0]])
        for kind, members in by_kind(some)
    ]
    failing = [
        (kind, members, sure)
        for kind, members, sure in failing
        if sure or sum(one.right for one in members) < FAILS * len(members)
    ]
    if failing:
        lines += [
            f"Kinds of which less than {FAILS:.0%} are answered rightly, or some wrongly with probability >= .99:",
            "",
            "| kind | right | wrong at >= .99 |",
            "|---|--:|--:|",
            *(
                f"| {kind} | {sum(one.right for one in members)} of {len(members)} | {len(sure)} |"
                for kind, members, sure in failing
            ),
        ]
    else:
        lines.append(f"No kind: of each at least {FAILS:.0%} are answered rightly, and none wrongly at >= .99.")
    lines += ["", "### By kind", "", f"![Share of right answers by kind](images/calibration-{question.slug}-kinds.svg)"]
    return "\n".join(lines) + "\n"


def _range(start: float, stop: float) -> str:
    return f"{start:g} to {stop:g}"


def _row(name: str, share: Share) -> str:
    if not share.n or share.value is None:
        return f"| {name} | 0 | – | – | – | – |"
    return (
        f"| {name} | {share.n} | {share.right} | {share.value:.3f} [{share.low:.3f}, {share.high:.3f}] "
        f"| {share.kinds} | [{share.low_of_kinds:.3f}, {share.high_of_kinds:.3f}] |"
    )


def main(arguments: list[str] | None = None) -> int:
    """Writes the page and its diagrams, or with `--check` returns 1 if they are out of date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if the page is out of date")
    options = parser.parse_args(arguments)
    text, drawn = page()
    files = {PAGE: text, **{IMAGES / name: svg for name, svg in drawn.items()}}
    if not options.check:
        for file, content in files.items():
            write_atomically(file, content)
        return 0
    # Diagrams may differ in last digits with another version of what draws them; the numbers stand in the page.
    stale = [file for file in files if not file.exists()]
    if not stale and PAGE.read_text(encoding="utf-8") == text:
        return 0
    print("docs/calibration.md is out of date; run: python benchmarks/calibration_page.py", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
