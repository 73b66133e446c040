"""Episodes of an agent in a stream: what it saw, answered and got, as it is or with its learning made void."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from mesascope.agents.agent import Agent
from mesascope.agents.asking import ask, ask_numbers
from mesascope.core.boundary import code_of_others
from mesascope.core.compiling import compiled_briefly
from mesascope.core.errors import AgentError, WorldError
from mesascope.core.random import RandomKey, seed_of
from mesascope.core.random import stream as named_stream
from mesascope.core.text import quoted
from mesascope.worlds.streams.stream import Stream

Feedback = Literal["shuffled"] | tuple[str, ...] | None
Memory = Literal["frozen"] | None


@dataclass(frozen=True)
class Episodes:
    """What happened in B episodes of T steps.

    **Arguments:**

    - `tasks`: what was hidden, with a leading axis of episodes.
    - `observations`: seen before each answer, `[B, T, D]`, as the agent was shown them.
    - `outputs`: action probabilities, or the numbers that it answered, `[B, T, O]`.
    - `answers`: actions taken, `[B, T]`, or the numbers themselves, `[B, T, O]`.
    - `signals`: what each answer brought, `[B, T, N]`.
    - `nan_from`: the first step after which the memory held NaN, from 1; `None` if there was none.
    """

    tasks: Any
    observations: Float[np.ndarray, "B T D"]
    outputs: Float[np.ndarray, "B T O"]
    answers: np.ndarray
    signals: Float[np.ndarray, "B T N"]
    nan_from: int | None = None

    @property
    def base(self) -> Float[np.ndarray, "B T"]:
        """What each answer brought under the base objective."""
        return self.signals[..., 0]


@compiled_briefly
def _begin(stream: Stream, keys: jax.Array) -> tuple[Any, Any, jax.Array]:
    def one(key: RandomKey):
        key_task, key_begin = jax.random.split(key)
        task = stream.sample(key=key_task)
        return task, *stream.begin(task, key=key_begin)

    return jax.vmap(one)(keys)


@compiled_briefly
def _step(
    stream: Stream, tasks: Any, states: Any, answers: jax.Array, keys: jax.Array
) -> tuple[Any, jax.Array, jax.Array]:
    def one(task: Any, state: Any, answer: jax.Array, key: RandomKey):
        return stream.step(task, state, answer, key=key)

    return jax.vmap(one)(tasks, states, answers, keys)


def play(
    agent: Agent,
    stream: Stream,
    *,
    episodes: int,
    key: RandomKey,
    feedback: Feedback = None,
    memory: Memory = None,
) -> Episodes:
    """Plays episodes of fresh tasks with anybody's agent.

    The same key gives the same tasks and the same chances, whatever is made void, so that episodes can be compared one
    by one.

    **Arguments:**

    - `agent`: whose memory begins anew in each episode.
    - `stream`: whose tasks.
    - `episodes`: B of them; 2 or more where feedback is shuffled.
    - `key`: consumed.
    - `feedback`: `"shuffled"` shows each episode the feedback of another one; names of signals do so for these alone.
    - `memory`: `"frozen"` begins each step with a memory as an episode begins with.

    **Raises:** `AgentError` for an agent that raises, answers what is no policy (no finite numbers, where there are no
    actions), naming the step; `WorldError` for a stream that raises, or shows or brings what
    are no finite numbers.
    """
    key_begin, key_steps, key_answers = jax.random.split(key, 3)
    uniform = np.random.default_rng(seed_of(named_stream("answers", key=key_answers))).random((stream.steps, episodes))
    who = f"Stream {quoted(stream.name)}"
    _check_feedback(stream, who)
    columns = _shuffled_columns(stream, feedback)
    with code_of_others(who, "when its episodes began", error=WorldError):
        tasks, states, seen = _begin(stream, jax.random.split(key_begin, episodes))
    carried = agent.initial_state(episodes)
    found: list[tuple[np.ndarray, ...]] = []
    nan_from = None
    for step in range(stream.steps):
        shown = _finite(
            np.asarray(seen, np.float32), f"{who} shows observations", (episodes, *stream.observation_shape)
        )
        # One episode further: nothing in it is about the task of this one.
        shown = shown.copy()
        shown[:, columns] = np.roll(shown[:, columns], 1, axis=0)
        try:
            outputs, after = answered(agent, stream, shown, carried)
        except AgentError as error:
            since = "" if nan_from is None else f" Its memory has held NaN since step {nan_from}."
            raise AgentError(f"{error} That was in step {step + 1}.{since}") from error
        if nan_from is None and _holds_nan(after):
            nan_from = step + 1
        # Made anew, since an agent may write into what it is handed.
        carried = agent.initial_state(episodes) if memory == "frozen" else after
        chosen = (uniform[step][:, None] > outputs.cumsum(-1)[:, :-1]).sum(-1) if stream.actions else outputs
        keys = jax.random.split(jax.random.fold_in(key_steps, step), episodes)
        with code_of_others(who, f"in step {step + 1}", error=WorldError):
            answers = jnp.asarray(chosen, jnp.int32 if stream.actions else jnp.float32)
            states, seen, signals = _step(stream, tasks, states, answers, keys)
        # Whose fault it is hangs on how large the answers were, which only the agent knows to have been meant.
        to = "" if stream.actions else f", to answers of up to {np.abs(outputs).max():.3g} in step {step + 1},"
        what = f"{who} brings{to} signals"
        brought = _finite(np.asarray(signals, np.float64), what, (episodes, len(stream.signals)))
        found.append((shown, outputs, chosen, brought))
    joined = (np.stack(parts, axis=1) for parts in zip(*found, strict=True))
    return Episodes(jax.tree.map(np.asarray, tasks), *joined, nan_from=nan_from)


def _check_feedback(stream: Stream, who: str) -> None:
    wide = stream.observation_shape[0]
    for signal, entries in stream.feedback.items():
        if signal not in stream.signals or not all(0 <= entry < wide for entry in entries):
            raise WorldError(
                f"{who} says that entries {list(entries)} of what is observed are feedback of {quoted(signal)}. "
                f"Entries of it count from 0 to {wide - 1}, and signals are {', '.join(map(quoted, stream.signals))}."
            )


def _shuffled_columns(stream: Stream, feedback: Feedback) -> list[int]:
    names = tuple(stream.feedback) if feedback == "shuffled" else feedback or ()
    return sorted({column for name in names for column in stream.feedback[name]})


def answered(agent: Agent, stream: Stream, seen: np.ndarray, memory: Any) -> tuple[np.ndarray, Any]:
    """Returns what an agent answers to one observation of each episode, and its memory after it."""
    if stream.actions:
        return ask(agent, seen, memory, actions=len(stream.actions))
    return ask_numbers(agent, seen, memory, outputs=stream.outputs)


def _holds_nan(memory: Any) -> bool:
    # Keys of JAX are arrays, too, of no kind that numpy knows.
    arrays = [leaf for leaf in jax.tree.leaves(memory) if isinstance(leaf, np.ndarray | jax.Array)]
    return any(np.isnan(np.asarray(leaf)).any() for leaf in arrays if jnp.issubdtype(leaf.dtype, jnp.inexact))


def _finite(found: np.ndarray, what: str, shape: tuple[int, ...]) -> np.ndarray:
    if found.shape != shape:
        raise WorldError(f"{what} of shape {list(found.shape[1:])}; it says that they are {list(shape[1:])}.")
    if not np.isfinite(found).all():
        raise WorldError(f"{what} that are no finite numbers in {int((~np.isfinite(found)).any(-1).sum())} episodes.")
    return found
