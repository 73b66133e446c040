"""Remedies before and after, for a terminal."""

from __future__ import annotations

from mesascope.oversight.comparison import Effect
from mesascope.report.data.remedy_comparison import Comparison
from mesascope.report.text.level_text import beside, draw_text, glyphs_for, key_of
from mesascope.report.text.lines import bearable, labelled, table_lines, wrapped
from mesascope.report.views.remedy_view import (
    effect_reasons,
    effect_rows,
    remedy_headline,
    remedy_setting,
    short_change,
    shown_scenes,
    shown_titles,
)

SHORT_TITLES: tuple[str, ...] = ("", "pseudo", "robust", "regret", "change", "able", "labels", "levels")
"""Of the columns that a screen has room for; verdicts stand before their reasons."""
_MOST_DRAWN: int = 2
_INDENT: int = 22


def remedy_text(report: Comparison, *, width: int = 100, encoding: str = "utf-8") -> str:
    """Returns one screen: which remedies help, by how much, at what price, and what happens in the level.

    **Arguments:**

    - `report`: the comparison.
    - `width`: columns.
    - `encoding`: of the terminal, by which characters are chosen that it can show.
    """
    width = bearable(width)
    lines = [*wrapped(remedy_headline(report), width), ""]
    lines += wrapped("; ".join(f"{label.lower()} {value}" for label, value in remedy_setting(report)), width)
    rows = [_short(effect, row) for effect, row in zip(report.effects, effect_rows(report), strict=True)]
    lines += ["", *table_lines(SHORT_TITLES, rows, width), ""]
    for remedy, reason in effect_reasons(report):
        lines += labelled(remedy, reason, width, max(_INDENT, len(remedy) + 2))
    note = (
        "Pseudo: pseudo-aligned before and after the remedy; robust: stated to be so after it. Regret: on the base "
        "objective after the shift, under the remedy (0 optimal, 1 chance). Changes are "
        "against the placebo, paired by seed; intervals hold together for all remedies. Able: share of the placebo's "
        "capability in training. The placebo's own are against the agents before it."
    )
    lines += ["", *wrapped(note, width)]
    scenes = shown_scenes(report.shown)
    if scenes and all(scene.is_grid for scene in scenes):
        glyphs = glyphs_for(encoding)
        # What it did before, and what it does under the remedy that was named last.
        some = [0, len(scenes) - 1][:_MOST_DRAWN] if len(scenes) > 1 else [0]
        titles = shown_titles(report.shown)
        blocks = [[titles[place], *draw_text(scenes[place], "agent", glyphs)] for place in some]
        keys = dict.fromkeys(
            text for place, block in zip(some, blocks, strict=True) for text in key_of(scenes[place], block[1:])
        )
        keys |= dict.fromkeys([f"{glyphs.start} start", f"{glyphs.base_goal} {report.base_objective}"])
        lines += ["", "The level in which the first of them came apart, then and now", ""]
        lines += [*beside(blocks, width, gap=5), "", *wrapped(glyphs.separator.join(keys), width)]
    return "\n".join(line.rstrip() for line in lines)


def _short(effect: Effect, row: tuple[str, ...]) -> list[str]:
    name, _, pseudo, robust, regret, _, able, labels, levels, _ = row
    return [
        name,
        pseudo,
        robust.partition(" ")[0],
        regret.rpartition(" ")[2],
        short_change(effect.regret),
        able,
        labels,
        levels,
    ]
