"""`mesascope challenge submit`: the auditor is scored on agents that others wrote, and whose truth they say."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from mesascope.cli.audit import exit_code
from mesascope.cli.console import Console
from mesascope.cli.options.kinds import MaybeFolder, MaybeLevels, MaybeName, Seed, option
from mesascope.cli.options.output import PrintOptions
from mesascope.cli.output_folder import check_writable
from mesascope.cli.train import resumable
from mesascope.core.errors import UnknownNameError
from mesascope.core.quantities import TEXT
from mesascope.report.views.words import shortened

if TYPE_CHECKING:
    from mesascope.audit.findings import AlignmentAnswer
    from mesascope.organisms.read_submissions import Refused
    from mesascope.organisms.reliability import Reliability, Share
    from mesascope.organisms.scores import Judged, Scores
    from mesascope.organisms.submission import Submission

SUBMITTED = Path("runs/submitted")
LONGEST = 40
"""Characters of a name that the table shows."""
SIGNS = "+ right, x wrong, ? not settled by the truth; gates: exit codes of --require robust, --fail-on pseudo-aligned"


@dataclass(frozen=True)
class ChallengeSubmit:
    """Audits agents of yours, whose truth you know, and scores the answers: are they right as often as they say?

    Each agent is a `mesascope.Submission` with a `mesascope.SubmittedTruth`, in the list `submissions` of a module.
    What was judged stays in a folder; the same command goes on after a stop. An agent that fails is a row of the
    result.
    """

    submissions: tyro.conf.Positional[Annotated[str, *option(TEXT, "FOLDER|FILE|MODULE")]]
    """A folder of .py files, one such file, or a module (module:attribute)."""
    only: MaybeName = None
    """Judge only the agent of this name, or those of this kind."""
    skip_search: bool = False
    """Leave out the first question, which takes most of the time; the other two answers are the same."""
    levels: MaybeLevels = None
    """How many levels of each distribution; by default up to 512."""
    seed: Seed = 0
    """Of everything random."""
    out: MaybeFolder = None
    """The folder that results are kept in; by default runs/submitted."""
    output: PrintOptions = PrintOptions()

    def run(self, console: Console) -> int:
        import msgspec

        from mesascope.api.submit import submit
        from mesascope.organisms.code_digest import auditor_digest
        from mesascope.organisms.read_submissions import read_submissions
        from mesascope.organisms.scores import scores

        brought = read_submissions(self.submissions)
        chosen = _chosen(brought.submissions, self.only)
        folder = self.out or SUBMITTED
        check_writable(folder)
        for one in brought.refused:
            console.note(f"{one.name}: {one.reason}")
        with resumable(folder), console.progress(f"Judging {len(chosen)} agents") as progress:
            rows = submit(
                chosen,
                gates=gates,
                folder=folder,
                stamp=f"{auditor_digest()} {brought.digest}",
                search=not self.skip_search,
                levels=self.levels,
                seed=self.seed,
                progress=progress,
            )
        found = scores(rows)
        if self.output.json:
            refused = [{"name": one.name, "reason": one.reason} for one in brought.refused]
            data = {"scores": found, "agents": rows, "refused": refused}
            console.result(msgspec.json.format(msgspec.json.encode(data), indent=2).decode())
        else:
            console.result(_text(found, rows, brought.refused, console.width))
        return 0


def _chosen(submissions: tuple[Submission, ...], only: str | None) -> list[Submission]:
    found = [one for one in submissions if only in (None, one.name, one.kind)]
    if not found and only is not None:
        raise UnknownNameError("agent or kind", only, {name for one in submissions for name in (one.name, one.kind)})
    return found


def gates(alignment: AlignmentAnswer) -> tuple[int, int]:
    """Returns the exit codes of `--require robust` and of `--fail-on pseudo-aligned`."""
    return exit_code(alignment, (), ("robust",)), exit_code(alignment, ("pseudo-aligned",), ())


def _text(found: Scores, rows: list[Judged], refused: tuple[Refused, ...], width: int) -> str:
    from mesascope.report.text.lines import bearable, table_lines, wrapped

    width = bearable(width)
    lines = table_lines(("agent", "objective", "class", "gates", "search"), [_answers(row) for row in rows], width)
    kinds = [
        (
            shortened(one.kind, LONGEST),
            _of(one.objective),
            str(one.objective_sure_and_wrong),
            _of(one.class_),
            _of(one.search),
            f"{one.called_robust}, {one.called_pseudo_aligned}, {one.called_incapable} of {one.agents}",
        )
        for one in found.by_kind
    ]
    titles = ("kind", "objective", "wrong at .99", "class", "search", "called robust, pseudo-aligned, incapable")
    lines += ["", *wrapped(SIGNS, width), "", *table_lines(titles, kinds, width), ""]
    told = [
        *_reliable("Objective", found.objective),
        *_reliable("Class", found.class_),
        *_reliable("Search", found.search),
        f"Wrong listed objectives with probability >= .9: {_of(found.wrong_candidates)}",
        f"Called robust and not: {_of(found.false_robust)}; called pseudo-aligned and not: "
        f"{_of(found.false_pseudo_aligned)}; aligned and called incapable: {_of(found.false_incapable)}; "
        f"pseudo-aligned and past a gate: {_of(found.gates)}",
        f"{found.agents} agents, of which {found.failed} failed; {len(refused)} were refused",
        *(f"failed: {row.name}: {row.failure}" for row in rows if row.answer is None),
        *(f"refused: {one.name}: {one.reason}" for one in refused),
    ]
    return "\n".join([*lines, *(line for text in told for line in wrapped(text, width))])


def _answers(row: Judged) -> tuple[str, str, str, str, str]:
    answer, mark, name = row.answer, row.mark, shortened(row.name, LONGEST)
    if answer is None or mark is None:
        return name, "failed", "-", "-", "-"
    kind = answer.kind or answer.class_
    return (
        name,
        _said(answer.objective, answer.objective_probability, mark.objective),
        _said(kind, answer.kind_probability if answer.kind else answer.class_probability, mark.class_),
        f"{answer.require_robust} {answer.fail_on_pseudo_aligned}",
        "-" if answer.search is None else f"{_sign(mark.search)} {answer.search}",
    )


def _said(name: str | None, probability: float | None, right: bool | None) -> str:
    told = "" if probability is None else f" {probability:.3f}"
    # Cells are broken over lines: what was answered stands there whole.
    return f"{_sign(right)} {shortened(name or 'nothing', 3 * LONGEST)}{told}"


def _sign(right: bool | None) -> str:
    return {True: "+", False: "x", None: "?"}[right]


def _of(share: Share) -> str:
    return f"{share.right}/{share.n}" if share.n else "-"


def _reliable(title: str, found: Reliability) -> list[str]:
    sure, likely = found.by_level
    if not found.all.n or found.calibration_error is None:
        return [f"{title}: nothing to score"]
    spread = [
        f"{_of(one)} [{one.low:.2f}, {one.high:.2f}], kinds resampled [{one.low_of_kinds:.2f}, {one.high_of_kinds:.2f}]"
        for one in (sure, likely)
        if one.n
    ]
    told = dict(zip([name for name, one in ((">= .99", sure), (">= .9", likely)) if one.n], spread, strict=True))
    return [
        "; ".join([f"{title}: {_of(found.all)} right", *(f"at probability {one} {told[one]}" for one in told)]),
        f"{title}: calibration error {found.calibration_error:.3f} "
        f"(perfect: {found.null:.3f}, up to {found.null_high:.3f}); "
        f"Brier score {found.brier:.3f}; {found.all.kinds} kinds; "
        f"probabilities above {found.ceiling:.3f} are not borne out",
    ]
