"""ACAS Xu (Katz et al. 2017): verdicts on which the tools of VNN-COMP 2021 agree."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from mesascope.proof.branch_and_bound import Query
from mesascope.proof.decide import decide
from mesascope.proof.onnx_reading import of_onnx, onnx_runner
from mesascope.proof.verdict import Status
from mesascope.proof.vnnlib import read_property

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "acasxu"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="shared/data/acasxu is not beside the checkout")


def agrees(network: str, number: int, published: str) -> None:
    path = DATA / f"acasxu_{network}.onnx"
    box, bad = read_property(DATA / f"property_{number}.txt")
    replay = onnx_runner(path)
    # Time enough on any machine: what is slow is the ledger's to say.
    (verdict,) = decide(of_onnx(path, box), [Query(box, bad.widened(5))], seconds=300.0, replay=replay)
    assert verdict.status is (Status.PROVED if published == "holds" else Status.REFUTED), (network, number)
    if verdict.counterexample is not None:
        witness = np.array([verdict.counterexample.inputs])
        assert ((box.low.ravel() <= witness) & (witness <= box.high.ravel())).all()
        assert bad.widened(5).holds(replay(witness))[0]


@pytest.mark.parametrize(
    ("network", "number", "published"),
    [
        ("4_5", 4, "holds"),
        ("4_5", 3, "holds"),
        ("4_5", 2, "violated"),
        ("2_1", 4, "holds"),
        ("2_1", 2, "violated"),
        ("1_7", 3, "violated"),
    ],
)
def test_a_handful_agrees_with_what_is_published(network, number, published):
    agrees(network, number, published)


@pytest.mark.slow
@pytest.mark.parametrize("number", [3, 4])
def test_a_property_of_all_45_networks_agrees_with_what_is_published(number):
    with (DATA / "published_verdicts.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if int(row["property"]) == number]
    assert len(rows) == 45
    for row in rows:
        agrees(row["network"], number, row["verdict"])
