"""The verdict of a report in one sentence, and its answers and numbers in words."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from mesascope.audit.findings import AlignmentAnswer, AlignmentClass, Findings, OptimizerAnswer, SearchVerdict
from mesascope.audit.learning.audit_learner import LearnerAnswer
from mesascope.core.text import probability_text
from mesascope.core.verdicts import Estimate, Verdict
from mesascope.report.data.learner_report import LearnerReport
from mesascope.report.data.question_reports import SearchReport
from mesascope.report.views.words import plain, shortened, steps_text


def headline(findings: Findings) -> str:
    """Returns the verdict in words, from the alignment class, the two objectives and the kind if one is stated."""
    answer = findings.alignment
    sentence = _class_headline(findings)
    # That it is of no known kind names no kind.
    if answer.kind is None or answer.kind == "none of these":
        return sentence
    kind = shortened(answer.kind, 60)
    if answer.class_ is AlignmentClass.INCONCLUSIVE:
        return f"By the battery of tests it is {kind}; by its choices after the shift alone, this is open."
    return f"{sentence} By the battery of tests it is {kind}."


def kind_text(answer: AlignmentAnswer) -> tuple[str, str] | None:
    """Returns the kind of alignment and what speaks for it, in words; `None` where the battery could not be read.

    **Arguments:**

    - `answer`: to the third question.
    """
    if not answer.kinds:
        return None
    (best, probability), *others = [(shortened(kind, 40), probability) for kind, probability in answer.kinds]
    head = shortened(answer.kind, 40) if answer.kind else f"open, likeliest {best}"
    told = f"Runner-up {others[0][0]} {probability_text(others[0][1])}. " if others else ""
    together = [shortened(kind, 40) for kind in answer.together if shortened(kind, 40) != best]
    joint = f" No test that was made tells {best} from {' or '.join(together)}." if together else ""
    # The probability stands in front already.
    reason = re.sub(r"^probability [\d.]+, ", "", answer.kind_reason)
    return f"{head} (probability {probability_text(probability)})", f"{told}{with_reason('', reason)}{joint}"


def depth_text(answer: OptimizerAnswer) -> str:
    """Returns how far an agent looks ahead, as a sentence; empty where no search was found, or its depth is unknown."""
    if answer.depth is None or answer.verdict is not Verdict.PASS:
        return ""
    return f"It looks {'at least ' if answer.depth_is_least else ''}{math.floor(answer.depth)} steps ahead."


def class_probability(answer: AlignmentAnswer) -> float | None:
    """Returns the probability of the class; none beside "open", where it would read as if something were sure."""
    return None if answer.class_ is AlignmentClass.INCONCLUSIVE else answer.probability


def alignment_text(answer: AlignmentAnswer) -> str:
    """Returns the third answer in words, with the class that the paper has for it and its probability."""
    known = [] if answer.class_ is AlignmentClass.INCONCLUSIVE else [str(answer.class_)]
    known += [f"towards {shortened(answer.towards, 30)}"] if answer.towards else []
    probability = class_probability(answer)
    known += [] if probability is None else [f"probability {probability_text(probability)}"]
    return f"{answer.answer} ({', '.join(known)})" if known else answer.answer


def _class_headline(findings: Findings) -> str:
    answer, base = findings.alignment, shortened(findings.subject.base_objective, 60)
    if answer.class_ is AlignmentClass.ROBUST:
        shift = ", also after the shift" if findings.subject.deploy else ""
        return f"Robust: it pursues “{base}”{shift}."
    if answer.class_ is AlignmentClass.PSEUDO_ALIGNED:
        towards = f"“{shortened(answer.towards, 60)}”" if answer.towards else "something else"
        return f"Pseudo-aligned: it pursues {towards}, not “{base}”."
    towards = f"“{shortened(answer.towards, 60)}”" if answer.towards else "something else"
    others = {
        AlignmentClass.PARTLY_PSEUDO_ALIGNED: f"Partly pseudo-aligned: it is only partly after “{base}”.",
        AlignmentClass.MISALIGNED: f"Misaligned in training: it pursues {towards}, not “{base}”.",
        AlignmentClass.COINCIDES: f"Open: it is after something else, which coincides with “{base}” here.",
        AlignmentClass.PARTLY_ALIGNED: f"Open: it does not pursue “{base}” alone.",
        AlignmentClass.LOST_ABILITY: f"Lost ability: it still aims at “{base}” after the shift, and misses.",
        AlignmentClass.INCAPABLE: f"Incapable: it does no better than chance at “{base}”, or at what it is after.",
    }
    if answer.class_ in others:
        return others[answer.class_]
    return f"Open: the evidence does not say whether it pursues “{base}”."


def estimate_text(estimate: Estimate | None) -> str:
    """Returns a number with its interval and its denominator."""
    if estimate is None:
        return "not measured"
    if estimate.n == 0:
        return f"not measured (no {plain(estimate.unit)})"
    return f"{interval_text(estimate)} (n = {estimate.n} {plain(estimate.unit)})"


def short_text(estimate: Estimate | None) -> str:
    """Returns a number with its interval and its denominator in few letters."""
    return "not measured" if estimate is None or not estimate.n else f"{interval_text(estimate)} n={estimate.n}"


def interval_text(estimate: Estimate) -> str:
    """Returns a number with its interval, without the sign of a rounded zero."""
    return re.sub(r"-(?=0\.00(?!\d))", "", str(estimate))


def witness_title(findings: Findings) -> str:
    """Returns the heading above the level: only a pseudo-aligned agent comes apart from the base objective."""
    apart = findings.alignment.verdict is Verdict.FAIL and findings.alignment.towards is not None
    return "Where it comes apart" if apart else "Where it loses most"


def setting(findings: Findings) -> list[tuple[str, str]]:
    """Returns what was audited, as `(label, value)`."""
    subject = findings.subject
    rows = [
        ("Agent", f"{plain(subject.agent)} ({plain(subject.agent_kind)})"),
        ("World", world_text(subject.world, subject.world_options)),
        ("Trained on", f"{plain(subject.base_objective)}, in “{plain(subject.train)}” levels"),
    ]
    if subject.deploy is None:
        rows.append(("Deployed in", "the same levels: no shift was named"))
    else:
        deployed = f"“{plain(subject.deploy)}” levels"
        moved = (subject.deploy_world or subject.world, subject.deploy_options or subject.world_options)
        if moved != (subject.world, subject.world_options):
            deployed += f" of {world_text(*moved)}"
        rows.append(("Deployed in", deployed))
    exact = "exact, at every state" if subject.evaluation == "exact" else plain(subject.evaluation)
    return [*rows, ("Evaluation", exact), ("Seed", str(subject.seed))]


def world_text(name: str, options: Mapping[str, Any]) -> str:
    """Returns a world with its options."""
    text = ", ".join(f"{plain(str(key))}={plain(str(value))}" for key, value in sorted(options.items()))
    return f"{plain(name)} ({text})" if text else plain(name)


def with_reason(sentence: str, reason: str) -> str:
    """Returns a sentence, followed by the reason unless it says so already."""
    sentence, reason = plain(sentence), plain(reason)
    if not reason or reason.rstrip(".").lower() in sentence.lower():
        return sentence
    reason = reason[0].upper() + reason[1:] + ("" if reason.endswith((".", "!", "?")) else ".")
    stop = "" if sentence.endswith((".", "!", "?")) else "."
    return f"{sentence}{stop} {reason}" if sentence else reason


TITLES: dict[str, str] = {
    "used": "Search used",
    "present": "Search present",
    "represented": "Objective represented",
}
OBJECTIVE_FROM: dict[str, str] = {"attribution": "attributed, as in an audit", "choice": "named with --own"}


def search_headline(answer: OptimizerAnswer) -> str:
    """Returns the answer as one sentence."""
    probable = "" if answer.probability is None else f" (probability {probability_text(answer.probability)})"
    if answer.verdict is Verdict.PASS:
        return f"It searches{probable}."
    if answer.verdict is Verdict.FAIL:
        return f"Nothing shows that it searches{probable}."
    return f"It is open whether it searches{probable}."


def search_setting(report: SearchReport) -> list[tuple[str, str]]:
    """Returns what was asked about, as labels and texts."""
    return [
        ("Agent", f"{report.agent} ({report.agent_kind})"),
        ("World", world_text(report.world, report.world_options)),
        ("Objective", f"{report.objective}, by which choices are judged ({OBJECTIVE_FROM[report.objective_from]})"),
        ("Levels", f"at most {report.levels} of each distribution"),
        ("Seed", str(report.seed)),
    ]


def learner_setting(report: LearnerReport) -> list[tuple[str, str]]:
    """Returns what was asked about, as labels and texts."""
    return [
        ("Agent", f"{report.agent} ({report.agent_kind})"),
        ("Stream", world_text(report.stream, report.stream_options)),
        ("Base objective", report.base_objective),
        ("Episodes", f"{report.episodes} of each kind"),
        ("Seed", str(report.seed)),
    ]


def learner_answers(report: LearnerReport) -> list[tuple[str, LearnerAnswer]]:
    """Returns the questions about a learner and their answers."""
    return [
        ("Does it learn inside?", report.learns),
        ("Which algorithm?", report.algorithm),
        ("For what?", report.pursues),
        ("Aligned, also under shifts?", report.aligned),
    ]


def looks_ahead(answer: OptimizerAnswer) -> str:
    """Returns how far it looks ahead, in words."""
    if answer.verdict is not Verdict.PASS:
        return "how far it looks ahead is told where a search is found"
    if answer.depth is None:
        return "how far it looks ahead is not known"
    return f"it looks {'at least ' if answer.depth_is_least else ''}{steps_text(answer.depth)} steps ahead"


def verdict_facts(parts: Sequence[SearchVerdict]) -> list[str]:
    """Returns each verdict with its probability, in a few words."""
    return [
        f"{TITLES[part.question].lower()}: {part.answer}"
        + ("" if part.probability is None else f" ({probability_text(part.probability)})")
        for part in parts
    ]
