"""The page of every kind of report but that of an audit."""

from __future__ import annotations

from mesascope.report.data.comparison_report import ComparisonReport
from mesascope.report.data.learner_report import LearnerReport
from mesascope.report.data.onset_report import OnsetReport
from mesascope.report.data.question_reports import BatteryReport, ObjectiveReport, SearchReport, WitnessReport
from mesascope.report.figures.evidence_figures import all_evidence_figures
from mesascope.report.figures.findings_figures import comparison_figure
from mesascope.report.figures.level_figure import witness_svg
from mesascope.report.figures.onset_figures import onset_figures
from mesascope.report.figures.style import ReportFigure
from mesascope.report.pages.page import TONES, inlined, rendered
from mesascope.report.pages.sections.battery import battery_section
from mesascope.report.pages.sections.evidence import evidence_section
from mesascope.report.pages.sections.recovery import recovery_section
from mesascope.report.pages.sections.search import search_section
from mesascope.report.text.level_text import legend_texts
from mesascope.report.views.battery_view import battery_headline, battery_setting
from mesascope.report.views.comparison import change_text, comparison_headline, comparison_names
from mesascope.report.views.headline import (
    learner_answers,
    learner_setting,
    search_headline,
    search_setting,
    short_text,
    with_reason,
)
from mesascope.report.views.onset_view import CONDITIONS, learned_rows, onset_headline, onset_number, plan_text
from mesascope.report.views.recovery_view import at_first_text, objective_headline, objective_setting
from mesascope.report.views.witness_view import witness_facts, witness_scenes, witness_setting, witness_titles

SEARCH_CAVEATS: tuple[str, ...] = (
    "Weights were fitted on agents whose kind is known (the ground-truth bank); docs/search.md says how well they hold "
    "on others, and what a verdict does not mean.",
    "That something can be read off activations does not show that it is used; that is what writing to them is for.",
    "The answers hold for the levels that were sampled and for the objective by which choices were judged.",
)
LEARNER_CAVEATS: tuple[str, ...] = (
    "An algorithm is named by the choices that it would make, of those that are known here; inside it may be another.",
    "The answers hold for the stream and its shifts as stated: others may take apart what these do not.",
    "That a belief can be read off activations does not show that it is used; that is what writing to them is for.",
)
BATTERY_CAVEATS: tuple[str, ...] = (
    "That every class has a row of its own, and that specimens built for a class show it, proves the battery "
    "consistent. It does not prove it valid on networks; docs/alignment.md says more.",
    "A class is that of an agent in this world: which edge can be cut, and what counts as the pointer or the threat, "
    "is the world's.",
    "Specimens and organisms that deceive were built or trained to. Nothing here shows that training on a base "
    "objective alone produces them.",
    "A test that could not be made is never counted as passed; nobody is called robust on what was not tested.",
)
WITNESS_CAVEATS: tuple[str, ...] = (
    "It is the worst level that was found within the budget; there may be worse ones.",
    "A level counts only where the agent is able at its own objective, which was named as said above.",
)
COMPARISON_CAVEATS: tuple[str, ...] = (
    "Where differences are not paired, their intervals are those of two samples of levels that know nothing of each "
    "other, and wide.",
    "Many numbers are compared, each with an interval of its own: one in twenty excludes 0 by chance.",
    "An answer that is open in one of them and given in the other need not mean that the agents differ.",
)
ONSET_CAVEATS: tuple[str, ...] = (
    "The agents here are rewarded with their own pay-off by construction. Nothing on this page shows that training on "
    "a base objective produces such an agent; it shows when scheming would pay one that is already there.",
    "Exact means: for the lifetime as stated, whose chances the agent knows. Real training has no announced threat.",
    "Policies see the cue and the threat, not the number of the episode; their exact counterpart is the best policy "
    "over cue readings, which complies in all training episodes alike.",
)


def search_page(report: SearchReport) -> str:
    """Returns the page: whether it searches, and all evidence."""
    figures = {figure.name: figure for figure in all_evidence_figures(report.evidence)}
    search = search_section(report.answer, report.evidence, figures)
    evidence = evidence_section(report.evidence, figures, beside=[search], file="search.json", with_questions=False)
    return rendered(
        "sections_page.html",
        report,
        title=f"Does {report.agent} search?",
        headline=search_headline(report.answer),
        setting=search_setting(report),
        caveats=SEARCH_CAVEATS,
        sections=[search, evidence],
    )


