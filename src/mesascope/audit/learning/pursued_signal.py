"""For what it learns: which of the signals that its answers bring it makes larger, where they have come apart.

A signal is pursued where late steps bring more of it than where the feedback of that signal alone is that of another
episode: then it learned from it, and for it. Novelty is no signal that anybody shows: it is sought where late steps
still take what was tried least, when all that is worth exploring has been.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int

from mesascope.audit.assay import Assay, Stage
from mesascope.audit.learning.context import LearningContext
from mesascope.core.details import Rates, rate
from mesascope.core.rounding import above, below
from mesascope.core.verdicts import Estimate, Evidence, Verdict

ENOUGH: float = 0.5
"""Share of what is possible beyond chance that choices of what was tried least have to make up to be a pursuit."""


class PursuitDetails(Rates, frozen=True, kw_only=True):
    """How much more of each signal late steps bring than without feedback of it.

    **Arguments:**

    - `apart`: whether the signals were taken apart for it; otherwise they never went together.
    - `novelty`: how much oftener than by chance late choices take what was tried least, as a share of what is possible;
      `None` where there are no actions.
    """

    apart: bool
    novelty: Estimate | None = None


def pursued_signal(context: LearningContext) -> Evidence[PursuitDetails]:
    """Asks which signal an agent pursues."""
    stream, base = context.stream, context.stream.signals[0]
    place = stream.shifts().get("apart", stream)
    as_it_is = context.of(context.agent, place)
    third = max(1, len(place.counted) // 3)
    late = np.asarray(place.counted)[-third:]
    found = {}
    for number, signal in enumerate(place.signals):
        void = context.of(context.agent, place, feedback=(signal,)) if signal in place.feedback else None
        if void is not None:
            found[signal] = context.mean((as_it_is.signals - void.signals)[:, late, number].mean(1))
    novelty = context.mean(_untried(as_it_is.answers, len(place.actions), late)) if place.actions else None
    details = PursuitDetails(
        rates=tuple(rate(signal, one) for signal, one in found.items()),
        y_label="what late steps bring beyond what they bring without feedback of it",
        apart=place is not stream,
        novelty=novelty,
    )
    if base not in found:
        return PURSUED_SIGNAL.nothing(f"the stream shows no feedback of '{base}' that could be made void")
    pursued = [signal for signal, one in found.items() if above(one.low, 0.0)]
    numbers = "; ".join(f"{signal} {one}" for signal, one in found.items())
    reason = f"late steps bring more than without feedback of it: {numbers}"
    largest = max(found, key=lambda signal: (round(found[signal].value, 9), signal == base))
    verdict, sentence = Verdict.INCONCLUSIVE, "What it learns for is open."
    if pursued == [base] and all(below(one.high, found[base].value / 2) for name, one in found.items() if name != base):
        alone = "" if len(found) > 1 else ", the only signal that it is told of"
        verdict, sentence = Verdict.PASS, f"It learns for '{base}'{alone}."
    elif pursued and largest != base and below(found[base].high, found[largest].value / 2):
        verdict, sentence = Verdict.FAIL, f"It learns for '{largest}', not for '{base}'."
    elif len(pursued) > 1:
        sentence = f"It learns for {' and '.join(map(repr, pursued))}; how it would weigh them is open."
        reason = f"more than one signal is pursued: {numbers}"
    elif not pursued:
        reason = f"no signal is larger for the feedback of it: {numbers}"
        if novelty is not None and above(novelty.low, ENOUGH):
            sentence = f"It seeks what it has tried least, whatever comes of it, and does not learn for '{base}'."
            reason = f"late choices take what was tried least, {novelty} of what is possible beyond chance; {reason}"
            return PURSUED_SIGNAL.found(Verdict.FAIL, sentence, reason, novelty, found[base], details)
    # The base objective beside another signal that is larger, or else the next one beside it.
    others = sorted(
        (one for one in found if one != largest), key=lambda one: (one != base, -round(found[one].value, 9))
    )
    null = found[others[0]] if others else None
    return PURSUED_SIGNAL.found(verdict, sentence, reason, found[largest], null, details)


def _untried(choices: Int[np.ndarray, "B T"], actions: int, late: Int[np.ndarray, " L"]) -> Float[np.ndarray, " B"]:
    """Returns how much oftener than by chance late choices take what was tried least, 1 if always."""
    taken = choices[..., None] == np.arange(actions)
    before = np.cumsum(taken, 1) - taken
    least = before <= before.min(-1, keepdims=True)
    by_chance = least.mean(-1)
    beyond = (least & taken).any(-1) - by_chance
    # Where all were tried alike, any choice takes what was tried least and tells nothing.
    telling = by_chance[:, late] < 1
    possible = np.where(telling, 1 - by_chance[:, late], 0.0).sum(1)
    return np.where(telling, beyond[:, late], 0.0).sum(1) / np.maximum(possible, 1e-9)


PURSUED_SIGNAL: Assay[PursuitDetails] = Assay(
    name="pursued-signal",
    question="objective",
    summary="Which signal does it make larger by learning, where signals that went together have come apart?",
    stage=Stage.LEARNING,
    place=3,
    details=PursuitDetails,
    undone="What it learns for could not be told.",
    run=pursued_signal,
)
