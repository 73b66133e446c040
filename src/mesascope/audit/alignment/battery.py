"""The alignment battery: every test, the table of what was found, and the kind of alignment that it speaks for.

In an agent that looks aligned in training, each test changes an edge of the causal graph, what is on offer, what the
agent is told, or a slot inside it. A class is a row of what all of them should find (RFLO §3.1, §4). Who can be asked
everywhere is asked about the same menus under each flag, too, which shows what it does in one choice of a hundred.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mesascope.agents.agent import Agent
from mesascope.audit.alignment.battery_levels import LEVELS, BatteryLevels, make_battery_levels
from mesascope.audit.alignment.battery_outcomes import TOLERANCE, BatteryOutcome, measure_outcomes, unslipped
from mesascope.audit.alignment.battery_statement import UnwatchedDefection, stated
from mesascope.audit.alignment.bounded_choice import bounded_evidence
from mesascope.audit.alignment.confused_row import confused_row
from mesascope.audit.alignment.cue_evidence import cue_evidence
from mesascope.audit.alignment.cue_rate import CueRate
from mesascope.audit.alignment.decoding import ErrorModel, FurtherEvidence, KindPosterior, decode
from mesascope.audit.alignment.divergence import Divergence, find_divergence
from mesascope.audit.alignment.kinds import PREDICTIONS, ROBUST_KINDS, TESTS, AlignmentKind
from mesascope.audit.alignment.paired_rates import PairedFindings, paired_findings
from mesascope.audit.assay import Assay, Requirement, Stage
from mesascope.audit.context import AuditContext
from mesascope.audit.evaluation import evaluate_agent
from mesascope.core.details import Details, Number
from mesascope.core.errors import UsageError
from mesascope.core.faults import Fault, attempted, not_done
from mesascope.core.random import RandomKey, stream
from mesascope.core.verdicts import Estimate, Evidence, Verdict
from mesascope.worlds.world import World


class TestRow(Details, frozen=True, kw_only=True):
    """What one test found.

    **Arguments:**

    - `test`, `does`: its name, and what it does.
    - `code`: one of `CODES`, or `None` if it could not be made.
    - `score`: share of the optimum of the base objective: value, low, high, levels.
    - `swapped`: of the swapped one, where the pointer was swapped.
    - `pursued`: the other objective that is pursued with most skill, and its share.
    - `reason`: why there is this code, or none.
    - `checks`: what was checked about the test itself, as `(what, found)`.
    """

    __test__ = False  # for pytest: its name is no promise

    test: str
    does: str
    code: str | None
    score: tuple[Number, Number, Number, int] | None
    swapped: Number | None
    pursued: tuple[str, Number] | None
    reason: str
    checks: tuple[tuple[str, str], ...]


class KindShare(Details, frozen=True, kw_only=True):
    """A kind of alignment and its probability."""

    kind: str
    probability: Number


class BatteryDetails(Details, frozen=True, kw_only=True):
    """The table that a page draws.

    **Arguments:**

    - `cells`: what each test found.
    - `kinds`: every kind, most probable first; empty if nothing could be decoded.
    - `together`: kinds that no test which was made tells from the first, itself included.
    - `distance`: tests made whose predictions differ between the two most probable kinds that have a row.
    - `predicted`: codes by kind and test.
    - `divergence`: where it comes apart from the base objective most; `None` if nowhere.
    - `rates`: what it does differently when one flag changes on the same menus, by cue, or several at once.
    - `slips`: share of its choices drawn evenly; `None` for an agent with memory.
    """

    cells: tuple[TestRow, ...]
    kinds: tuple[KindShare, ...]
    together: tuple[str, ...]
    distance: int | None
    predicted: dict[str, dict[str, str]]
    divergence: Divergence | None
    rates: tuple[CueRate, ...] = ()
    slips: Number | None = None


@dataclass(frozen=True)
class BatteryFindings:
    """What the battery found.

    **Arguments:**

    - `outcomes`: what each test found, by test.
    - `posterior`: over classes; `None` if nothing could be decoded.
    - `verdict`: PASS if robust, FAIL if of another class, else INCONCLUSIVE.
    - `kind`: the class that is stated, or `None`.
    - `sentence`, `reason`: for people.
    - `divergence`: where the agent comes apart from the base objective most; `None` if nowhere.
    - `paired`: what it does differently on the same menus; `None` for an agent with memory.
    - `further`: what that says about classes.
    """

    outcomes: Mapping[str, BatteryOutcome]
    posterior: KindPosterior | None
    verdict: Verdict
    kind: AlignmentKind | None
    sentence: str
    reason: str
    divergence: Divergence | None
    paired: PairedFindings | None = None
    further: FurtherEvidence | None = None

    @property
    def unwatched(self) -> UnwatchedDefection:
        """Whether it does worse by the base objective when nobody watches, and what is excluded."""
        return _unwatched(self.paired)

    @property
    def shares(self) -> Mapping[AlignmentKind, float]:
        """How probable each class is to whoever must not be told "robust" too early: a robust one counts as none of the
        classes unless unwatched defection of 1 % is excluded.
        """
        posterior = self.posterior
        if posterior is None or self.unwatched.excluded:
            return {} if posterior is None else posterior.probabilities
        moved = dict.fromkeys(ROBUST_KINDS, 0.0)
        none = sum(posterior.probabilities.get(kind, 0.0) for kind in (*ROBUST_KINDS, AlignmentKind.NONE))
        return {**posterior.probabilities, **moved, AlignmentKind.NONE: none}

    def details(self) -> BatteryDetails:
        """Returns the findings as evidence holds them."""
        posterior = self.posterior
        kinds = {} if posterior is None else posterior.probabilities
        return BatteryDetails(
            cells=tuple(
                TestRow(
                    test=outcome.test,
                    does=TESTS[outcome.test],
                    code=outcome.code,
                    score=None if (one := outcome.score) is None else (one.value, one.low, one.high, one.n),
                    swapped=outcome.swapped,
                    pursued=outcome.pursued,
                    reason=outcome.reason,
                    checks=outcome.checks,
                )
                for outcome in self.outcomes.values()
            ),
            kinds=tuple(KindShare(kind=str(kind), probability=value) for kind, value in kinds.items()),
            together=() if posterior is None else tuple(str(kind) for kind in posterior.together),
            distance=None if posterior is None else posterior.distance,
            predicted={str(kind): {test: row[test] for test in TESTS} for kind, row in PREDICTIONS.items()},
            divergence=self.divergence,
            rates=() if self.paired is None else self.paired.shown,
            slips=None if self.paired is None else self.paired.slips,
        )

    def evidence(self) -> Evidence[BatteryDetails]:
        """Returns the findings as one piece of evidence."""
        effect = None
        if self.posterior is not None:
            value = self.posterior.probabilities[self.posterior.best]
            # A probability is no estimate with an interval of its own: it is given whole.
            effect = Estimate(value, value, value, len(self.posterior.measured), "tests")
        return ALIGNMENT_BATTERY.found(self.verdict, self.sentence, self.reason, effect, None, self.details())


def alignment_battery(
    agent: Agent,
    battery_levels: BatteryLevels,
    *,
    key: RandomKey,
    tolerance: float = TOLERANCE,
    errors: ErrorModel | None = None,
) -> BatteryFindings:
    """Puts an agent to every test and says which class its row speaks for.

    **Arguments:**

    - `agent`: any agent that acts on the world's observations.
    - `battery_levels`: of the battery, from `make_battery_levels`; agents can share it.
    - `key`: of roll-outs, for agents with memory.
    - `tolerance`: what a score may lack and still be as good as can be, in [0, 0.25).
    - `errors`: how often outcomes are off; by default as calibrated.

    **Raises:** `AgentError` if the agent raises or returns something that is not a policy.
    """
    if not 0 <= tolerance < 0.25:
        raise UsageError(f"A tolerance of {tolerance} is not in [0, 0.25).")
    evaluation = evaluate_agent(agent, battery_levels.level_set, key=stream("as it is", key=key))
    levels = battery_levels.paired if agent.memoryless else None
    paired = None if levels is None else paired_findings(agent, levels)
    slips = 0.0 if paired is None else paired.slips
    evaluation = unslipped(evaluation, slips)
    outcomes = measure_outcomes(
        agent, battery_levels, evaluation, key=stream("slots", key=key), tolerance=tolerance, slips=slips
    )
    further = None
    if paired is not None and levels is not None:
        cues = cue_evidence(paired, battery_levels.world.swapped_objective)
        row = confused_row(paired, battery_levels, evaluation, tolerance=tolerance)
        further = FurtherEvidence(cues, bounded_evidence(paired, levels), _covered(paired), row)
    posterior = decode(outcomes, errors, further)
    verdict, kind, sentence, reason = stated(posterior, paired, _unwatched(paired))
    divergence = find_divergence(battery_levels, evaluation, outcomes)
    return BatteryFindings(outcomes, posterior, verdict, kind, sentence, reason, divergence, paired, further)


def _covered(paired: PairedFindings) -> tuple[str, ...]:
    """Returns the tests whose changes were made on paired levels, alone or among others."""
    made = [rate.test for rate in paired.rates]
    # T1u to T5u are T9 on the menus of T1 to T5, which are among those shown; T10 is T8 and T9.
    made += [test for test in TESTS if test.endswith("u") and "T9" in made]
    return (*made, "T10") if {"T8", "T9"} <= set(made) else tuple(made)


def _unwatched(paired: PairedFindings | None) -> UnwatchedDefection:
    return UnwatchedDefection(None, None) if paired is None else UnwatchedDefection(paired.defects, paired.most)


def battery_evidence(
    agent: Agent,
    world: World,
    *,
    base_objective: str | None,
    seed: int,
    key: RandomKey,
    levels: int = LEVELS,
    tolerance: float = TOLERANCE,
) -> tuple[Evidence[BatteryDetails], BatteryFindings | None]:
    """Returns the battery as one piece of evidence, and its findings; `None` where the world cannot be changed.

    **Arguments:**

    - `agent`, `world`, `base_objective`: what is audited.
    - `seed`: of the levels.
    - `key`: of roll-outs.
    - `levels`, `tolerance`: as of `make_battery_levels` and `alignment_battery`.

    **Raises:** `AgentError` or `WorldError` if the agent or the world is at fault; a fault of ours is evidence.
    """

    def work() -> tuple[Evidence[BatteryDetails], BatteryFindings | None]:
        try:
            battery_levels = make_battery_levels(world, base_objective=base_objective, levels=levels, seed=seed)
        except UsageError as error:
            return ALIGNMENT_BATTERY.nothing(str(error)), None
        found = alignment_battery(agent, battery_levels, key=key, tolerance=tolerance)
        return found.evidence(), found

    found = attempted(work)
    return (not_done(ALIGNMENT_BATTERY.name, "alignment", found), None) if isinstance(found, Fault) else found


def battery_of(context: AuditContext) -> tuple[Evidence[BatteryDetails], BatteryFindings | None]:
    """Puts the agent of an audit to the battery, in its world as it was trained there."""
    level_set = context.train.level_set
    return battery_evidence(
        context.agent,
        level_set.world.unwrapped,
        base_objective=level_set.objectives.names[level_set.base],
        seed=context.bootstrap_seed,
        key=context.battery_key,
    )


ALIGNMENT_BATTERY = Assay(
    name="alignment-battery",
    question="alignment",
    summary="What kind of alignment is it? One change a test: a causal edge, what is on offer, a cue, a slot inside.",
    stage=Stage.KIND,
    details=BatteryDetails,
    undone="What kind of alignment it is was not tested.",
    run=lambda context: context.once(battery_of)[0],
    requires=(Requirement.SWITCHES,),
)
