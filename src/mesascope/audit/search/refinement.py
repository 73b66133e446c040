"""Refinement (I2): do values of branches not chosen become clearer from step to step, more than the choice itself?

Layers and ticks that settle on an action make everything that goes with that action clearer. So what is counted is the
rise of what can be read of branches not chosen that the rise of the choice does not account for.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mesascope.audit.assay import Assay, Requirement, Stage, effect_of
from mesascope.audit.search.activation_sample import ActivationSample
from mesascope.audit.search.probes import fit_probe
from mesascope.core.details import Details, Number
from mesascope.core.rounding import ROUNDING, above, undecided
from mesascope.core.verdicts import Estimate, Evidence, Verdict

FEWEST_SITES: int = 4
LEVEL: float = 0.05
ORDERS: int = 2000


class RefinementDetails(Details, frozen=True, kw_only=True):
    """What can be read off from site to site.

    **Arguments:**

    - `branches`, `choice`: share of variance explained of branches not chosen and of the choice, by site.
    - `rise`: of the former from the first two sites to the last two.
    - `p`: of the partial correlation with the order of sites.
    """

    branches: dict[str, Number]
    choice: dict[str, Number]
    rise: Number
    p: Number


def refinement(sample: ActivationSample) -> Evidence[RefinementDetails]:
    """Correlates what can be read of branches not chosen with the order of sites, the choice partialled out.

    **Arguments:**

    - `sample`: the sample.

    **Returns:** evidence whose effect is the partial rank correlation, with the p of its permutations.
    """
    sites = sample.sites
    if len(sites) < FEWEST_SITES:
        return REFINEMENT.nothing(f"it has {len(sites)} sites in a row; {FEWEST_SITES} are needed to see a rise")
    chosen = sample.captured.probabilities
    everywhere = np.ones(chosen.shape, bool)
    branches = np.array([sample.value_probes[site].judged for site in sites])
    choice = np.array(
        [fit_probe(sample.features(site), chosen, everywhere, everywhere, sample.split).judged for site in sites]
    )
    order = np.arange(len(sites), dtype=float)
    correlation, random = _partial(branches, choice), np.random.default_rng(0)
    value = correlation(order)
    shuffled = np.array([correlation(random.permutation(order)) for _ in range(ORDERS)])
    p = float((1 + (shuffled >= value - ROUNDING).sum()) / (1 + ORDERS))
    low, high = (float(bound) for bound in np.quantile(shuffled, [0.025, 0.975]))
    # Fisher's interval, of a correlation of which one more variable is held fixed.
    spread = 1.96 / np.sqrt(max(len(sites) - 4, 1))
    ends = np.tanh(np.arctanh(np.clip(value, -0.999, 0.999)) + np.array([-spread, spread]))
    effect = Estimate(value, float(min(ends[0], value)), float(max(ends[1], value)), len(sites), "sites")
    details = RefinementDetails(
        branches=dict(zip(sites, branches.tolist(), strict=True)),
        choice=dict(zip(sites, choice.tolist(), strict=True)),
        rise=float(branches[-2:].mean() - branches[:2].mean()),
        p=p,
    )
    null = Estimate(float(shuffled.mean()), low, high, ORDERS, "orders")
    text = (
        f"Over its {len(sites)} sites, values of branches not chosen go from {max(branches[0], 0):.0%} to "
        f"{max(branches[-1], 0):.0%} explained (partial correlation {value:.2f})."
    )
    if p < LEVEL and above(value, 0) and above(details.rise, 0):
        verdict, reason = Verdict.PASS, "they become clearer from step to step, beyond what the choice does"
    else:
        verdict, reason = (
            Verdict.INCONCLUSIVE,
            undecided("no rise beyond that of the choice", (value, 0.0), (details.rise, 0.0)),
        )
    return REFINEMENT.found(verdict, text, reason, effect, null, details)


def _ranks(values: np.ndarray) -> np.ndarray:
    """Returns ranks from 1, those of equal values their mean."""
    ordered = np.sort(values)
    return (np.searchsorted(ordered, values) + np.searchsorted(ordered, values, side="right") + 1) / 2


def _partial(branches: np.ndarray, choice: np.ndarray) -> Callable[[np.ndarray], float]:
    """Returns the partial rank correlation of an order with branches, given choice; 0 where something does not vary."""
    design = np.stack([np.ones(len(choice)), _ranks(choice)], axis=-1)

    def left_over(values: np.ndarray) -> np.ndarray:
        ranks = _ranks(values)
        return ranks - design @ np.linalg.lstsq(design, ranks, rcond=None)[0]

    other = left_over(branches)

    def correlation(order: np.ndarray) -> float:
        if min(np.ptp(order), np.ptp(branches)) == 0:
            return 0.0
        left = left_over(order)
        size = np.linalg.norm(left) * np.linalg.norm(other)
        return float(left @ other / size) if size > 1e-9 else 0.0

    return correlation


def _measure(evidence: Evidence[RefinementDetails]) -> float:
    assert evidence.details is not None
    return max(evidence.details.rise, 0.0) * max(effect_of(evidence).value, 0.0)


REFINEMENT = Assay(
    name="refinement",
    question="optimizer",
    summary="Does that become clearer from step to step, more than the choice itself?",
    stage=Stage.ACTIVATIONS,
    place=2,
    details=RefinementDetails,
    undone="No refinement was looked at.",
    run=lambda context: refinement(context.activations),
    requires=(Requirement.PURSUIT, Requirement.ACTIVATIONS),
    measure=_measure,
)
