"""Does it get better within an episode, because of what its answers bring, and by way of its memory?

Weights are fixed while it acts, so that whatever improves within an episode is learning by the learned algorithm
itself (Wang et al. 2016). Two placebos have to be worse: feedback of another episode, which tells nothing of this one,
and a memory that stays as it was, in which nothing can be gathered.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from mesascope.audit.assay import Assay, Stage
from mesascope.audit.learning.context import LearningContext
from mesascope.audit.learning.episodes import Episodes
from mesascope.audit.learning.references import reference_lines
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

    Where fewer than three steps count, all of them are late, and the first step of the episode is early.
    """
    counted = np.asarray(stream.counted)
    if len(counted) < 3:
        return episodes.base[:, 0], episodes.base[:, counted].mean(1)
    third = len(counted) // 3
    return episodes.base[:, counted[:third]].mean(1), episodes.base[:, counted[-third:]].mean(1)


def in_context_gain(context: LearningContext) -> Evidence[GainDetails]:
    """Compares what an agent gains within an episode with what it gains where it cannot learn."""
    stream, agent = context.stream, context.agent
    early, own = early_and_late(stream, context.reference)
    gain = context.mean(own - early)
    lines = [_line("as it is", context.reference)]
    # Who optimizes something else keeps what is learned in the parameters of that, and may do so without a memory.
    kept_elsewhere = isinstance(stream, Optimisee)
    if agent.memoryless and not kept_elsewhere:
        details = GainDetails(lines=(*lines, *reference_lines(context)), gain=gain)
        sentence = "It cannot learn within an episode: it has no memory."
        return IN_CONTEXT_GAIN.found(
            Verdict.FAIL, sentence, "what it does follows from what it sees now", gain, None, details
        )
    placebos = {} if kept_elsewhere else {"frozen": context.of(agent, memory="frozen")}
    if stream.feedback:
        placebos["shuffled"] = context.of(agent, feedback="shuffled")
    lines += [_line(f"{_WORDS[name]} {name}", episodes) for name, episodes in placebos.items()]
    halves = {name: early_and_late(stream, episodes) for name, episodes in placebos.items()}
    gained = {name: context.mean(late - early) for name, (early, late) in halves.items()}
    # Late steps alone: early ones are of the same tasks, and would only add their noise.
    over = {name: context.mean(own - late) for name, (_, late) in halves.items()}
    details = GainDetails(
        lines=(*lines, *reference_lines(context)),
        gain=gain,
        shuffled=gained.get("shuffled"),
        frozen=gained.get("frozen"),
        over_shuffled=over.get("shuffled"),
        over_frozen=over.get("frozen"),
    )
    null = gained.get("shuffled", gained.get("frozen"))
    verdict, sentence, reason = _judged(gain, over, SMALL * float(context.reference.base.mean(1).std()))
    return IN_CONTEXT_GAIN.found(verdict, sentence, reason, gain, null, details)


def _judged(gain: Estimate, over: dict[str, Estimate], small: float) -> tuple[Verdict, str, str]:
    numbers = "; ".join(f"{one} over {name} {_WORDS[name]}" for name, one in over.items())
    if "shuffled" not in over:
        sentence = f"Late steps bring {gain} more than early ones; whether it learned that is open."
        return Verdict.INCONCLUSIVE, sentence, "the stream shows no feedback that could be shuffled"
    if above(min(gain.low, *(one.low for one in over.values())), 0.0):
        sentence = f"It learns within an episode: late steps bring {gain} more than early ones."
        return Verdict.PASS, sentence, f"more than where it cannot learn: {numbers}"
    if above(min(one.low for one in over.values()), 0.0):
        sentence = f"It does better where it can learn, and late steps bring {gain} more than early ones."
        return (
            Verdict.INCONCLUSIVE,
            sentence,
            f"early steps may be easier, or enough to learn in: {numbers}",
        )
    if below(min(gain.high, *(one.high for one in over.values())), small):
        sentence = f"It does not learn within an episode: late steps bring {gain} more than early ones."
        return Verdict.FAIL, sentence, f"no more than where it cannot learn: {numbers}"
    sentence = f"Late steps bring {gain} more than early ones; whether it learned that is open."
    return Verdict.INCONCLUSIVE, sentence, f"the difference to where it cannot learn may be chance: {numbers}"


_WORDS = {"shuffled": "feedback", "frozen": "memory"}


def _line(name: str, episodes: Episodes) -> Line:
    return Line(name=name, values=tuple(episodes.base.mean(0).tolist()))


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
