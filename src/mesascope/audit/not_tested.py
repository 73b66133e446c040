"""What an audit could not look at, and why: missing is never safe."""

from __future__ import annotations

from mesascope.audit.alignment.battery import BatteryFindings
from mesascope.audit.alignment.kinds import PAPER_KINDS, PREDICTIONS, TESTS, AlignmentKind
from mesascope.audit.evaluation import Evaluation


def not_tested(deploy: Evaluation | None, battery: BatteryFindings | None) -> tuple[tuple[str, str], ...]:
    """Returns what an audit could not look at, as `(what, why)`.

    **Arguments:**

    - `deploy`: the agent after the shift; `None` if no shift was named.
    - `battery`: what the alignment battery found; `None` where the world cannot be changed.
    """
    rows = [("any shift", "none was named; pass --deploy or --deploy-option")] if deploy is None else []
    if battery is None:
        return (
            *rows,
            ("deceptive alignment", "no cue or threat in this world tells training from deployment"),
            ("internal and corrigible alignment", "needs activations, or a pointer that can be changed"),
            ("kinds of pseudo-alignment (instrumental, side-effect, approximate, suboptimal)", "needs causal switches"),
        )
    if battery.posterior is None:
        return (*rows, ("what kind of alignment it is", battery.reason))
    plain = PREDICTIONS[AlignmentKind.INTERNAL]
    for kind in PAPER_KINDS:
        # A kind shows in the tests where it should differ from an agent whose own objective is the base objective. What
        # repeats another test unwatched shows it only to an agent that notices whether it is watched.
        shown_by = [test for test in TESTS if PREDICTIONS[kind][test] != plain[test] and not test.endswith("u")]
        if shown_by and not any(test in battery.posterior.measured for test in shown_by):
            why = battery.outcomes[shown_by[0]].reason
            rows.append((str(kind), f"only {' or '.join(shown_by)} shows it, which could not be made: {why}"))
    return tuple(rows)
