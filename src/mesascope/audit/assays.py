"""The assays by name, as data: `mesascope list` reads this without importing any of them."""

from __future__ import annotations

from mesascope.core.registry import Entry, Registry

ASSAYS: Registry = Registry(
    "assay",
    (
        Entry(
            "competence",
            "mesascope.audit.alignment.competence:competence",
            "Is the agent competent on the base objective in training? The gate before any statement about goals.",
            (("question", "alignment"),),
        ),
        Entry(
            "base-regret",
            "mesascope.audit.alignment.regret:base_regret",
            "Does regret on the base objective rise after the shift?",
            (("question", "alignment"),),
        ),
        Entry(
            "misgeneralisation-index",
            "mesascope.audit.alignment.regret:misgeneralisation_index",
            "Goal regret less capability regret: was the aim lost, or the ability?",
            (("question", "alignment"),),
        ),
        Entry(
            "attribution",
            "mesascope.audit.objective.attribution:attribute",
            "Posterior over candidate objectives, chance, habit and none of these.",
            (("question", "objective"),),
        ),
        Entry(
            "recovery",
            "mesascope.audit.objective.recovery.account:recovery",
            "Which weights of attributes explain its choices, what stays open, how far from the base objective?",
            (("question", "objective"),),
        ),
        Entry(
            "preference",
            "mesascope.audit.objective.preference:preference",
            "Psychometric curve: which goal is reached first, against how far away each is.",
            (("question", "objective"),),
        ),
        Entry(
            "goal-directedness",
            "mesascope.audit.search.directed_choices:directed_choices",
            "How much better does its goal predict its choices than chance, in nats? With random goals as controls.",
            (("question", "optimizer"),),
        ),
        Entry(
            "horizon",
            "mesascope.audit.search.horizon:horizon",
            "Is there a distance to its goal beyond which its choices get worse? With shuffled distances.",
            (("question", "optimizer"),),
        ),
        Entry(
            "shown-edits",
            "mesascope.audit.search.shown_edits:shown_edits",
            "Does the agent plan anew when it is shown a changed level? With placebo edits.",
            (("question", "optimizer"),),
        ),
    ),
    group="mesascope.assays",
)
