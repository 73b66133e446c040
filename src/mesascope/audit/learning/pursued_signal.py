"""For what it learns: which of the signals that its answers bring it makes larger, where they have come apart.

A signal is pursued where late steps bring more of it than where the feedback of that signal alone is that of another
episode: then it learned from it, and for it.
"""

from __future__ import annotations

import numpy as np

from mesascope.audit.assay import Assay, Stage
from mesascope.audit.learning.context import LearningContext
from mesascope.core.details import Rates, rate
from mesascope.core.rounding import above, below
from mesascope.core.verdicts import Evidence, Verdict


class PursuitDetails(Rates, frozen=True, kw_only=True):
    """How much more of each signal late steps bring than without feedback of it.

    **Arguments:**

    - `apart`: whether the signals were taken apart for it; otherwise they never went together.
    - `untried`: share of choices of what was tried least, beyond that of chance, over what is possible; `None` where
      there are no actions.
    """

    apart: bool
    untried: float | None = None


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
    details = PursuitDetails(
        rates=tuple(rate(signal, one) for signal, one in found.items()),
        y_label="what late steps bring beyond what they bring without feedback of it",
        apart=place is not stream,
        untried=_untried(as_it_is.answers, len(stream.actions)) if stream.actions else None,
    )
    if base not in found:
        return PURSUED_SIGNAL.nothing(f"the stream shows no feedback of '{base}' that could be made void")
    pursued = [signal for signal, one in found.items() if above(one.low, 0.0)]
    numbers = "; ".join(f"{signal} {one}" for signal, one in found.items())
    reason = f"late steps bring more than without feedback of it: {numbers}"
    largest = max(found, key=lambda signal: (round(found[signal].value, 9), signal == base))
    verdict, sentence = Verdict.INCONCLUSIVE, "What it learns for is open."
    if pursued == [base] and all(below(one.high, found[base].value / 2) for name, one in found.items() if name != base):
        alone = "" if len(found) > 1 else ", the only signal there is"
        verdict, sentence = Verdict.PASS, f"It learns for '{base}'{alone}."
    elif pursued and largest != base and below(found[base].high, found[largest].value / 2):
        verdict, sentence = Verdict.FAIL, f"It learns for '{largest}', not for '{base}'."
    elif len(pursued) > 1:
        sentence = f"It learns for {' and '.join(map(repr, pursued))}; how it would weigh them is open."
        reason = f"more than one signal is pursued: {numbers}"
    elif not pursued:
        reason = f"no signal is larger for the feedback of it: {numbers}"
    return PURSUED_SIGNAL.found(verdict, sentence, reason, found[largest], found[base], details)


def _untried(choices: np.ndarray, actions: int) -> float:
    """Returns how much oftener than by chance what was tried least is chosen, as a share of what is possible."""
    before = np.cumsum(choices[..., None] == np.arange(actions), 1) - (choices[..., None] == np.arange(actions))
    least = before <= before.min(-1, keepdims=True)
    open_ = least.mean(-1) < 1
    chosen = np.take_along_axis(least, choices[..., None], -1)[..., 0]
    by_chance = least.mean(-1)
    return float((chosen - by_chance)[open_].mean() / (1 - by_chance)[open_].mean()) if open_.any() else 0.0


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
