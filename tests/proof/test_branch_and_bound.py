"""Engines that agree: bounds, Marabou and exact fractions, on questions that samples cannot settle alone."""

from __future__ import annotations

import dataclasses
import importlib.util

import numpy as np
import pytest

from mesascope.core.errors import UsageError
from mesascope.proof import branch_and_bound, marabou
from mesascope.proof.box import BadOutputs, Box
from mesascope.proof.branch_and_bound import Part, Query, split
from mesascope.proof.decide import VACUOUS, decide
from mesascope.proof.piecewise import Affine, PiecewiseNetwork
from mesascope.proof.verdict import Status
from tests.proof.small_networks import random_network

with_marabou = pytest.mark.skipif(importlib.util.find_spec("maraboupy") is None, reason="Marabou is not installed")


def below(network: PiecewiseNetwork, threshold: float) -> BadOutputs:
    """Bad: the first output is at most a threshold."""
    return BadOutputs(((np.eye(len(network.outputs.bias))[:1], np.array([-threshold])),))


def questions(
    network: PiecewiseNetwork, radius: float = 1.0, steps: tuple[float, ...] = (-0.3, -0.1, 0.02, 0.2)
) -> list[Query]:
    """Returns questions on both sides of the least value that samples find."""
    inputs = len(network.free)
    points = np.random.default_rng(0).uniform(-radius, radius, (20_000, inputs))
    values = network(points)[:, 0]
    box = Box(np.full(inputs, -radius), np.full(inputs, radius))
    return [Query(box, below(network, values.min() + step * np.ptp(values))) for step in steps]


@pytest.mark.parametrize("seed", range(3))
def test_exact_fractions_agree_with_bounds(seed):
    network = random_network(seed, (2, 4, 3, 2), skips=seed == 1)
    asked = questions(network)
    bounds, exact = (decide(network, asked, engine=engine, seconds=20.0) for engine in ("bounds", "reluplex"))
    for one, two in zip(bounds, exact, strict=True):
        assert not one.exact
        assert two.exact
        # A point that is bad by nothing in fractions may be good in floating point; then it is no witness.
        assert one.status is two.status or "bad in fractions" in two.reason
    assert {Status.PROVED, Status.REFUTED} <= {one.status for one in exact}


@with_marabou
@pytest.mark.parametrize("seed", range(2))
def test_marabou_agrees_with_bounds(seed):
    network = random_network(seed, (3, 8, 8, 2), skips=False)
    asked = questions(network)
    bounds, other = (decide(network, asked, engine=engine, seconds=20.0) for engine in ("bounds", "marabou"))
    for one, two in zip(bounds, other, strict=True):
        # Its points meet what is asked up to its own tolerance only, and then are no witnesses.
        assert one.status is two.status or "not bad when it is replayed" in two.reason
    assert other[0].status is Status.PROVED
    assert other[-1].status is Status.REFUTED
    assert {one.how for one in other} == {f"Marabou {marabou.version()}"}


@with_marabou
def test_marabou_is_asked_behind_bounds_only_about_what_they_leave_open(monkeypatch):
    network = random_network(0, (3, 8, 8, 2), skips=False)
    asked = questions(network)[:2]
    monkeypatch.setattr(branch_and_bound.BranchAndBound, "run", lambda self, *, seconds: self.searches)
    left, both = (decide(network, asked, engine=engine, seconds=10.0) for engine in ("bounds", "both"))
    assert {one.status for one in left} == {Status.UNKNOWN}
    assert {one.status for one in both} == {Status.PROVED}
    assert "then Marabou" in both[0].how


def test_marabou_is_not_asked_about_connections_past_a_layer(monkeypatch):
    monkeypatch.setattr(marabou, "version", lambda: "2.0.0")
    network = random_network(1, (3, 8, 8, 2), skips=True)
    with pytest.raises(UsageError, match="past a layer"):
        decide(network, questions(network)[:1], engine="marabou")
    monkeypatch.setattr(branch_and_bound.BranchAndBound, "run", lambda self, *, seconds: self.searches)
    (left,) = decide(network, questions(network)[:1], engine="both")
    assert "Marabou was not asked" in left.reason


def test_what_marabou_does_ends_its_process_only(monkeypatch, tmp_path):
    network = random_network(0, skips=False)
    (query,) = questions(network)[:1]
    rows, offsets = query.bad.cases[0]
    for program, said in (
        ("import os; os.abort()", "exit code -6"),
        ("print('no JSON')", "exit code 0"),
        ('print(\'{"said": "unsat"}\')', "exit code 0"),
        ('print(\'{"said": "ERROR", "inputs": []}\')', "ended with 'ERROR'"),
        ("import time; time.sleep(60)", "was not done in time"),
    ):
        path = tmp_path / "program.py"
        path.write_text(program)
        monkeypatch.setattr(marabou, "__file__", str(path))
        monkeypatch.setattr(marabou, "version", lambda: "2.0.0")
        monkeypatch.setattr(marabou, "PATIENCE", 1.0)
        assert said in marabou.marabou(network, query.box, rows, offsets, seconds=1.0).said


