"""Networks of ONNX files, which others wrote: checked before they are believed, read as affine maps and rectifiers.

Sizes, kinds of numbers and operators are looked at before any array is made; nothing outside the file is opened, and an
operator that is not listed here is refused by its name.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from mesascope.agents.networks.network import MAXIMUM_PARAMETERS
from mesascope.agents.reading import read_model_file
from mesascope.core.errors import MissingExtraError, UntrustedModelError, UsageError
from mesascope.core.text import quoted, shown
from mesascope.proof.box import Box
from mesascope.proof.piecewise import PiecewiseNetwork, Reading, Value

MAXIMUM_BYTES: int = 64 * 2**20
MAXIMUM_PARTS: int = 10_000
"""Operators, and arrays, of a file."""
OPSETS = range(7, 24)
"""Versions of ONNX's operators in which those below mean the same."""

Operand = Value | np.ndarray
Runner = Callable[[Float[np.ndarray, "B D"]], Float[np.ndarray, "B O"]]


def of_onnx(path: str | os.PathLike, box: Box) -> PiecewiseNetwork:
    """Returns the outputs of an ONNX file as a function of what varies in a box.

    **Arguments:**

    - `path`: the file, with one input and one output.
    - `box`: of the input, flattened in C order; a batch has one member.

    **Raises:** `MissingExtraError` without the extra `onnx`; `UntrustedModelError` for a file that is broken, too
    large or not self-contained, and for numbers that are not finite; `UsageError` for an operator that bounds do not
    know, or a box of another size.
    """
    model, arrays = _checked(Path(path))
    (given,), (output,) = _inputs(model, arrays), model.graph.output
    shape = tuple(max(int(size.dim_value), 1) for size in given.type.tensor_type.shape.dim)
    if math.prod(shape) != box.low.size:
        raise UsageError(
            f"The network reads {math.prod(shape)} numbers (shape {list(shape)}); the box has {box.low.size}."
        )
    low, high = (end.reshape(shape) for end in (box.low, box.high))
    reading = Reading(low, low < high)
    values: dict[str, Operand] = {name: np.asarray(array) for name, array in arrays.items()}
    with jax.enable_x64(True):
        values[given.name] = reading.start()
        for node in model.graph.node:
            try:
                operands = [values[name] for name in node.input]
                values[node.output[0]] = OPERATORS[node.op_type](reading, operands, _attributes(node))
            except (KeyError, IndexError, TypeError, ValueError) as error:
                why = f"its operator {node.op_type} cannot be followed: {shown(error, limit=160)}"
                raise UntrustedModelError(why, path=path, field=shown(node.name, limit=80)) from error
        if output.name not in values:
            raise UntrustedModelError("no operator makes its output.", path=path, field=shown(output.name, limit=80))
        return reading.network(reading.linear(jnp.ravel, values[output.name]))


def onnx_runner(path: str | os.PathLike) -> Runner:
    """Returns the network of an ONNX file as onnxruntime computes it, one row at a time, to replay witnesses.

    **Arguments:**

    - `path`: the file.

    **Raises:** as `of_onnx`.
    """
    model, arrays = _checked(Path(path))
    try:
        import onnxruntime
    except ImportError as error:
        raise MissingExtraError("Replaying a witness in onnxruntime", "onnx", "onnxruntime") from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # Its own classes are no base of one another.
        raise UntrustedModelError(f"onnxruntime refuses it: {shown(error, limit=160)}", path=path) from error
    (given,) = _inputs(model, arrays)
    shape = tuple(max(int(size.dim_value), 1) for size in given.type.tensor_type.shape.dim)

    def run(inputs: Float[np.ndarray, "B D"]) -> Float[np.ndarray, "B O"]:
        rows = [session.run(None, {given.name: row.reshape(shape).astype(np.float32)})[0] for row in inputs]
        return np.stack([np.asarray(row, np.float64).ravel() for row in rows])

    return run


