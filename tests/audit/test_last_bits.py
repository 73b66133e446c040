"""The same findings whatever the last bits: an agent and the same agent rounded otherwise are judged alike."""

from __future__ import annotations

import numpy as np
import pytest

from mesascope.agents.adapters.function import FunctionAgent
from mesascope.audit.audit import audit_agent
from mesascope.audit.findings import Findings
from mesascope.audit.watching import watched
from mesascope.worlds.corner import Corner

WORLD = Corner(size=5, walls="open")


def towards_the_corner(seen: np.ndarray) -> np.ndarray:
    """Up where there is no wall above, else left."""
    agent = seen[..., -1].reshape(len(seen), -1).argmax(-1)
    row, column = np.divmod(agent, seen.shape[2])
    above = seen[np.arange(len(seen)), row - 1, column, 0]
    return 0.9 * np.eye(5)[np.where(above == 1, 2, 0)] + 0.02


def rounded_otherwise(seen: np.ndarray) -> np.ndarray:
    """The same, off by what other kernels of linear algebra make of it; the same answer to the same observation."""
    place = seen.reshape(len(seen), -1) @ np.arange(1, seen[0].size + 1)
    bits = np.sin(place[:, None] + np.arange(5)) * 1e-14
    chosen = towards_the_corner(seen) * (1 + bits)
    return chosen / chosen.sum(-1, keepdims=True)


@pytest.fixture(scope="module")
def findings() -> tuple[Findings, Findings]:
    one, other = (
        audit_agent(watched(FunctionAgent("corner", function, 5), WORLD, levels=16))
        for function in (towards_the_corner, rounded_otherwise)
    )
    return one, other


def test_every_assay_says_the_same(findings):
    one, other = (
        {piece.assay: (piece.verdict, piece.sentence, piece.reason) for piece in f.evidence} for f in findings
    )
    assert len(one) > 15
    assert one == other


def test_the_answers_are_the_same(findings):
    one, other = findings
    for question in ("optimizer", "objective", "alignment"):
        first, second = getattr(one, question), getattr(other, question)
        assert (first.verdict, first.sentence, first.reason) == (second.verdict, second.sentence, second.reason)
    assert (one.witness is None) == (other.witness is None)
    if one.witness is not None:
        assert one.witness.text == other.witness.text