def test_rectifiers_are_split_where_there_are_many_inputs(monkeypatch):
    network = random_network(5, (14, 10, 8, 2), skips=False)
    chosen = []

    def watched(part, *arguments, **options):
        halves = split(part, *arguments, **options)
        chosen.extend(half.of_unit for half in halves)
        return halves

    monkeypatch.setattr(branch_and_bound, "split", watched)
    found = decide(network, questions(network, 0.5, (-1.2, -0.6, 0.2)), seconds=20.0)
    assert [one.status for one in found][-1] is Status.REFUTED
    assert Status.PROVED in {one.status for one in found}
    assert any(chosen)


def test_the_sides_of_a_rectifier_cover_it():
    part = Part(0, np.zeros(1), np.ones(1), np.array([-1.0, -2.0]), np.array([1.0, 2.0]), np.zeros(2))
    active, inactive = split(part, np.ones(1), np.array([0.1, 0.5]), unit_first=True)
    assert (active.sums_low[1], active.sums_high[1], active.signs[1]) == (0.0, 2.0, 1)
    assert (inactive.sums_low[1], inactive.sums_high[1], inactive.signs[1]) == (-2.0, 0.0, -1)
    left, right = split(part, np.ones(1), np.zeros(2), unit_first=True)
    assert (left.low[0], left.high[0], right.low[0], right.high[0]) == (0.0, 0.5, 0.5, 1.0)
    assert split(dataclasses.replace(part, low=np.ones(1)), np.zeros(1), np.zeros(2), unit_first=True) == []


def test_a_point_and_a_network_without_hidden_layers_are_evaluated():
    network = random_network(0, (3, 2))
    point = np.array([0.1, 0.2, 0.3])
    value = network(point[None])[0, 0]
    box = Box(point, point)
    verdicts = decide(network, [Query(box, below(network, value - 0.1)), Query(box, below(network, value))])
    assert [one.status for one in verdicts] == [Status.PROVED, Status.REFUTED]
    fixed = PiecewiseNetwork(point, np.arange(0), (), (), Affine({}, np.array([1.0])), (3,))
    one = np.eye(1)
    asked = [Query(box, BadOutputs(((one, np.array([offset])),))) for offset in (-0.5, -1.0)]
    assert [verdict.status for verdict in decide(fixed, asked)] == [Status.PROVED, Status.REFUTED]


def test_what_is_within_rounding_of_bad_is_left_open():
    network = random_network(0, (2, 4, 2))
    point = np.array([0.1, 0.2])
    value = network(point[None])[0, 0]
    (verdict,) = decide(network, [Query(Box(point, point), below(network, value - 1e-9))])
    assert verdict.status is Status.UNKNOWN
    assert "within rounding" in verdict.reason


def test_outputs_that_cannot_be_bad_prove_nothing():
    network = random_network(0)
    row = np.array([[1.0, -1.0], [-1.0, 1.0]])
    (verdict,) = decide(network, [Query(Box(-np.ones(3), np.ones(3)), BadOutputs(((row, np.array([1.0, 0.5])),)))])
    assert verdict.status is Status.UNKNOWN
    assert verdict.reason == VACUOUS


def test_a_witness_counts_only_if_the_original_is_bad_there():
    network = random_network(0)
    query = questions(network)[-1]

    def original(inputs):
        return np.full((len(inputs), 2), 1e6)

    (verdict,) = decide(network, [query], seconds=0.5, replay=original)
    assert verdict.status is Status.UNKNOWN
    assert "not in the original network" in verdict.reason


def test_without_time_boxes_are_bounded_once():
    network = random_network(0)
    easy, hard = decide(network, [questions(network, 0.01)[0], questions(network, 3.0)[1]], seconds=0.0)
    assert (easy.status, easy.checked) == (Status.PROVED, 1)
    assert (hard.status, hard.checked) == (Status.UNKNOWN, 1)


def test_a_box_that_varies_what_is_fixed_is_refused():
    network = dataclasses.replace(random_network(0, (1, 3, 1)), inputs=np.array([0.0, 2.0]), shape=(2,))
    with pytest.raises(UsageError, match="Input 1 is fixed at 2"):
        decide(network, [Query(Box(np.zeros(2), np.array([1.0, 3.0])), below(network, 0.0))])


def test_numbers_that_are_not_finite_have_no_bounds():
    layer = Affine({0: np.array([[np.nan]])}, np.zeros(1))
    with pytest.raises(UsageError, match="not finite"):
        PiecewiseNetwork(np.zeros(1), np.arange(1), (), (), layer, (1,))