def _checked(path: Path) -> tuple[Any, dict[str, np.ndarray]]:
    """Returns a file's model and its arrays, once it is known to be small, whole and made of known parts."""
    try:
        import onnx
    except ImportError as error:
        raise MissingExtraError("Reading ONNX files", "onnx", "onnx") from error
    content = read_model_file(path, maximum_bytes=MAXIMUM_BYTES)
    try:
        model = onnx.load_model_from_string(content)
    except Exception as error:  # Whatever protobuf raises.
        raise UntrustedModelError(f"it is no ONNX file: {shown(error, limit=160)}", path=path) from error
    graph = model.graph
    constants = [attribute.t for node in graph.node for attribute in node.attribute if attribute.HasField("t")]
    if not graph.node or max(len(graph.node), len(graph.initializer) + len(constants)) > MAXIMUM_PARTS:
        raise UntrustedModelError(f"it has no operators, or more than {MAXIMUM_PARTS:,} parts.", path=path)
    versions = [one.version for one in model.opset_import if one.domain in ("", "ai.onnx")]
    if len(versions) != 1 or versions[0] not in OPSETS or model.functions or graph.sparse_initializer:
        raise UsageError(
            f"The file uses operators of version {versions[:3]}, functions or sparse arrays; versions {OPSETS.start} "
            f"to {OPSETS.stop - 1} without either are read. Export it again."
        )
    for node in graph.node:
        if node.domain not in ("", "ai.onnx") or node.op_type not in OPERATORS or len(node.output) != 1:
            raise UsageError(
                f"The network uses the operator {quoted(node.op_type)}, of which bounds are not known. Known are: "
                f"{', '.join(sorted(OPERATORS))}."
            )
    numbers = 0
    for tensor in (*graph.initializer, *constants):
        name = shown(tensor.name or "constant", limit=80)
        numbers += math.prod(tensor.dims)
        if tensor.data_location == onnx.TensorProto.EXTERNAL or tensor.external_data:
            raise UntrustedModelError("this array lies in another file, which is not opened.", path=path, field=name)
        if tensor.data_type not in (onnx.TensorProto.FLOAT, onnx.TensorProto.DOUBLE, onnx.TensorProto.INT64):
            raise UntrustedModelError("this array has numbers of an unusual kind.", path=path, field=name)
        if any(size < 0 for size in tensor.dims) or numbers > MAXIMUM_PARAMETERS:
            raise UntrustedModelError("this array has an impossible shape, or is too large.", path=path, field=name)
    return model, {tensor.name: _array(tensor, path) for tensor in graph.initializer}


def _array(tensor: Any, path: object) -> np.ndarray:
    from onnx import numpy_helper

    name = shown(tensor.name or "constant", limit=80)
    try:
        array = numpy_helper.to_array(tensor)
    except Exception as error:
        why = f"this array is not what it says: {shown(error, limit=160)}"
        raise UntrustedModelError(why, path=path, field=name) from error
    if not np.isfinite(array).all():
        raise UntrustedModelError("this array has numbers that are not finite.", path=path, field=name)
    return array if array.dtype == np.int64 else array.astype(np.float64)


def _inputs(model: Any, arrays: Mapping[str, np.ndarray]) -> list[Any]:
    given = [one for one in model.graph.input if one.name not in arrays]
    if len(given) != 1 or len(model.graph.output) != 1:
        raise UsageError(
            f"The network has {len(given)} inputs and {len(model.graph.output)} outputs; one of each is read."
        )
    return given


def _attributes(node: Any) -> dict[str, Any]:
    from onnx import helper

    return {
        one.name: _array(one.t, node.op_type) if one.HasField("t") else helper.get_attribute_value(one)
        for one in node.attribute
    }


def _elementwise(function: Callable) -> Callable:
    return lambda reading, operands, attributes: reading.linear(function, *operands)


def _product(function: Callable) -> Callable:
    def product(reading: Reading, operands: list[Operand], attributes: Mapping[str, Any]) -> Operand:
        divides = function is jnp.divide and isinstance(operands[1], Value)
        if divides or all(isinstance(operand, Value) for operand in operands[:2]):
            raise UsageError("The network multiplies or divides by what varies in the box; bounds are of affine maps.")
        return reading.linear(function, *operands)

    return product


def _gemm(reading: Reading, operands: list[Operand], attributes: Mapping[str, Any]) -> Operand:
    left, right = ("transA", "transB")
    alpha, beta = attributes.get("alpha", 1.0), attributes.get("beta", 1.0)

    def product(a, b, *c):
        a, b = a.T if attributes.get(left) else a, b.T if attributes.get(right) else b
        return alpha * (a @ b) + sum(beta * one for one in c)

    return _product(product)(reading, operands, attributes)


