"""Is there one objective at all? What a fit to several environments leaves, against what chance would leave."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from mesascope.audit.objective.recovery.fit.chance import Chance
from mesascope.audit.objective.recovery.fit.inversion import Inversion
from mesascope.core.rounding import above, below, undecided
from mesascope.core.verdicts import Verdict

LEVEL: float = 0.05
"""Share of agents with one objective that the test rejects by chance."""

INCOHERENT: float = 1e-6
"""Exact probabilities of one soft-optimal agent leave less than this share of their logarithms."""

FEW: int = 5
"""With fewer degrees of freedom than this, agreement means little."""

MUCH, LITTLE = 0.5, 0.2
"""Shares of the choices' structure from which a fit speaks for an objective, and below which against any."""

CANNOT_SEE: str = (
    "A wrong discount or slightly wrong dynamics can leave a perfect fit: see the sensitivity of the objective to both."
)


@dataclass(frozen=True)
class Coherence:
    """Whether one objective explains the behaviour in all environments.

    **Arguments:**

    - `statistic`: chi-square of the residuals; for exact probabilities their relative size; of a fit to choices the
      share of their structure that it explains.
    - `degrees_of_freedom`: equations less unknowns.
    - `p`: probability of a larger statistic for an agent with one objective; `None` where probabilities are exact.
    - `verdict`: PASS: one objective; FAIL: none; INCONCLUSIVE with its reason.
    """

    statistic: float
    degrees_of_freedom: int
    p: float | None
    verdict: Verdict
    reason: str


def at_random(chance: Chance) -> Coherence | None:
    """Returns that nothing is pursued that could be told from chance or a habit; `None` if something is."""
    if chance.told:
        return None
    reason = f"it pursues nothing that can be told from chance or a habit: {chance.reason}"
    return Coherence(0.0, 0, None, Verdict.INCONCLUSIVE, reason)


def coherence(inversion: Inversion) -> Coherence:
    """Tests whether the observed policies are soft-optimal for one objective.

    The residual of weighted least squares on observed frequencies is chi-square distributed if they are, because
    weights are inverse variances.

    **Arguments:**

    - `inversion`: of all environments together.
    """
    posterior = inversion.posterior
    freedom = posterior.degrees_of_freedom
    if freedom == 0:
        reason = "any behaviour in these environments fits some objective: there are as many unknowns as equations"
        return Coherence(0.0, 0, None, Verdict.INCONCLUSIVE, reason)
    warning = f"; only {freedom} degrees of freedom, so agreement means little" if freedom < FEW else ""
    if posterior.exact:
        statistic = inversion.relative_residual
        if statistic > INCOHERENT:
            reason = f"no objective explains the choices in all environments: {statistic:.2g} of them is left"
            return Coherence(statistic, freedom, None, Verdict.FAIL, reason)
        return Coherence(
            statistic, freedom, None, Verdict.PASS, f"one objective explains every choice{warning}. {CANNOT_SEE}"
        )
    p = float(special.chdtrc(freedom, posterior.residual))
    statistic = posterior.residual
    if not np.isfinite(statistic):
        return Coherence(0.0, freedom, None, Verdict.INCONCLUSIVE, "the residual is not finite")
    if p < LEVEL:
        reason = f"no objective explains the choices in all environments (chi-square {statistic:.1f}, p {p:.2g})"
        return Coherence(statistic, freedom, p, Verdict.FAIL, reason)
    return Coherence(statistic, freedom, p, Verdict.PASS, f"one objective explains the choices{warning}. {CANNOT_SEE}")


def explained(share: float, chance: Chance) -> Coherence:
    """Returns whether a fit to choices speaks for one objective: by the share of their structure that it explains.

    **Arguments:**

    - `share`: of what there is to explain.
    - `chance`: whether there is anything.
    """
    if nothing := at_random(chance):
        return nothing
    text = f"weights of attributes explain {share:.0%} of the structure of its choices"
    if above(share, MUCH):
        return Coherence(share, chance.units, None, Verdict.PASS, f"{text}. {CANNOT_SEE}")
    if below(share, LITTLE):
        reason = f"{text}: it pursues something that is not listed, or plans otherwise"
        return Coherence(share, chance.units, None, Verdict.FAIL, reason)
    reason = undecided(f"{text}: too little to speak of one objective", (share, MUCH), (share, LITTLE))
    return Coherence(share, chance.units, None, Verdict.INCONCLUSIVE, reason)