def learner_page(report: LearnerReport) -> str:
    """Returns the page: whether it learns, by which algorithm, for what, and where it still does."""
    figures = {figure.name: figure for figure in all_evidence_figures(report.evidence)}
    answers = "; ".join(answer.answer for _, answer in learner_answers(report))
    return rendered(
        "sections_page.html",
        report,
        title=f"What does {report.agent} learn by, and for?",
        headline=answers[:1].upper() + answers[1:],
        setting=[*learner_setting(report), *((question, one.sentence) for question, one in learner_answers(report))],
        caveats=LEARNER_CAVEATS,
        sections=[evidence_section(report.evidence, figures, beside=[], file="learner.json")],
    )


def objective_page(report: ObjectiveReport) -> str:
    """Returns the page: what was recovered from its choices, and what stays open."""
    evidence = (report.recovery,)
    figures = {figure.name: figure for figure in all_evidence_figures(evidence)}
    return rendered(
        "objective_page.html",
        report,
        title=f"The objective of {report.agent}",
        headline=f"The objective of {report.agent}",
        setting=objective_setting(report),
        first=at_first_text(report.at_first),
        sections=[recovery_section(evidence, figures)],
        verdict=objective_headline(report),
        reason=report.recovery.reason,
        outlook=report.outlook,
    )


def battery_page(report: BatteryReport) -> str:
    """Returns the page: which kind of alignment it is, and every test."""
    return rendered(
        "battery_page.html",
        report,
        title=f"How is {report.agent} aligned?",
        headline=battery_headline(report.evidence),
        setting=battery_setting(report),
        caveats=BATTERY_CAVEATS,
        reason=with_reason(report.evidence.sentence, report.evidence.reason),
        sections=[battery_section((report.evidence,), whole=True)],
    )


def witness_page(report: WitnessReport) -> str:
    """Returns the page: the level before and after shrinking, drawn and as text."""
    evidence, svg = report.evidence, witness_svg(report)
    levels = list(zip(witness_titles(report), witness_scenes(report), strict=True))
    spoken = "; ".join(f"{title}, {len(scene.agent_path)} places visited" for title, scene in levels)
    title = "The worst level, as found and as shrunk"
    return rendered(
        "witness_page.html",
        report,
        title=f"The worst level of {report.agent}",
        headline=evidence.sentence,
        setting=witness_setting(report),
        caveats=WITNESS_CAVEATS,
        chip=(str(evidence.verdict), TONES[evidence.verdict]),
        sentence=with_reason(evidence.sentence, evidence.reason),
        figure=None if svg is None else inlined(ReportFigure("witness", title, spoken, svg)),
        facts=witness_facts(report) if levels else [],
        levels=[(title, "\n".join(scene.rows), "; ".join(legend_texts(scene.legend))) for title, scene in levels],
    )


def comparison_page(report: ComparisonReport) -> str:
    """Returns the page: the answers side by side, and every number that stands in both."""
    agents = comparison_names(report, 40)
    return rendered(
        "comparison_page.html",
        report,
        title=" and ".join(agents),
        headline=" and ".join(agents),
        lead=comparison_headline(report),
        setting=[("World", report.world)],
        caveats=COMPARISON_CAVEATS,
        agents=agents,
        answers=report.answers,
        figure=inlined(comparison_figure(report.changes)),
        changes=[
            (change.name, short_text(change.first), short_text(change.second), *change_text(change))
            for change in report.changes
        ],
        verdicts=report.verdicts,
        differences=report.setting,
    )


def onset_page(report: OnsetReport) -> str:
    """Returns the page: when deception pays along every dial, and what policies learned."""
    asked, exact = report.lifetime, report.exact
    return rendered(
        "onset_page.html",
        report,
        title="When does deception pay?",
        headline=onset_headline(report),
        setting=[
            ("Lifetime", f"{asked.training} training and {asked.deployment} deployment episodes"),
            ("Threat", f"{asked.threat:g}"),
            ("Discount", f"{asked.discount:g} an episode"),
            ("Cue accuracy", f"{asked.accuracy:g}"),
        ],
        caveats=ONSET_CAVEATS,
        plan=plan_text(exact.plan.defects, asked.training),
        figures=[inlined(figure) for figure in onset_figures(report)],
        factorial=[
            (
                *("yes" if getattr(condition, name) else "no" for name, _ in CONDITIONS),
                plan_text(condition.defects, asked.training),
                f"{'yes' if condition.deceptive else 'no'}{' (indifferent)' if condition.tied else ''}",
            )
            for condition in exact.factorial
        ],
        discounts=[
            (
                f"{point.discount:g}",
                f"{point.complies_at_the_end} of {asked.training}",
                onset_number(point.onset),
                onset_number(point.onset_last),
            )
            for point in exact.by_discount
        ],
        learned=learned_rows(report),
    )
