"""The question that all engines answer: does any vector of a box make the outputs bad?"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Sequence

import numpy as np
from scipy.optimize import linprog

from mesascope.core.errors import UnknownNameError, UsageError
from mesascope.proof import marabou as marabou_process
from mesascope.proof.box import BadOutputs
from mesascope.proof.branch_and_bound import BranchAndBound, Query, Replay, Search
from mesascope.proof.piecewise import PiecewiseNetwork
from mesascope.proof.reluplex import reluplex
from mesascope.proof.verdict import Counterexample, ProofVerdict, Status, proved, refuted, unknown

ENGINES: tuple[str, ...] = ("bounds", "marabou", "reluplex", "both")
VACUOUS: str = "nothing that could be done here would violate it"
"""Why nothing is proved of outputs that no network could have."""


def decide(
    network: PiecewiseNetwork,
    queries: Sequence[Query],
    *,
    seconds: float = 5.0,
    engine: str = "bounds",
    replay: Replay | None = None,
) -> tuple[ProofVerdict, ...]:
    """Returns for each query whether its box holds no input that makes the outputs bad.

    **Arguments:**

    - `network`: what is asked about.
    - `queries`: about it; they share compiled batches.
    - `seconds`: CPU time that each may take of each engine, compiling not counted; 0 for bounds of the whole boxes
      alone, which hang on no clock.
    - `engine`: `bounds` (branch and bound), `marabou` (in a process of its own), `reluplex` (exact fractions, few
      units), or `both`: bounds first, and Marabou, where it is installed, on what they leave open.
    - `replay`: the original network, from inputs `[B, D]` to outputs `[B, O]`: a witness counts if it is bad there.

    **Raises:** `UsageError` for a box of another shape or a budget below 0; `UnknownNameError` for another engine;
    `MissingExtraError` for Marabou where it is not installed.
    """
    if engine not in ENGINES:
        raise UnknownNameError("engine", engine, ENGINES)
    if not 0 <= seconds < float("inf") or (not seconds and engine != "bounds"):
        raise UsageError(f"A budget of {seconds} CPU seconds is none for the engine '{engine}'; give more than 0.")
    for query in queries:
        _check(network, query)
    vacuous = [_vacuous(query.bad) for query in queries]
    asked = [query for query, empty in zip(queries, vacuous, strict=True) if not empty]
    if engine in ("bounds", "both"):
        searches = BranchAndBound(network, asked, replay).run(seconds=seconds)
        verdicts = [_of_search(search, network, seconds) for search in searches]
    else:
        solve = _of_reluplex if engine == "reluplex" else _of_marabou
        verdicts = [solve(network, query, seconds, replay) for query in asked]
    if engine == "both":
        pairs = zip(asked, verdicts, strict=True)
        verdicts = [_behind(network, query, first, seconds, replay) for query, first in pairs]
    answers = iter(verdicts)
    return tuple(unknown("the bad outputs alone", VACUOUS) if empty else next(answers) for empty in vacuous)


def _check(network: PiecewiseNetwork, query: Query) -> None:
    if query.box.low.size != network.inputs.size:
        raise UsageError(
            f"The box has {query.box.low.size:,} numbers; the network has {network.inputs.size:,} inputs, of shape "
            f"{list(network.shape)}."
        )
    # Says so if the box varies what is fixed in the network.
    network.hidden(np.stack([query.box.low.reshape(-1), query.box.high.reshape(-1)]))
    outputs = len(network.outputs.bias)
    for rows, offsets in query.bad.cases:
        if rows.shape != (len(offsets), outputs) or not len(offsets):
            raise UsageError(f"Bad outputs have rows of {outputs} numbers, one or more; these have {list(rows.shape)}.")
        if not (np.isfinite(rows).all() and np.isfinite(offsets).all()):
            raise UsageError("What is bad of the outputs holds a number that is not finite.")


def _vacuous(bad: BadOutputs) -> bool:
    """Whether no outputs at all could be bad, so that every network would pass."""
    return not any(_possible(rows.tobytes(), offsets.tobytes(), len(offsets)) for rows, offsets in _doubles(bad))


def _doubles(bad: BadOutputs) -> list[tuple[np.ndarray, np.ndarray]]:
    return [(np.asarray(rows, np.float64), np.asarray(offsets, np.float64)) for rows, offsets in bad.cases]


@functools.lru_cache(maxsize=4096)
def _possible(rows: bytes, offsets: bytes, count: int) -> bool:
    matrix = np.frombuffer(rows).reshape(count, -1)
    none = np.zeros(matrix.shape[1])
    return linprog(none, A_ub=matrix, b_ub=-np.frombuffer(offsets), bounds=(None, None)).status != 2


def _of_search(search: Search, network: PiecewiseNetwork, seconds: float) -> ProofVerdict:
    how = f"bounds over {search.checked:,} {'part' if search.checked == 1 else 'parts'} of the box"
    numbers = {"checked": search.checked, "budget": f"{search.seconds:.2f} CPU seconds", "exact": False}
    if search.witness is not None:
        return refuted(how, _counterexample(network, search.witness), **numbers)
    if not search.open and not search.stuck:
        return proved(how, **numbers)
    reason = f"{len(search.open):,} parts were left after {seconds:g} CPU seconds"
    if not search.open:
        reason = f"{search.stuck:,} parts that have no halves lie within rounding of bad outputs"
    if search.refused:
        reason += f"; {search.refused:,} inputs are bad in double precision, but not in the original network"
    return unknown(how, reason, **numbers)


def _counterexample(network: PiecewiseNetwork, inputs: np.ndarray) -> Counterexample:
    outputs = network(inputs[None])[0]
    shown = (", ".join(f"{number:.6g}" for number in some[:20]) for some in (inputs, outputs))
    said = "At the inputs {} the outputs are {}, which is bad.".format(*shown)
    return Counterexample(said, tuple(map(float, inputs)), tuple(map(float, outputs)))


def _witness(network: PiecewiseNetwork, query: Query, replay: Replay | None, free: Sequence) -> np.ndarray | None:
    """Returns all inputs of a point that an exact engine calls bad, if it is bad in doubles and when replayed."""
    low, high = query.box.low.reshape(-1), query.box.high.reshape(-1)
    inputs = low.copy()
    inputs[network.free] = [float(number) for number in free]
    inputs = np.clip(inputs, low, high)
    runs: list[Callable[[np.ndarray], np.ndarray]] = [network, *([replay] if replay else [])]
    held = all(query.bad.holds(np.asarray(run(inputs[None]), np.float64))[0] for run in runs)
    return inputs if held else None


def _of_marabou(network: PiecewiseNetwork, query: Query, seconds: float, replay: Replay | None) -> ProofVerdict:
    how, spent = f"Marabou {marabou_process.version()}", 0.0
    for rows, offsets in _doubles(query.bad):
        answer = marabou_process.marabou(network, query.box, rows, offsets, seconds=seconds)
        spent += answer.seconds
        numbers = {"budget": f"{spent:.2f} CPU seconds", "exact": False}
        if answer.said == "sat":
            witness = _witness(network, query, replay, answer.inputs)
            if witness is None:
                return unknown(how, "its counterexample is not bad when it is replayed", **numbers)
            return refuted(how, _counterexample(network, witness), **numbers)
        if answer.said != "unsat":
            return unknown(how, f"Marabou {answer.said}", **numbers)
    return proved(how, budget=f"{spent:.2f} CPU seconds", exact=False)


def _of_reluplex(network: PiecewiseNetwork, query: Query, seconds: float, replay: Replay | None) -> ProofVerdict:
    pivots = splits = 0
    for rows, offsets in _doubles(query.bad):
        solution = reluplex(network, query.box, rows, offsets, seconds=seconds)
        if solution is None:
            return unknown("Reluplex in exact fractions", f"it was not done after {seconds:g} CPU seconds")
        pivots, splits = pivots + solution.pivots, splits + solution.splits
        how = f"Reluplex in exact fractions, {pivots:,} pivots and {splits:,} splits"
        if solution.inputs is not None:
            witness = _witness(network, query, replay, solution.inputs)
            if witness is None:
                return unknown(how, "its counterexample is bad in fractions, but not in floating point")
            return refuted(how, _counterexample(network, witness))
    return proved(f"Reluplex in exact fractions, {pivots:,} pivots and {splits:,} splits")


def _behind(
    network: PiecewiseNetwork, query: Query, first: ProofVerdict, seconds: float, replay: Replay | None
) -> ProofVerdict:
    """Returns what Marabou says where bounds say nothing, if it can be asked."""
    if first.status is not Status.UNKNOWN or marabou_process.version() is None:
        return first
    if reason := marabou_process.obstacle(network):
        return dataclasses.replace(first, reason=f"{first.reason}; Marabou was not asked, because {reason}")
    second = _of_marabou(network, query, seconds, replay)
    how, budget = f"{first.how}, then {second.how}", f"{first.budget}, then {second.budget}"
    reason = f"{first.reason}; {second.reason}" if second.reason else ""
    return ProofVerdict(second.status, how, reason, second.counterexample, first.checked, None, budget, exact=False)
