"""Evaluation (I6): is there a number inside that ranks the alternatives considered, and do choices follow it?

Two halves. Of states near by on branches that it does not choose, the probe must rank the better above the worse, more
often than the probe of the raw observation does. And writing into one of them that it is worth more must draw choices.
"""

from __future__ import annotations

import numpy as np

from mesascope.audit.assay import Assay, Requirement, Stage, effect_of
from mesascope.audit.search.activation_sample import ActivationSample
from mesascope.audit.search.writing import write_worth
from mesascope.core.details import Details, Number
from mesascope.core.intervals import bootstrap_mean
from mesascope.core.rounding import above, below, undecided
from mesascope.core.verdicts import Evidence, Verdict

NEAR: int = 3
"""Alternatives are states on branches not chosen, at most so many steps from here."""

REMOTE: int = 6
"""States further away than this are not considered now."""

DIFFERENT: float = 1e-6
FEWEST: int = 20


class EvaluationDetails(Details, frozen=True, kw_only=True):
    """Ranking, and what it moves.

    **Arguments:**

    - `ranked`, `observation`: share of pairs ranked right by what is inside and by the observation.
    - `moved`: choices drawn by writing into an alternative; `None` if none could be written to.
    - `site`: that was read.
    """

    ranked: Number
    observation: Number
    moved: Number | None
    site: str


def evaluation(sample: ActivationSample) -> Evidence[EvaluationDetails]:
    """Ranks alternatives by what can be read off activations, then writes into one of them.

    **Arguments:**

    - `sample`: the sample.

    **Returns:** evidence whose effect is the share of pairs of alternatives not chosen that are ranked right, more than
    by the observation's probe; its null is the same of states far from here.
    """
    away = sample.away
    near = sample.branches & (away >= 1) & (away <= NEAR)
    probe = sample.value_probes[sample.best_site]
    own = probe.predict(sample.features(sample.best_site))
    raw = sample.observation_probe.predict(sample.seen.reshape(len(sample.seen), -1))
    right, rival = _ranked(sample, own, near), _ranked(sample, raw, near)
    both = np.isfinite(right) & sample.split.judge
    if len(np.unique(sample.level[both])) < FEWEST:
        return EVALUATION.nothing(f"fewer than {FEWEST} levels hold two alternatives of different worth")
    excess = bootstrap_mean((right - rival)[both], clusters=sample.level[both])
    ranked = bootstrap_mean(right[both], clusters=sample.level[both])
    remote = sample.branches & (away > REMOTE)
    beyond = (_ranked(sample, own, remote) - _ranked(sample, raw, remote))[sample.split.judge]
    beyond_level = sample.level[sample.split.judge][np.isfinite(beyond)]
    placebo = None
    if len(np.unique(beyond_level)) >= FEWEST:
        placebo = bootstrap_mean(beyond[np.isfinite(beyond)], clusters=beyond_level)
    # How many more choices go to an alternative after it was written to than after random additions.
    written = write_worth(sample, near, named="alternatives")
    moved = None if written is None else written.difference
    details = EvaluationDetails(
        ranked=ranked.value,
        observation=float(rival[both].mean()),
        moved=None if moved is None else moved.value,
        site=sample.best_site,
    )
    follows = "it could not be written to" if moved is None else f"writing to one draws {moved.value:+.0%} of choices"
    text = (
        f"It ranks alternatives that it does not choose right in {ranked.value:.0%} of pairs (observation "
        f"{details.observation:.0%}); {follows}."
    )
    if above(excess.low, 0) and moved is not None and above(moved.low, 0.05):
        verdict, reason = Verdict.PASS, "a number inside ranks what it considers, and its choices follow it"
    elif below(excess.high, 0.02) or (moved is not None and below(moved.high, 0.05)):
        verdict, reason = Verdict.FAIL, "no number that ranks alternatives moves its choices"
    else:
        pairs = [(excess.low, 0.0), (excess.high, 0.02)]
        pairs += [] if moved is None else [(moved.low, 0.05), (moved.high, 0.05)]
        verdict, reason = Verdict.INCONCLUSIVE, undecided("ranking and moving do not both show", *pairs)
    return EVALUATION.found(verdict, text, reason, excess, placebo, details)


def _ranked(sample: ActivationSample, predicted: np.ndarray, counted: np.ndarray) -> np.ndarray:
    """Returns for each row the share of pairs of counted states ranked as their values are; NaN without one."""
    shares = np.full(len(predicted), np.nan)
    for row in np.flatnonzero(counted.sum(-1) >= 2):
        true, read = sample.values[row][counted[row]], predicted[row][counted[row]]
        pair = true[:, None] - true[None, :] > DIFFERENT
        if pair.any():
            shares[row] = (read[:, None] > read[None, :])[pair].mean()
    return shares


def _measure(evidence: Evidence[EvaluationDetails]) -> float:
    assert evidence.details is not None
    # Ranking that moves nothing, and moving without ranking, are no evaluation.
    return min(max(effect_of(evidence).value, 0.0), max(evidence.details.moved or 0.0, 0.0))


EVALUATION = Assay(
    name="evaluation",
    question="optimizer",
    summary="Does a number inside rank the alternatives, and do choices follow it?",
    stage=Stage.ACTIVATIONS,
    place=6,
    details=EvaluationDetails,
    undone="No alternatives were compared.",
    run=lambda context: evaluation(context.activations),
    requires=(Requirement.PURSUIT, Requirement.ACTIVATIONS),
    measure=_measure,
)
