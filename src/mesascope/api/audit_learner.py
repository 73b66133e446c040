"""The audit of an agent that learns within an episode, from Python."""

from __future__ import annotations

from collections.abc import Mapping

from mesascope.api.subject import AgentLike, agent_of, stream_of
from mesascope.core.errors import UnknownNameError
from mesascope.core.progress import Progress
from mesascope.core.provenance import Stopwatch, provenance
from mesascope.core.quantities import LEVELS, SEED
from mesascope.report.data.learner_report import LearnerReport
from mesascope.worlds.streams.stream import Stream


def audit_learner(
    agent: AgentLike,
    stream: Stream | str,
    *,
    stream_options: Mapping[str, str] | None = None,
    seed: int = 0,
    episodes: int | None = None,
    trust_pickle: bool = False,
    deterministic: bool = False,
    vecnormalize: str | None = None,
    frame_stack: int | None = None,
    progress: Progress | None = None,
    command: list[str] | None = None,
) -> LearnerReport:
    """Audits an agent in a stream: does it learn within an episode, by which algorithm, for what, and also where the
    stream is another one (Wang et al. 2016, Duan et al. 2016)?

    **Arguments:**

    - `agent`: an agent with memory, or as of `mesascope.audit`. Where the stream has no actions, its `act` returns
      numbers instead of probabilities.
    - `stream`: where it was trained: a stream, or a text (`"bandits"`, `"module:Class"`).
    - `stream_options`: options of a stream that is given as a text, as on the command line.
    - `seed`: of everything random; the same seed gives the same report.
    - `episodes`: how many of each kind; by default the audit's own number.
    - `trust_pickle`, `deterministic`, `vecnormalize`, `frame_stack`: as of `mesascope.audit`.
    - `progress`: called as the audit goes on.
    - `command`: the command line for the provenance; by default this process's.

    **Returns:** the report.

    **Raises:** `UsageError` for names and options that do not exist, `AgentError` for an agent that gives no answers or
    has NaN in its memory, `UntrustedModelError` for a file that is refused.
    """
    from mesascope.audit.learning.audit_learner import audit_learner
    from mesascope.audit.learning.context import learning_context
    from mesascope.worlds.streams.catalogue import STREAMS

    watch = Stopwatch()
    SEED.check(seed, "seed")
    if episodes is not None:
        LEVELS.check(episodes, "episodes")
    where = stream_of(stream, stream_options)
    if where is None:
        raise UnknownNameError("stream", str(stream), STREAMS.names())
    learner = agent_of(
        agent,
        where,
        deterministic=deterministic,
        trust_pickle=trust_pickle,
        vecnormalize=vecnormalize,
        frame_stack=frame_stack,
    )
    findings = audit_learner(learning_context(learner, where, episodes=episodes, seed=seed), progress=progress)
    return LearnerReport.of(findings, provenance(seed=seed, watch=watch, command=command))
