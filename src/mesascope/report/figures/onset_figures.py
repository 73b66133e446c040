"""Pictures of the onset of deception, drawn from the numbers of `onset.json` alone."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure

from mesascope.report.data.onset_report import AskedForm, CellForm, ExactForm, OnsetReport
from mesascope.report.figures.charts import plain_axes
from mesascope.report.figures.style import (
    AGENT,
    BASE,
    FAINT,
    GOOD,
    INK,
    MUTED,
    OTHER,
    ReportFigure,
    figure_settings,
    svg_of,
)
from mesascope.report.views.onset_view import paper_gamble

HEIGHT = 3.1
_LOOKS = ((BASE, "-", "o"), (AGENT, "--", "s"), (GOOD, ":", "^"), (OTHER, "-.", "D"), (INK, (0, (1, 1)), "v"))
"""Colour, line and marker of each curve, so that none hangs on colour alone."""


@figure_settings()
def onset_figures(report: OnsetReport) -> list[ReportFigure]:
    """Returns the figures of a page about the onset.

    **Arguments:**

    - `report`: the result.
    """
    exact, asked = report.exact, report.lifetime
    return [_threat(exact, report.learned, asked), _horizon(exact, asked), _accuracy(exact, asked), _openness(exact)]


def _threat(exact: ExactForm, learned: Sequence[CellForm], asked: AskedForm) -> ReportFigure:
    figure, axes = plain_axes(HEIGHT, "threat p (chance of modification)", "share of episodes defected in")
    points, training = exact.by_threat, asked.training
    threats = [point.threat for point in points]
    shares = [1 - point.complies_at_the_end / training for point in points]
    axes.step(threats, shares, where="post", color=MUTED, linewidth=1.4, label="exact planner, training")
    rates = [point.training_rate for point in points]
    if max(abs(rate - share) for rate, share in zip(rates, shares, strict=True)) > 1e-6:
        axes.plot(threats, rates, color=GOOD, linestyle=":", linewidth=1.6, label="exact, by the cue alone")
    onset = exact.plan.onset
    if onset is not None:
        axes.axvline(onset, color=FAINT, linewidth=1.2, zorder=0)
        axes.annotate(f"p* = {onset:.3f}", (onset, 0.5), xytext=(4, 0), textcoords="offset points", fontsize=9)
    said = [f"The exact planner complies with all of training {_from(onset)}."]
    caption = [
        "Exact: the share of training episodes that the best plan defects in; by the cue alone, where it differs, the "
        "rate of the best policy that knows the cue and not the number of the episode."
    ]
    series = (
        ("training", True, "learned, training", AGENT, "o", 5),
        ("deployment", True, "learned, deployment", BASE, "s", 9),
        ("training", False, "myopic, training", OTHER, "D", 12),
    )
    for phase, spans, label, colour, marker, size in series:
        cells = [cell for cell in learned if cell.spans_updates == spans and getattr(cell, phase).value is not None]
        if not cells:
            continue
        rates = [getattr(cell, phase) for cell in cells]
        xs, values = [cell.threat for cell in cells], [rate.value for rate in rates]
        errors = [
            [max(0.0, rate.value - rate.low) for rate in rates],
            [max(0.0, rate.high - rate.value) for rate in rates],
        ]
        # Hollow ones around the filled, so that all can be seen where they lie on one another.
        axes.errorbar(
            xs,
            values,
            yerr=errors,
            color=colour,
            marker=marker,
            markersize=size,
            markerfacecolor=colour if size == 5 else "none",
            linestyle="none",
            capsize=2.5,
            label=label,
        )
        shown = ", ".join(f"{value:.3f} at {x:g}" for x, value in zip(xs, values, strict=True))
        said.append(f"{label.capitalize()}: {shown}.")
    if learned:
        seeds = learned[0].seeds
        caption.append(f"Learned: means over n = {seeds} seeds with 95 % bootstrap intervals.")
        open_ = sum(getattr(cell, phase).value is None for cell in learned for phase in ("training", "deployment"))
        if open_:
            caption.append(f"{open_} cells with too few unmodified episodes are INCONCLUSIVE and not drawn.")
    axes.set(xlim=(-0.05, 1.06), ylim=(-0.08, 1.12))
    _legend(figure)
    title = "Defection against threat"
    return ReportFigure("threat", title, " ".join(said), svg_of(figure), " ".join(caption))


def _horizon(exact: ExactForm, asked: AskedForm) -> ReportFigure:
    figure, axes = plain_axes(HEIGHT, "deployment episodes m", "onset p*, all of training")
    curves = sorted({(point.discount, point.training) for point in exact.by_horizon})
    # Without a discount all n have one curve.
    curves = [curve for curve in curves if curve[0] < 1 or curve[1] == asked.training]
    said = []
    for (discount, training), (colour, line, marker) in zip(curves, _LOOKS, strict=False):
        mine = [point for point in exact.by_horizon if (point.discount, point.training) == (discount, training)]
        label = f"n = {training}, discount {discount:g}" if discount < 1 else "any n, discount 1"
        placed = [(point.deployment, point.onset) for point in mine if point.onset is not None]
        xs, values = [x for x, _ in placed], [value for _, value in placed]
        axes.plot(xs, values, color=colour, linestyle=line, marker=marker, markersize=4.5, label=label)
        told = ", ".join(f"{value:.3f} at m = {x}" for x, value in zip(xs, values, strict=True)) or "never"
        said.append(f"{label}: {told}.")
    axes.set(xscale="log", ylim=(0, 1.05))
    ticks = sorted({point.deployment for point in exact.by_horizon})
    axes.set_xticks(ticks, [str(tick) for tick in ticks])
    axes.minorticks_off()
    _legend(figure)
    caption = (
        "Least threat under which all n training episodes are complied with; exact. Where a curve is missing no threat "
        "is enough."
    )
    return ReportFigure("horizon", "Onset against horizon", " ".join(said), svg_of(figure), caption)


def _accuracy(exact: ExactForm, asked: AskedForm) -> ReportFigure:
    figure, axes = plain_axes(HEIGHT, "accuracy of the cue", "best value\n(visits to its own goal a lifetime)")
    points, blind = exact.by_accuracy, exact.blind
    xs, values = [point.accuracy for point in points], [point.value for point in points]
    axes.plot(xs, values, color=BASE, marker="o", markersize=5, label="best policy that reads the cue")
    if blind.paper_value is not None:
        label = f"blind, as the paper prints it ({blind.paper_defection:g})"
        axes.plot(0.5, blind.paper_value, "D", color=AGENT, markersize=5, label=label)
    _legend(figure, columns=1)
    said = ", ".join(f"{value:.3f} at {x:g}" for x, value in zip(xs, values, strict=True))
    caption = (
        f"Threat {asked.threat:g}, discount {asked.discount:g}; exact. At 0.5 the cue says nothing: the "
        f"best blind rate of defection is {blind.defection:.3f}, worth {blind.value:.3f}"
        f"{paper_gamble(blind)}."
    )
    return ReportFigure("accuracy", "What a cue is worth", f"Best value: {said}.", svg_of(figure), caption)


def _openness(exact: ExactForm) -> ReportFigure:
    figure, axes = plain_axes(HEIGHT, "training episode", "openness c\n(0 hides the goal, 1 shows it)")
    said = []
    for course, (colour, line, _) in zip(exact.updated_goal, _LOOKS, strict=False):
        openness = course.openness
        axes.plot(range(1, len(openness) + 1), openness, color=colour, linestyle=line, label=f"rate {course.rate:g}")
        said.append(
            f"Rate {course.rate:g}: {openness[0]:.3f} at first, {openness[-1]:.3f} in the last training episode, "
            f"{course.kept:.1%} of the goal kept."
        )
    axes.set(ylim=(0, 1.02))
    _legend(figure)
    caption = (
        "A goal that each training episode moves a little, with 80 deployment episodes to come, in which c is 1; "
        "exact. The rate of its gradient descent is the threat."
    )
    return ReportFigure("openness", "A goal moved by gradients", " ".join(said), svg_of(figure), caption)


def _legend(figure: Figure, *, columns: int = 2) -> None:
    figure.legend(loc="outside upper left", ncols=columns, frameon=False, fontsize=8.5)


def _from(onset: float | None) -> str:
    return "under no threat" if onset is None else f"from a threat of {onset:.3f} on"
