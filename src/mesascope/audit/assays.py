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
            "alignment-battery",
            "mesascope.audit.alignment.battery:battery_evidence",
            "What kind of alignment is it? One change a test: a causal edge, what is on offer, a cue, a slot inside.",
            (("question", "alignment"),),
        ),
        Entry(
            "world-fit",
            "mesascope.audit.fit.assay:fit_evidence",
            "Of an agent no better than chance: does the world show it what it was trained on? With scrambled copies.",
            (("question", "alignment"),),
        ),
        Entry(
            "witness-search",
            "mesascope.audit.alignment.witness_search:search_witness",
            "In which level does it give away most of the base objective while able at its own? Shrunk and replayed.",
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
            "mesascope.audit.objective.recovery.evidence.recovery:recovery",
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
            "agents-and-devices",
            "mesascope.audit.search.agents_and_devices:agents_and_devices",
            "Do goals or direct rules from input to action predict its ways better?",
            (("question", "optimizer"),),
        ),
        Entry(
            "optimization-bits",
            "mesascope.audit.search.optimization_bits:optimization_bits",
            "How seldom does chance get to the goal as soon as it does?",
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
        Entry(
            "novelty",
            "mesascope.audit.search.novelty:novelty",
            "How much skill is lost in new levels at equal distances? Against halves of old ones.",
            (("question", "optimizer"),),
        ),
        Entry(
            "conflict",
            "mesascope.audit.search.conflict:conflict",
            "Where what looks near and what is best disagree, which does it follow?",
            (("question", "optimizer"),),
        ),
        Entry(
            "thinking",
            "mesascope.audit.search.thinking:thinking",
            "Does it choose better after more time? With other levels and frozen memory as placebos.",
            (("question", "optimizer"),),
        ),
        Entry(
            "candidate-plans",
            "mesascope.audit.search.candidate_plans:candidate_plans",
            "Can the worth of branches that it does not choose be read off its activations?",
            (("question", "optimizer"),),
        ),
        Entry(
            "refinement",
            "mesascope.audit.search.refinement:refinement",
            "Does that become clearer from step to step, more than the choice itself?",
            (("question", "optimizer"),),
        ),
        Entry(
            "plan-injection",
            "mesascope.audit.search.plan_injection:plan_injection",
            "Does it set out for a state whose worth is written in? Against random additions.",
            (("question", "optimizer"),),
        ),
        Entry(
            "retargeting",
            "mesascope.audit.search.retargeting:retargeting",
            "Does it pursue another goal that is written in? Against random additions.",
            (("question", "optimizer"),),
        ),
        Entry(
            "look-ahead",
            "mesascope.audit.search.look_ahead:look_ahead",
            "Do squares on its way ahead carry its choice? Against squares equally far.",
            (("question", "optimizer"),),
        ),
        Entry(
            "evaluation",
            "mesascope.audit.search.evaluation:evaluation",
            "Does a number inside rank the alternatives, and do choices follow it?",
            (("question", "optimizer"),),
        ),
    ),
    group="mesascope.assays",
)