def _convolution(reading: Reading, operands: list[Operand], attributes: Mapping[str, Any]) -> Operand:
    kernel = np.asarray(operands[1])
    sides = kernel.ndim - 2
    if attributes.get("auto_pad", b"NOTSET") != b"NOTSET":
        raise UsageError("The network pads a convolution by auto_pad; export it with explicit pads.")
    pads = attributes.get("pads", [0] * 2 * sides)

    def convolve(image, kernel, *bias):
        result = jax.lax.conv_general_dilated(
            image,
            kernel,
            attributes.get("strides", [1] * sides),
            list(zip(pads[:sides], pads[sides:], strict=True)),
            rhs_dilation=attributes.get("dilations", [1] * sides),
            feature_group_count=attributes.get("group", 1),
        )
        return result + sum(one.reshape(-1, *[1] * sides) for one in bias)

    return _product(convolve)(reading, operands, attributes)


def _shaped(shape_of: Callable[[tuple[int, ...], list[int], Mapping[str, Any]], Any]) -> Callable:
    """Returns an operator that only lays numbers out otherwise, by the shape that an operand or attribute asks for."""

    def reshape(reading: Reading, operands: list[Any], attributes: Mapping[str, Any]) -> Operand:
        value, *asked = operands
        wanted = [int(one) for one in np.ravel(asked[0])] if asked else list(attributes.get("axes", []))
        shape = value.constant.shape if isinstance(value, Value) else value.shape
        return reading.linear(lambda array: jnp.reshape(array, shape_of(shape, wanted, attributes)), value)

    return reshape


def _flat(shape: tuple[int, ...], wanted: list[int], attributes: Mapping[str, Any]) -> tuple[int, int]:
    axis = attributes.get("axis", 1)
    return math.prod(shape[:axis]), math.prod(shape[axis:])


def _reshaped(shape: tuple[int, ...], wanted: list[int], attributes: Mapping[str, Any]) -> list[int]:
    return [shape[place] if size == 0 else size for place, size in enumerate(wanted)]


def _squeezed(shape: tuple[int, ...], wanted: list[int], attributes: Mapping[str, Any]) -> list[int]:
    gone = [axis % len(shape) for axis in wanted] or [axis for axis, size in enumerate(shape) if size == 1]
    return [size for axis, size in enumerate(shape) if axis not in gone]


def _unsqueezed(shape: tuple[int, ...], wanted: list[int], attributes: Mapping[str, Any]) -> list[int]:
    rest, ones = iter(shape), [axis % (len(shape) + len(wanted)) for axis in wanted]
    return [1 if axis in ones else next(rest) for axis in range(len(shape) + len(wanted))]


OPERATORS: dict[str, Callable[[Reading, list[Operand], Mapping[str, Any]], Operand]] = {
    "Add": _elementwise(jnp.add),
    "Sub": _elementwise(jnp.subtract),
    "Neg": _elementwise(jnp.negative),
    "Mul": _product(jnp.multiply),
    "Div": _product(jnp.divide),
    "MatMul": _product(jnp.matmul),
    "Gemm": _gemm,
    "Conv": _convolution,
    "Relu": lambda reading, operands, attributes: reading.activate("relu", operands[0]),
    "Tanh": lambda reading, operands, attributes: reading.activate("tanh", operands[0]),
    "Flatten": _shaped(_flat),
    "Reshape": _shaped(_reshaped),
    "Squeeze": _shaped(_squeezed),
    "Unsqueeze": _shaped(_unsqueezed),
    "Transpose": lambda reading, operands, attributes: reading.linear(
        lambda array: jnp.transpose(array, attributes.get("perm")), operands[0]
    ),
    "Concat": lambda reading, operands, attributes: reading.linear(
        lambda *arrays: jnp.concatenate(arrays, attributes["axis"]), *operands
    ),
    "Constant": lambda reading, operands, attributes: attributes["value"],
    "Identity": lambda reading, operands, attributes: operands[0],
}
"""Operators that are followed."""
