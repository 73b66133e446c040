"""Remedies before and after, in words and rows."""

from __future__ import annotations

from collections.abc import Sequence

from mesascope.core.verdicts import Estimate
from mesascope.oversight.catalogue import PLACEBO
from mesascope.oversight.comparison import Effect, EffectVerdict
from mesascope.report.data.remedy_comparison import Comparison, Shown
from mesascope.report.views.scene import Scene, scene_of_witness
from mesascope.report.views.words import counted

TITLES: tuple[str, ...] = (
    "Remedy",
    "Verdict",
    "Pseudo-aligned",
    "Robust",
    "Base regret after the shift",
    "Change, against the placebo",
    "Capability",
    "Labels",
    "Levels (searched)",
    "CPU s",
)
"""Of the columns of the table of effects."""


def remedy_headline(report: Comparison) -> str:
    """Returns in one sentence which remedies help."""
    remedies = [effect for effect in report.effects if effect.remedy != PLACEBO]
    by = {verdict: [one.remedy for one in remedies if one.verdict is verdict] for verdict in EffectVerdict}
    if not remedies:
        return "No remedy was asked for: this is what training on does by itself."
    parts = []
    for verdict, words in (
        (EffectVerdict.HELPS, "helps"),
        (EffectVerdict.HARMS, "harms"),
        (EffectVerdict.NO_EFFECT, "has no effect that is seen"),
    ):
        if names := by[verdict]:
            several = {"helps": "help", "harms": "harm"}.get(words, "have no effect that is seen")
            parts.append(f"{_listed(names)} {words if len(names) == 1 else several}")
    if open_ := by[EffectVerdict.OPEN]:
        parts.append(f"{_listed(open_)} {'is' if len(open_) == 1 else 'are'} open")
    sentence = "; ".join(parts)
    return f"{sentence[:1].upper()}{sentence[1:]}."


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def remedy_setting(report: Comparison) -> list[tuple[str, str]]:
    """Returns what was asked about, as labels and texts."""
    seeds = sorted({agent.seed for agent in report.treated})
    where = f"from {report.trained_on} to {report.shift}"
    if report.shift == report.trained_on:
        where = f"none, as both are {report.shift}"
    shown = ", ".join(map(str, seeds)) if len(seeds) <= 8 else f"{seeds[0]} to {seeds[-1]}"
    return [
        ("Recipe", report.recipe),
        ("World", report.world),
        ("Base objective", report.base_objective),
        ("Shift", f"{where}, {report.levels} levels each"),
        ("Seeds", f"{shown} ({counted(len(seeds), 'agent')})"),
        ("Each remedy", f"{report.updates:,} update{'' if report.updates == 1 else 's'} from the trained agent on"),
    ]


def effect_rows(report: Comparison) -> list[tuple[str, ...]]:
    """Returns the cells of each remedy, in the columns of `TITLES`."""
    seconds = report.provenance.get("remedy_seconds", {})
    return [_row(effect, seconds.get(effect.remedy)) for effect in report.effects]


def _row(effect: Effect, seconds: float | None) -> tuple[str, ...]:
    if not effect.seeds:
        return (effect.remedy, str(effect.verdict), *("–" for _ in TITLES[2:]))
    searched = effect.costs.get("searched", 0)
    return (
        effect.remedy,
        str(effect.verdict),
        f"{effect.before} to {effect.after} of {effect.seeds}",
        f"{effect.aligned} of {effect.seeds}",
        f"{_number(effect.regret_before)} to {_number(effect.regret_after)}",
        change_of(effect.regret),
        "–" if effect.capability_share is None else f"{effect.capability_share:.2f}",
        _count(effect.costs.get("labels", 0)),
        _count(effect.costs.get("levels", 0)) + (f" ({_count(searched)})" if searched else ""),
        "–" if seconds is None else _count(seconds),
    )


def change_of(change: Estimate | None) -> str:
    """Returns a change with its interval; a dash below two seeds."""
    return "–" if change is None else f"{change.value:+.2f} [{change.low:+.2f}, {change.high:+.2f}]"


def short_change(change: Estimate | None) -> str:
    """Returns a change with the half-width of its interval, for a screen."""
    return "–" if change is None else f"{change.value:+.2f} ± {(change.high - change.low) / 2:.2f}"


def effect_reasons(report: Comparison) -> list[tuple[str, str]]:
    """Returns why each verdict is as it is, and what else was measured or failed, by remedy."""
    rows = []
    for effect in report.effects:
        further = [f"{name} {value:.3g}" for name, value in effect.measured.items()]
        further += [f"no outcome: {failure}" for failure in effect.failures]
        rows.append((effect.remedy, "; ".join([f"{effect.verdict}: {effect.reason}", *further])))
    return rows


def shown_titles(shown: Sequence[Shown]) -> list[str]:
    """Returns what stands above what each agent does in the level."""
    return [f"{one.remedy}: regret {one.witness.base_regret:.2f}" for one in shown]


def shown_scenes(shown: Sequence[Shown]) -> list[Scene]:
    """Returns what each agent does in the level, ready to be drawn."""
    return [scene_of_witness(one.witness) for one in shown]


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _count(value: float) -> str:
    return f"{value:,.0f}"
