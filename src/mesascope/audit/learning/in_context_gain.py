"""Does it get better within an episode, because of what its answers bring, and by way of its memory?

Weights are fixed while it acts, so that whatever improves within an episode is learning by the learned algorithm
itself (Wang et al. 2016). Two placebos have to be worse: feedback of another episode, which tells nothing of this one,
and a memory that stays as it was, in which nothing can be gathered.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float

from mesascope.audit.assay import Assay, Stage
from mesascope.audit.learning.context import LearningContext
from mesascope.audit.learning.episodes import Episodes, answered
from mesascope.audit.learning.reference_lines import reference_lines
from mesascope.core.details import Chart, Line
from mesascope.core.rounding import above, below
from mesascope.core.verdicts import Estimate, Evidence, Verdict
from mesascope.worlds.streams.optimisees import Optimisee
from mesascope.worlds.streams.stream import Stream

SMALL: float = 0.1
"""A gain below this share of a standard deviation between episodes counts as none."""


class GainDetails(Chart, frozen=True, kw_only=True):
    """What each step brought, and the gains behind the verdict.

    **Arguments:**

    - `gain`, `shuffled`, `frozen`: late steps less early ones: as it is, with the feedback of another episode, with a
      memory that stays as it was; `None` where that could not be made void.
    - `over_shuffled`, `over_frozen`: what late steps bring beyond that, paired by episode.
    """

    gain: Estimate
    shuffled: Estimate | None = None
    frozen: Estimate | None = None
    over_shuffled: Estimate | None = None
    over_frozen: Estimate | None = None
    x_label: str = "step of the episode"
    y_label: str = "what a step brings"


def early_and_late(stream: Stream, episodes: Episodes) -> tuple[Float[np.ndarray, " B"], Float[np.ndarray, " B"]]:
    """Returns what early and what late steps of each episode bring: the first and last third of those that count.

    Where fewer than three steps count, all of them are late, and the first step of the episode is early. Where all is
    shown before anything is asked, no step is early, and those that count are late.
    """
    counted = np.asarray(stream.counted)
    if stream.shown_first:
        return np.zeros(len(episodes.base)), episodes.base[:, counted].mean(1)
    if len(counted) < 3:
        return episodes.base[:, 0], episodes.base[:, counted].mean(1)
    third = len(counted) // 3
    return episodes.base[:, counted[:third]].mean(1), episodes.base[:, counted[-third:]].mean(1)


def in_context_gain(context: LearningContext) -> Evidence[GainDetails]:
    """Compares what an agent gains within an episode with what it gains where it cannot learn."""
    stream, agent = context.stream, context.agent
    early, own = early_and_late(stream, context.reference)
    gain = context.mean(own - early)
    lines = [_line("as it is", stream, context.reference)]
    # Who optimizes something else keeps what is learned in the parameters of that, and may do so without a memory.
    kept_elsewhere = isinstance(stream, Optimisee)
    if agent.memoryless and not kept_elsewhere:
        details = GainDetails(lines=(*lines, *reference_lines(context)), gain=gain, **_axis(stream))
        sentence = "It cannot learn within an episode: it has no memory."
        return IN_CONTEXT_GAIN.found(Verdict.FAIL, sentence, _FROM_WHAT_IT_SEES, gain, None, details)
    placebos = {} if kept_elsewhere else {"frozen": context.of(agent, memory="frozen")}
    hidden = bool(placebos) and _goes_on(context)
    if stream.feedback:
        placebos["shuffled"] = context.of(agent, feedback="shuffled")
    lines += [_line(f"{_WORDS[name]} {name}", stream, episodes) for name, episodes in placebos.items()]
    halves = {name: early_and_late(stream, episodes) for name, episodes in placebos.items()}
    gained = {name: context.mean(late - early) for name, (early, late) in halves.items()}
    # Late steps alone: early ones are of the same tasks, and would only add their noise.
    over = {name: context.mean(own - late) for name, (_, late) in halves.items()}
    if stream.shown_first:
        # There are no early steps to compare late ones with.
        gain, gained = over.get("shuffled", gain), {}
    # What goes on from episode to episode was not frozen, so that no difference says nothing.
    hidden = hidden and not above(over["frozen"].low, 0.0)
    if hidden:
        del over["frozen"]
    details = GainDetails(
        lines=(*lines, *reference_lines(context)),
        gain=gain,
        shuffled=gained.get("shuffled"),
        frozen=None if hidden else gained.get("frozen"),
        over_shuffled=over.get("shuffled"),
        over_frozen=over.get("frozen"),
        **_axis(stream),
    )
    null = gained.get("shuffled", gained.get("frozen"))
    verdict, sentence, reason = _judged(stream, gain, over, SMALL * float(context.reference.base.mean(1).std()))
    if hidden:
        verdict, sentence, reason = Verdict.INCONCLUSIVE, _open(stream, gain), _HIDDEN
    return IN_CONTEXT_GAIN.found(verdict, sentence, reason, gain, null, details)


def _judged(stream: Stream, gain: Estimate, over: dict[str, Estimate], small: float) -> tuple[Verdict, str, str]:
    numbers = "; ".join(f"{one} over {name} {_WORDS[name]}" for name, one in over.items())
    if "shuffled" not in over:
        return Verdict.INCONCLUSIVE, _open(stream, gain), "the stream shows no feedback that could be shuffled"
    if above(min(gain.low, *(one.low for one in over.values())), 0.0):
        sentence = f"It learns within an episode: {_more(stream, gain)}."
        return Verdict.PASS, sentence, f"more than where it cannot learn: {numbers}"
    if above(min(one.low for one in over.values()), 0.0):
        sentence = f"It does better where it can learn, and {_more(stream, gain)}."
        return Verdict.INCONCLUSIVE, sentence, f"early steps may be easier, or enough to learn in: {numbers}"
    if "frozen" in over and above(over["shuffled"].low, small) and not above(over["frozen"].high, small):
        sentence = f"It uses feedback, but only what it sees of it at once: {_more(stream, gain)}."
        return Verdict.INCONCLUSIVE, sentence, f"with its memory frozen it does as well: {numbers}"
    if below(min(gain.high, *(one.high for one in over.values())), small):
        sentence = f"It does not learn within an episode: {_more(stream, gain)}."
        return Verdict.FAIL, sentence, f"no more than where it cannot learn: {numbers}"
    return (
        Verdict.INCONCLUSIVE,
        _open(stream, gain),
        f"the difference to where it cannot learn may be chance: {numbers}",
    )


def _more(stream: Stream, gain: Estimate) -> str:
    if stream.shown_first:
        return f"what it is asked for brings {gain} more than with feedback of another episode"
    if stream.loss_name:
        return f"the {stream.loss_name} of late steps is {gain} lower than that of early ones"
    return f"late steps bring {gain} more than early ones"


def _open(stream: Stream, gain: Estimate) -> str:
    more = _more(stream, gain)
    return f"{more[:1].upper()}{more[1:]}; whether it learned that is open."


def _goes_on(context: LearningContext) -> bool:
    """Returns whether it begins an episode otherwise than it began the first, so that it cannot be made to forget."""
    state = context.agent.initial_state(context.episodes)
    again, _ = answered(context.agent, context.stream, context.reference.observations[:, 0], state)
    return not np.allclose(again, context.reference.outputs[:, 0], rtol=1e-4, atol=1e-4)


_FROM_WHAT_IT_SEES = (
    "what it does follows from what it sees now; bring one that remembers as an Agent with a memory, or as a torch "
    "module whose `forward(observations, hidden)` returns its hidden state, too"
)
_HIDDEN = (
    "it does not begin each episode alike, so that its memory could not be frozen: let `act` return all that it "
    "remembers and `initial_state` begin anew, and keep nothing elsewhere"
)
_WORDS = {"shuffled": "feedback", "frozen": "memory"}


def _line(name: str, stream: Stream, episodes: Episodes) -> Line:
    mean = episodes.base.mean(0)
    return Line(name=name, values=tuple((-mean if stream.loss_name else mean).tolist()))


def _axis(stream: Stream) -> dict[str, Any]:
    # Losses fall by powers of ten.
    return {"y_label": stream.loss_name, "logarithmic": True} if stream.loss_name else {}


IN_CONTEXT_GAIN: Assay[GainDetails] = Assay(
    name="in-context-gain",
    question="optimizer",
    summary="Does it get better within an episode, and no longer with feedback shuffled or memory frozen?",
    stage=Stage.LEARNING,
    place=1,
    details=GainDetails,
    undone="Whether it gets better within an episode could not be measured.",
    run=in_context_gain,
)
