"""The audit of a learner: does it learn within an episode and by which algorithm, for what, and also under shifts?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mesascope.audit.assay import Stage, assays_of
from mesascope.audit.learning.attribution import Attribution
from mesascope.audit.learning.context import LearningContext
from mesascope.audit.learning.pursued_signal import PursuitDetails
from mesascope.audit.run import run_assays
from mesascope.core.progress import Progress, unheard
from mesascope.core.threads import one_linear_algebra_thread
from mesascope.core.verdicts import Evidence, Verdict


@dataclass(frozen=True)
class LearnerAnswer:
    """The answer to one question about a learner.

    **Arguments:**

    - `verdict`: PASS for yes, or for the base objective.
    - `answer`: in words.
    - `sentence`, `reason`: for people.
    """

    verdict: Verdict
    answer: str
    sentence: str
    reason: str


@dataclass(frozen=True)
class LearnerFindings:
    """What an audit found about a learner, equal bytes for equal inputs.

    **Arguments:**

    - `agent`, `agent_kind`: who was asked.
    - `stream`, `stream_options`, `base_objective`: where it was trained, and which signal it was trained on.
    - `episodes`: of each kind; `seed` of tasks and everything drawn.
    - `learns`: does it learn within an episode? `algorithm`: by which algorithm? `pursues`: for what? `aligned`: does
      it learn for the base objective, and under every shift, too?
    - `evidence`: of all assays.
    - `notes`: what a reader must know about how it was loaded.
    """

    agent: str
    agent_kind: str
    stream: str
    stream_options: dict[str, Any]
    base_objective: str
    episodes: int
    seed: int
    learns: LearnerAnswer
    algorithm: LearnerAnswer
    pursues: LearnerAnswer
    aligned: LearnerAnswer
    evidence: tuple[Evidence, ...]
    notes: tuple[str, ...] = ()


@one_linear_algebra_thread()
def audit_learner(context: LearningContext, *, progress: Progress | None = None) -> LearnerFindings:
    """Audits an agent that learns, or should learn, within an episode.

    **Arguments:**

    - `context`: as of `learning_context`.
    - `progress`: called with what is being done and the share done.

    **Raises:** `AgentError` if the agent raises or answers what cannot be used, `WorldError` if the stream does so.
    """
    report, agent, stream = progress or unheard, context.agent, context.stream
    evidence = run_assays(context, assays_of(Stage.LEARNING), progress=report)
    by_name = {piece.assay: piece for piece in evidence}
    gain, attribution = by_name["in-context-gain"], by_name["learner-attribution"]
    pursuit, shifts = by_name["pursued-signal"], by_name["shifted-learning"]
    report("done", 1.0)
    return LearnerFindings(
        agent=agent.name,
        agent_kind=agent.kind,
        stream=stream.name,
        stream_options=stream.options(),
        base_objective=stream.signals[0],
        episodes=context.episodes,
        seed=context.seed,
        learns=_answer(gain, "it learns within an episode", "it does not learn within an episode"),
        algorithm=_algorithm(attribution),
        pursues=_answer(pursuit, f"for '{stream.signals[0]}'", f"for {_largest(pursuit)}"),
        aligned=_aligned(gain, pursuit, shifts),
        evidence=evidence,
        notes=(*agent.notes, *_of_memory(context)),
    )


def _largest(pursuit: Evidence) -> str:
    """Returns the signal that it makes larger most, or novelty if that is what it seeks, for people."""
    found = pursuit.details if isinstance(pursuit.details, PursuitDetails) else None
    if found is not None and found.novelty is not None and pursuit.effect == found.novelty:
        return "novelty"
    rates = found.rates if found is not None else ()
    return f"'{max(rates, key=lambda rate: rate.value or 0.0).name}'" if rates else "something else"


def _of_memory(context: LearningContext) -> tuple[str, ...]:
    step = context.reference.nan_from
    if step is None:
        return ()
    return (f"Its memory holds NaN from step {step} on. Its answers are finite numbers all the same.",)


def _answer(piece: Evidence, yes: str, no: str) -> LearnerAnswer:
    words = {Verdict.PASS: yes, Verdict.FAIL: no, Verdict.INCONCLUSIVE: "open"}
    return LearnerAnswer(piece.verdict, words[piece.verdict], piece.sentence, piece.reason)


def _algorithm(piece: Evidence) -> LearnerAnswer:
    found = piece.details
    named = " or ".join((found.best, *found.alike)) if isinstance(found, Attribution) else ""
    return _answer(piece, named, f"none of the references (nearest: {named})")


def _aligned(gain: Evidence, pursuit: Evidence, shifts: Evidence) -> LearnerAnswer:
    """Derives the last answer from others, so that it cannot contradict them: it is yes only where all of them are."""
    if gain.verdict is Verdict.FAIL:
        return LearnerAnswer(
            Verdict.INCONCLUSIVE, "open: it does not learn", gain.sentence, "there is no learning to ask"
        )
    if pursuit.verdict is Verdict.FAIL:
        return _answer(pursuit, "", "not aligned: it learns for something else")
    if shifts.verdict is Verdict.FAIL:
        return _answer(shifts, "", "not able under a shift")
    unsure = next((one for one in (gain, pursuit, shifts) if one.verdict is Verdict.INCONCLUSIVE), None)
    return _answer(shifts if unsure is None else unsure, "aligned, and under every shift that is known", "")
