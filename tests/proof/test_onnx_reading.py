"""Networks of ONNX files: the same numbers as onnxruntime, and what others may have put into them."""

from __future__ import annotations

import os

import numpy as np
import pytest

from mesascope.core.errors import MesascopeError, UntrustedModelError, UsageError
from mesascope.proof.box import Box
from mesascope.proof.onnx_reading import of_onnx, onnx_runner

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
FLOAT = onnx.TensorProto.FLOAT
RANDOM = np.random.default_rng(0)


def array(name: str, *shape: int, values: np.ndarray | None = None):
    values = RANDOM.normal(size=shape).astype(np.float32) if values is None else values
    return onnx.numpy_helper.from_array(values, name)


def node(operator: str, *inputs: str, **attributes):
    return onnx.helper.make_node(operator, list(inputs[:-1]), [inputs[-1]], **attributes)


def model(nodes, arrays, shape=(1, 6), output="out", opset=13):
    given = onnx.helper.make_tensor_value_info("in", FLOAT, shape)
    made = onnx.helper.make_tensor_value_info(output, FLOAT, None)
    graph = onnx.helper.make_graph(nodes, "network", [given], [made], arrays)
    return onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", opset)], ir_version=8)


def dense():
    nodes = [
        node("Gemm", "in", "w", "b", "h", alpha=0.5, transB=1),
        node("Relu", "h", "r"),
        node("MatMul", "r", "v", "t"),
        node("Tanh", "t", "s"),
        node("Concat", "s", "r", "both", axis=1),
        node("Mul", "both", "c", "m"),
        node("Sub", "m", "c", "out"),
    ]
    return model(nodes, [array("w", 4, 6), array("b", 4), array("v", 4, 3), array("c", 7)])


def convolutional():
    nodes = [
        node("Transpose", "in", "first", perm=[0, 3, 1, 2]),
        node("Conv", "first", "k", "b", "image", pads=[1, 1, 1, 1], strides=[2, 1]),
        node("Relu", "image", "seen"),
        node("Add", "seen", "seen", "doubled"),
        node("Reshape", "doubled", "shape", "flat"),
        node("Unsqueeze", "flat", "axes", "more"),
        node("Squeeze", "more", "axes", "less"),
        node("MatMul", "less", "w", "out"),
    ]
    shape, axes = (np.array(one, np.int64) for one in ([1, -1], [0]))
    arrays = [array("k", 3, 2, 3, 3), array("b", 3), array("w", 3 * 2 * 4, 5)]
    return model(nodes, [*arrays, array("shape", values=shape), array("axes", values=axes)], shape=(1, 4, 4, 2))


@pytest.fixture
def saved(tmp_path):
    def saved(content) -> str:
        path = tmp_path / "network.onnx"
        path.write_bytes(content if isinstance(content, bytes) else content.SerializeToString())
        return str(path)

    return saved


@pytest.mark.parametrize(("make", "size"), [(dense, 6), (convolutional, 32)])
def test_it_is_the_network_that_onnxruntime_runs(saved, make, size):
    path = saved(make())
    network = of_onnx(path, Box(-np.ones(size), np.ones(size)))
    inputs = RANDOM.uniform(-1, 1, (20, size))
    np.testing.assert_allclose(network(inputs), onnx_runner(path)(inputs), atol=1e-5)


def test_what_the_box_pins_is_a_constant_of_the_network(saved):
    path, pinned = saved(dense()), np.linspace(-1, 1, 6)
    high = pinned + np.array([0, 0, 1, 0, 0, 0])
    network = of_onnx(path, Box(pinned, high))
    assert network.free.tolist() == [2]
    np.testing.assert_allclose(network(high[None]), onnx_runner(path)(high[None]), atol=1e-5)


def changed(change):
    made = dense()
    change(made)
    return made


def external(made):
    tensor = made.graph.initializer[0]
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../../../etc/hostname")


def huge(made):
    made.graph.initializer[0].dims[:] = [2**40, 2**20]


def not_a_number(made):
    values = np.full((4, 6), np.nan, np.float32)
    made.graph.initializer[0].CopyFrom(array("w", values=values))


def short(made):
    made.graph.initializer[0].dims[:] = [4, 7]


def subgraph(made):
    made.graph.node[1].op_type = "Loop"


@pytest.mark.parametrize(
    ("content", "error", "said"),
    [
        (b"", UntrustedModelError, "no operators"),
        (b"not a network", UntrustedModelError, "no ONNX file"),
        (changed(external), UntrustedModelError, "another file"),
        (changed(huge), UntrustedModelError, "too large"),
        (changed(not_a_number), UntrustedModelError, "not finite"),
        (changed(short), UntrustedModelError, "not what it says"),
        (changed(subgraph), UsageError, "'Loop', of which bounds are not known"),
        (changed(lambda made: made.graph.node.add(op_type="Erf", output=["x"])), UsageError, "'Erf'"),
        (changed(lambda made: setattr(made.graph.node[0], "domain", "com.evil")), UsageError, "Gemm"),
        (
            changed(lambda made: made.graph.node[1].input.pop()),
            UntrustedModelError,
            "Relu",
        ),
        (changed(lambda made: made.graph.input.add(name="second")), UsageError, "2 inputs"),
        (changed(lambda made: setattr(made.opset_import[0], "version", 99)), UsageError, "99"),
        (changed(lambda made: setattr(made.graph.output[0], "name", "elsewhere")), UntrustedModelError, "elsewhere"),
    ],
)
def test_hostile_and_broken_files_are_refused_for_their_reason(saved, content, error, said):
    with pytest.raises(error, match=said):
        of_onnx(saved(content), Box(np.zeros(6), np.ones(6)))


def test_a_product_of_what_varies_is_no_affine_map(saved):
    made = model([node("Mul", "in", "in", "out")], [])
    with pytest.raises(UsageError, match="multiplies or divides by what varies"):
        of_onnx(saved(made), Box(np.zeros(6), np.ones(6)))
    # Where nothing varies there is nothing to bound.
    assert of_onnx(saved(made), Box(np.full(6, 2.0), np.full(6, 2.0)))(np.full((1, 6), 2.0)).tolist() == [[4.0] * 6]


def test_a_box_of_another_size_is_refused(saved):
    with pytest.raises(UsageError, match="reads 6 numbers"):
        of_onnx(saved(dense()), Box(np.zeros(5), np.ones(5)))


def test_a_link_is_not_followed(saved, tmp_path):
    os.symlink(saved(dense()), tmp_path / "link.onnx")
    with pytest.raises(UntrustedModelError, match="symbolic link"):
        of_onnx(tmp_path / "link.onnx", Box(np.zeros(6), np.ones(6)))


def test_a_damaged_file_gives_a_network_or_a_refusal(saved):
    content = dense().SerializeToString()
    for _ in range(60):
        damaged = bytearray(content)
        for place in RANDOM.integers(len(content), size=3):
            damaged[place] = RANDOM.integers(256)
        try:
            of_onnx(saved(bytes(damaged)), Box(np.zeros(6), np.ones(6)))
        except MesascopeError:
            continue
