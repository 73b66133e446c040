"""Marabou, an exact solver of others (Wu et al. 2024, arXiv 2401.14461), in a process of its own.

What it does there, crashes and endless loops included, ends that process only. This file is its program, too:
it imports nothing of Mesascope while it is run, because that would take longer than most questions.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import io
import json
import resource
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from mesascope.proof.box import Box
    from mesascope.proof.piecewise import PiecewiseNetwork

MEMORY: int = 4 * 2**30
"""Bytes that it may have."""
PATIENCE: float = 30.0
"""Wall seconds for each CPU second that it may take, on a machine that does other things as well."""
LARGEST: int = 2**26
"""Bytes of its answer that are read."""


@dataclass(frozen=True)
class Answer:
    """What Marabou said.

    **Arguments:**

    - `said`: `"sat"`, `"unsat"`, or why neither.
    - `inputs`: the free inputs of a point that it calls bad; empty where it has none.
    - `seconds`: CPU time of its process.
    """

    said: str
    inputs: tuple[float, ...]
    seconds: float


def version() -> str | None:
    """Returns its version, or `None` where it is not installed."""
    return importlib.metadata.version("maraboupy") if importlib.util.find_spec("maraboupy") else None


def obstacle(network: PiecewiseNetwork) -> str | None:
    """Returns why Marabou is not asked about a network; `None` if it can be.

    Where connections go past a layer, version 2.0.0 calls questions unsatisfiable that have a witness.
    """
    if others := set(network.activations) - {"relu"}:
        return f"it is asked about rectifiers only, not about {', '.join(sorted(others))}"
    if any(set(layer.weights) - {place} for place, layer in enumerate((*network.layers, network.outputs))):
        return "its answers are wrong where connections go past a layer, as in this network"
    return None


def marabou(network: PiecewiseNetwork, box: Box, rows: np.ndarray, offsets: np.ndarray, *, seconds: float) -> Answer:
    """Returns whether any point of a box makes all rows `rows @ outputs + offsets <= 0`, according to Marabou.

    **Arguments:**

    - `network`: without an `obstacle`.
    - `box`: that the network was made for.
    - `rows`, `offsets`: one case of bad outputs.
    - `seconds`: of CPU that it may take.

    **Raises:** `MissingExtraError` where it is not installed; `UsageError` for a network with an `obstacle`.
    """
    from mesascope.core.errors import MissingExtraError, UsageError

    if version() is None:
        raise MissingExtraError("The engine Marabou", "marabou", "maraboupy")
    if reason := obstacle(network):
        raise UsageError(f"Marabou cannot be used here: {reason}. Use the engine 'bounds'.")
    arrays = {"rows": rows, "offsets": offsets, "widths": np.array([len(network.free), *network.widths])}
    arrays |= {name: end.reshape(-1)[network.free] for name, end in (("low", box.low), ("high", box.high))}
    for index, affine in enumerate((*network.layers, network.outputs)):
        arrays[f"bias-{index}"] = affine.bias
        arrays |= {f"weight-{index}-{layer}": weight for layer, weight in affine.weights.items()}
    content = io.BytesIO()
    np.savez(content, allow_pickle=False, **arrays)
    before = _spent()
    try:
        done = subprocess.run(
            [sys.executable, "-I", __file__, str(int(np.ceil(seconds)))],
            input=content.getvalue(),
            capture_output=True,
            timeout=PATIENCE * max(seconds, 1.0),
            check=False,
        )
        said, inputs = _read(done.returncode, done.stdout[-LARGEST:])
    except subprocess.TimeoutExpired:
        said, inputs = "was not done in time", ()
    return Answer(said, inputs, _spent() - before)


def _spent() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _read(code: int, printed: bytes) -> tuple[str, tuple[float, ...]]:
    try:
        answer = json.loads(printed.rstrip().rpartition(b"\n")[2])
        said, inputs = str(answer["said"]), tuple(float(number) for number in answer["inputs"])
    except (ValueError, TypeError, KeyError):
        return f"was not done in its CPU time, or failed (exit code {code})", ()
    return said if said in ("sat", "unsat") else f"ended with '{said[:40]}'", inputs


def _solve(arrays: Any, seconds: int) -> dict[str, Any]:
    """Asks Marabou; in its own process."""
    resource.setrlimit(resource.RLIMIT_CPU, (seconds + 1, seconds + 2))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    from maraboupy import MarabouCore  # pyright: ignore[reportAttributeAccessIssue]

    query, widths = MarabouCore.InputQuery(), [int(width) for width in arrays["widths"]]
    outputs = len(arrays[f"bias-{len(widths) - 1}"])
    query.setNumberOfVariables(widths[0] + 2 * sum(widths[1:]) + outputs)
    units, count = [range(widths[0])], widths[0]

    def sums(index: int, start: int) -> None:
        for unit, bias in enumerate(arrays[f"bias-{index}"]):
            equation = MarabouCore.Equation(MarabouCore.Equation.EQ)
            equation.addAddend(-1.0, start + unit)
            for layer, before in enumerate(units):
                if (name := f"weight-{index}-{layer}") in arrays:
                    for variable, weight in zip(before, arrays[name][unit], strict=True):
                        equation.addAddend(float(weight), variable)
            equation.setScalar(-float(bias))
            query.addEquation(equation)

    for variable, (low, high) in enumerate(zip(arrays["low"], arrays["high"], strict=True)):
        query.setLowerBound(variable, float(low))
        query.setUpperBound(variable, float(high))
        query.markInputVariable(variable, variable)
    for index, width in enumerate(widths[1:]):
        sums(index, count)
        for unit in range(width):
            query.setLowerBound(count + width + unit, 0.0)
            MarabouCore.addReluConstraint(query, count + unit, count + width + unit)
        units.append(range(count + width, count + 2 * width))
        count += 2 * width
    sums(len(widths) - 1, count)
    for output in range(outputs):
        query.markOutputVariable(count + output, output)
    for row, offset in zip(arrays["rows"], arrays["offsets"], strict=True):
        equation = MarabouCore.Equation(MarabouCore.Equation.LE)
        for output, weight in enumerate(row):
            if weight:
                equation.addAddend(float(weight), count + output)
        equation.setScalar(-float(offset))
        query.addEquation(equation)
    options = MarabouCore.Options()
    options._verbosity = 0
    said, values, _ = MarabouCore.solve(query, options, "")
    inputs = [values[variable] for variable in range(widths[0])] if said == "sat" else []
    return {"said": said, "inputs": inputs}


if __name__ == "__main__":
    with np.load(io.BytesIO(sys.stdin.buffer.read()), allow_pickle=False) as given:
        print("\n" + json.dumps(_solve(dict(given), int(sys.argv[1]))))
