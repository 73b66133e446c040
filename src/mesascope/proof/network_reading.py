"""Networks of ours read for bounds: their traced operations, one by one."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import ClosedJaxpr, Literal

from mesascope.agents.networks.network import Network
from mesascope.agents.sites import opened
from mesascope.core.errors import UnknownNameError, UsageError
from mesascope.core.precision import as_double
from mesascope.proof.box import Box
from mesascope.proof.piecewise import PiecewiseNetwork, Reading, Value

LINEAR: frozenset[str] = frozenset(
    {"add", "add_any", "sub", "neg", "reshape", "transpose", "broadcast_in_dim", "squeeze", "expand_dims", "slice"}
    | {"rev", "pad", "concatenate", "copy", "reduce_sum", "cumsum", "optimization_barrier"}
)
"""Operations that are affine in all of their operands together."""
PRODUCTS: frozenset[str] = frozenset(("mul", "dot_general", "conv_general_dilated", "mesascope_convolve"))
"""Operations that are affine in one operand where the other is fixed."""
FIRST: frozenset[str] = frozenset(("div", "dynamic_slice", "gather"))
"""Operations that are affine in their first operand where the others are fixed."""
CALLS: frozenset[str] = frozenset(("jit", "pjit", "closed_call", "custom_jvp_call", "custom_vjp_call", "checkpoint"))
"""Operations that run others."""


def of_network(
    network: Network, box: Box, site: str | None = None, observation: np.ndarray | None = None
) -> PiecewiseNetwork:
    """Returns the action logits of a network as a function of what varies in a box.

    Its inputs are all numbers of the box, flattened in C order. What the box pins is a constant of the result, so that
    operations on it (where the agent stands) need not be affine.

    **Arguments:**

    - `network`: memoryless, one of ours.
    - `box`: of observations, or of the activations at a site.
    - `site`: the place in the network whose activations are the inputs; by default the observation is.
    - `observation`: what the network is shown meanwhile, where a site is given.

    **Raises:** `UsageError` if it has a memory, holds NaN, or does something to varying numbers that is neither affine
    nor a rectifier or hyperbolic tangent; `UnknownNameError` if there is no such site.
    """
    if network.initial_memory() is not None:
        raise UsageError(
            "The network has a memory: what it does depends on more than what it sees now, so that bounds of one step "
            "say nothing. Use the exact roll-out (a property of outcomes)."
        )
    if (site is None) != (observation is None):
        raise UsageError("A site and the observation that the network is shown belong together: give both or neither.")
    with jax.enable_x64(True):
        double = jax.tree.map(jnp.asarray, as_double(network))
        if site is None:

            def logits(inputs):
                return double(inputs, None)[0]

        else:
            shown = np.asarray(observation, np.float64)
            _, seen = jax.eval_shape(lambda: opened(lambda: double(jnp.asarray(shown), None), {}))
            if site not in seen:
                raise UnknownNameError("site in the network", site, seen)

            def logits(inputs):
                return opened(lambda: double(jnp.asarray(shown), None)[0], {site: inputs})[0]

        reading = Reading(box.low, box.low < box.high)
        traced = jax.make_jaxpr(logits)(box.low)
        (outputs,) = _run(reading, traced, [reading.start()])
    return reading.network(outputs)


def _run(reading: Reading, closed: ClosedJaxpr, operands: list[Any]) -> list[Any]:
    """Returns what traced operations make of their operands, which are arrays or `Value`s."""
    values: dict[Any, Any] = dict(zip(closed.jaxpr.constvars, map(np.asarray, closed.consts), strict=True))
    values.update(zip(closed.jaxpr.invars, operands, strict=True))

    def read(variable):
        return np.asarray(variable.val) if isinstance(variable, Literal) else values[variable]

    for equation in closed.jaxpr.eqns:
        results = _apply(reading, equation, [read(variable) for variable in equation.invars])
        values.update(zip(equation.outvars, results, strict=True))
    return [read(variable) for variable in closed.jaxpr.outvars]


def _apply(reading: Reading, equation: Any, operands: list[Any]) -> list[Any]:
    name = equation.primitive.name

    def bind(*arrays):
        return equation.primitive.bind(*arrays, **equation.primitive.get_bind_params(equation.params))

    varying = [isinstance(operand, Value) for operand in operands]
    if not any(varying):
        result = bind(*(jnp.asarray(operand) for operand in operands))
        return [np.asarray(one) for one in (result if equation.primitive.multiple_results else [result])]
    if name in CALLS:
        inner = next(equation.params[key] for key in ("jaxpr", "call_jaxpr", "fun_jaxpr") if key in equation.params)
        return _run(reading, inner if isinstance(inner, ClosedJaxpr) else ClosedJaxpr(inner, ()), operands)
    if name in SPECIAL:
        return [SPECIAL[name](reading, bind, *operands)]
    if name == "reduce_max":
        return [_largest(reading, operands[0], equation.params["axes"])]
    affine = (
        name in LINEAR
        or (name in PRODUCTS and sum(varying) == 1)
        or (name in FIRST and not any(varying[1:]))
        or (name == "select_n" and not varying[0])
    )
    if not affine:
        raise UsageError(
            f"The network applies '{name}' to numbers that vary in the box. Bounds are known for affine maps, "
            "rectifiers and hyperbolic tangents of what varies: pin what it is applied to (the plane of the agent, the "
            "cue), or enumerate the states."
        )
    return [reading.linear(bind, *operands)]


def _plus(reading: Reading, left, right):
    return reading.linear(lambda a, b: a + b, left, right)


def _minus(reading: Reading, left, right):
    return reading.linear(lambda a, b: a - b, left, right)


def _maximum(reading: Reading, bind, left, right):
    # Of two affine maps, too: max(a, b) = b + relu(a - b).
    return _plus(reading, right, reading.activate("relu", _minus(reading, left, right)))


def _largest(reading: Reading, value: Any, axes: tuple[int, ...]):
    """Returns the largest along some axes, half against half, so that few layers stand behind each other."""
    for axis in sorted(axes, reverse=True):
        while (size := value.constant.shape[axis]) > 1:
            halves = [
                reading.linear(functools.partial(jax.lax.slice_in_dim, start_index=a, limit_index=b, axis=axis), value)
                for a, b in ((0, size // 2), (size // 2, size // 2 * 2), (size // 2 * 2, size))
            ]
            value = _maximum(reading, None, *halves[:2])
            if size % 2:
                value = reading.linear(lambda *parts, axis=axis: jnp.concatenate(parts, axis), value, halves[2])
            if not isinstance(value, Value):
                return np.max(value, axes)
        value = reading.linear(functools.partial(jnp.squeeze, axis=axis), value)
    return value


def _minimum(reading: Reading, bind, left, right):
    return _minus(reading, left, reading.activate("relu", _minus(reading, left, right)))


def _absolute(reading: Reading, bind, value):
    return reading.linear(lambda rectified, own: 2 * rectified - own, reading.activate("relu", value), value)


SPECIAL: dict[str, Callable[..., Any]] = {
    "max": _maximum,
    "min": _minimum,
    "abs": _absolute,
    "tanh": lambda reading, bind, value: reading.activate("tanh", value),
    # To single precision and back is the identity here: bounds are those of the network in real numbers.
    "convert_element_type": lambda reading, bind, value: value,
}
"""Operations that are no affine maps, or need not be done."""
