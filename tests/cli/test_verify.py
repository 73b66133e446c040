from __future__ import annotations

import json

import numpy as np
import pytest

WORLD = ("--world", "corner", "--world-option", "size=5", "--world-option", "walls=open")
ASKED = ("verify", "house_agents:to_the_corner", *WORLD, "--over", "placements")
BOX = "x0 >= 0\nx0 <= 1\nx1 >= 0\nx1 <= 1\n+y0 >= {}\n"


def test_what_holds_everywhere_is_proved(house):
    code, out, err = house[1](*ASKED, "--always", "optimal:corner", "--must-hold", "--out", "holds")
    assert code == 0, err
    assert "PROVED It always takes an action that is optimal for 'corner'." in out
    assert "80 of 80 looked at" in out
    assert "it holds exactly" in out


def test_what_is_false_somewhere_is_refuted_by_a_level_that_is_drawn(house):
    folder, run = house
    code, out, err = run(*ASKED, "--always", "base-optimal", "--must-hold", "--out", "false")
    assert code == 1, err
    assert "REFUTED" in out
    assert "refuted here" in out
    assert "holds here" in out
    data = json.loads((folder / "false" / "verify.json").read_text())
    shown = data["verdict"]["counterexample"]
    assert shown["level"]["text"].count("C") == 1
    assert shown["behaves"]["text"].count("C") == 1
    assert "<svg" in (folder / "false" / "verify.html").read_text()


def test_a_sample_leaves_open_and_says_how_much_it_says(house):
    corner = [*ASKED[:-2], "--over", "train", "--sample", "16", "--out", "sampled"]
    code, out, err = house[1](*corner, "--always", "optimal:corner", "--must-hold")
    assert code == 3, err
    assert "UNKNOWN" in out
    assert "sampled 16 of" in out
    assert "a sample proves nothing" in out


def test_a_control_that_is_not_refuted_leaves_everything_open(house):
    code, out, err = house[1](*ASKED, "--always", "optimal:corner", "--control", "shifts:1", "--out", "control")
    assert code == 0, err
    assert "UNKNOWN" in out
    assert "control" in out


def test_what_nothing_could_violate_is_not_proved(house):
    code, out, err = house[1](*ASKED, "--always", "up,down,left,right,stay", "--out", "vacuous")
    assert code == 0, err
    assert "nothing that could be done here would violate it" in " ".join(out.split())


def test_an_event_is_followed_to_its_end(house):
    code, out, err = house[1](*ASKED, "--always", "corner-top-left", "--out", "event")
    assert code == 0, err
    assert "PROVED It always makes 'corner-top-left' happen sooner or later." in out
    code, out, err = house[1](*ASKED, "--never", "cheese", "--from", "first", "--out", "event", "--force")
    assert code == 0, err
    assert "REFUTED" in out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--over", "placements"), "Nothing is to be verified"),
        (("--always", "up", "--never", "down"), "More than one thing"),
        (("--always", "base-optima"), "Did you mean 'base-optimal'"),
        (("--never", "chees"), "Did you mean 'cheese'"),
        (("--always", "optimal:chese"), "cheese"),
        (("--always", "up", "--over", "placement"), "Did you mean 'placements'"),
        (("--always", "up", "--over", "walls"), "walls:N"),
        (("--always", "up", "--over", "walls:1000"), "walls"),
        (("--always", "up", "--level", "missing.txt"), "missing.txt"),
        (("--always", "up", "--latent", "-1"), "--latent"),
        (("--always", "up", "--latent", "0.5"), "gradients"),
        (("--always", "up", "--at-most", "2"), "--at-most"),
    ],
)
def test_what_cannot_be_asked_is_said(house, options, said):
    code, out, err = house[1](*ASKED[:-2], *options)
    assert code == 2, out
    assert said in err


def test_a_level_of_your_own_is_what_placements_start_from(house):
    folder, run = house
    (folder / "level.txt").write_text("#####\n#..C#\n#.#.#\n#...#\n#####\n")
    code, out, err = run(*ASKED, "--always", "base-optimal", "--level", "level.txt", "--out", "own")
    assert code == 0, err
    assert "8 layouts" in out


def test_numbers_of_an_onnx_file_are_decided_by_bounds(house):
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    folder, run = house
    kind, helper, weights = onnx.TensorProto.FLOAT, onnx.helper, np.ones((2, 1), np.float32)
    nodes = [helper.make_node("MatMul", ["in", "w"], ["sum"]), helper.make_node("Relu", ["sum"], ["out"])]
    ends = [helper.make_tensor_value_info(name, kind, shape) for name, shape in (("in", [1, 2]), ("out", [1, 1]))]
    graph = helper.make_graph(nodes, "sum", ends[:1], ends[1:], [onnx.numpy_helper.from_array(weights, "w")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    (folder / "sum.onnx").write_bytes(model.SerializeToString())
    for least, code in ((2.5, 0), (1.5, 1)):
        (folder / "property.txt").write_text(BOX.format(least))
        asked = ("verify", "sum.onnx", "--property", "property.txt", "--engine", "bounds", "--must-hold")
        found, out, err = run(*asked, "--out", "box", "--force")
        assert found == code, err
        assert ("PROVED" if code == 0 else "REFUTED") in out
        assert "rounding of double precision" in out or "inputs" in out
    (folder / "property.txt").write_text(BOX.format(1.5).replace("x0 >= 0", "x0 >= 2"))
    code, _, err = run("verify", "sum.onnx", "--property", "property.txt")
    assert code == 2
    assert "upside down at input" in err
