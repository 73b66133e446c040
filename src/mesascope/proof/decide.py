"""The question that all engines answer: does any vector of a box make the outputs bad?"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from mesascope.core.errors import UnknownNameError, UsageError
from mesascope.proof.branch_and_bound import BranchAndBound, Query, Search
from mesascope.proof.piecewise import PiecewiseNetwork
from mesascope.proof.verdict import Counterexample, ProofVerdict, proved, refuted, unknown

ENGINES: tuple[str, ...] = ("bounds", "marabou", "reluplex", "both")


def decide(
    network: PiecewiseNetwork,
    queries: Sequence[Query],
    *,
    seconds: float = 5.0,
    engine: str = "bounds",
    replay: Callable[[np.ndarray], np.ndarray] | None = None,
) -> tuple[ProofVerdict, ...]:
    """Returns for each query whether its box holds no input that makes the outputs bad.

    **Arguments:**

    - `network`: what is asked about.
    - `queries`: about it; they share compiled batches.
    - `seconds`: CPU time that each may take, compiling not counted.
    - `engine`: `bounds` (branch and bound), `marabou` (the program, in a process of its own), `reluplex` (exact
      fractions, few units), or `both`: bounds first, and Marabou on what they leave open.
    - `replay`: the original network, from inputs `[B, D]` to outputs `[B, O]`: a witness counts if it is bad there.

    **Raises:** `UsageError` for a box of another shape or budget that is not above 0; `UnknownNameError` for another
    engine; `MissingExtraError` for Marabou where it is not installed.
    """
    if engine not in ENGINES:
        raise UnknownNameError("engine", engine, ENGINES)
    if not seconds > 0:
        raise UsageError(f"A budget of {seconds} CPU seconds is none; give more than 0.")
    for query in queries:
        _check(network, query)
    searches = BranchAndBound(network, queries, replay).run(seconds=seconds)
    return tuple(_verdict(search, network, seconds) for search in searches)


def _check(network: PiecewiseNetwork, query: Query) -> None:
    if query.box.low.size != network.inputs.size:
        raise UsageError(
            f"The box has {query.box.low.size:,} numbers; the network has {network.inputs.size:,} inputs, of shape "
            f"{list(network.shape)}."
        )
    outputs = len(network.outputs.bias)
    for rows, offsets in query.bad.cases:
        if rows.shape != (len(offsets), outputs) or not len(offsets):
            raise UsageError(f"Bad outputs have rows of {outputs} numbers, one or more; these have {list(rows.shape)}.")


def _verdict(search: Search, network: PiecewiseNetwork, seconds: float) -> ProofVerdict:
    how = f"bounds over {search.checked:,} parts, up to floating point"
    numbers = {"checked": search.checked, "budget": f"{search.seconds:.2f} CPU seconds", "exact": False}
    if search.witness is not None:
        outputs = network(search.witness[None])[0]
        said = ", ".join(f"{number:.6g}" for number in outputs)
        witness = Counterexample(f"The outputs are {said}.", tuple(search.witness), tuple(outputs))
        return refuted(how, witness, **numbers)
    if search.stuck:
        return unknown(how, f"{search.stuck:,} parts without halves lie within rounding of bad outputs", **numbers)
    if not search.open:
        return proved(how, **numbers)
    return unknown(how, f"{len(search.open):,} parts were left after {seconds:g} CPU seconds", **numbers)
