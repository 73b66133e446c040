"""What holds for every registered stream."""

import jax
import numpy as np
import pytest

from mesascope.core.errors import UnknownNameError, UsageError, WorldError
from mesascope.worlds.streams.catalogue import STREAMS, is_stream, resolve_stream
from tests.worlds.streams.playing import played

BUILT_IN = [name for name in STREAMS.names() if STREAMS.entry(name).target.startswith("mesascope.")]


SMALL = {"digits": {"hidden": "2", "batch": "4", "horizon": "3"}}
"""Options with which a stream is fast."""


@pytest.mark.parametrize("name", BUILT_IN)
def test_every_stream_keeps_the_contract(name):
    stream = resolve_stream(name, SMALL.get(name, {}))
    assert hash(stream) == hash(resolve_stream(name, SMALL.get(name, {})))
    assert stream.observation_shape == (len(stream.observed),)
    assert len(set(stream.observed)) == len(stream.observed)
    assert all(0 <= entry < len(stream.observed) for entries in stream.feedback.values() for entry in entries)
    assert set(stream.feedback) <= set(stream.signals)
    assert 0 <= min(stream.counted) <= max(stream.counted) < stream.steps
    task, seen, given, signals = played(stream)
    assert seen.shape == (400, stream.steps, len(stream.observed))
    assert signals.shape == (400, stream.steps, len(stream.signals))
    assert given.shape == ((400, stream.steps) if stream.actions else (400, stream.steps, stream.outputs))
    assert seen.dtype == signals.dtype == np.float32
    assert np.isfinite(seen).all()
    assert np.isfinite(signals).all()
    # Tasks differ, and one key always gives the same episodes.
    assert len(np.unique(np.concatenate([leaf.reshape(400, -1) for leaf in jax.tree.leaves(task)], 1), axis=0)) > 1
    played.cache_clear()
    np.testing.assert_array_equal(played(stream)[3], signals)


@pytest.mark.parametrize("name", BUILT_IN)
def test_shifted_streams_are_seen_and_answered_alike(name):
    stream = resolve_stream(name)
    assert stream.shifts()
    for shifted in stream.shifts().values():
        assert type(shifted) is type(stream)
        assert shifted != stream
        assert (shifted.observed, shifted.actions, shifted.outputs) == (stream.observed, stream.actions, stream.outputs)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("bandits", {"arms": "1"}, "arms=1 must be 2 or more"),
        ("bandits", {"arms": "three"}, "Option arms 'three'"),
        ("regression", {"law": "cauchy"}, "law='cauchy' must be one of uniform, normal"),
        ("regression", {"examples": "1"}, "examples=1"),
        ("linear-systems", {"noise": "-1"}, "noise=-1.0"),
        ("copy", {"shortest": "11"}, "shortest=11"),
        ("two-step", {"common": "1.5"}, "common=1.5"),
        ("two-step", {"comon": "0.5"}, "common"),
    ],
)
def test_options_that_cannot_be_are_said(name, options, message):
    with pytest.raises((WorldError, UsageError, UnknownNameError), match=message):
        resolve_stream(name, options)


def test_streams_are_told_from_worlds():
    assert is_stream("bandits")
    assert not is_stream("corner")
    assert not is_stream("gym:CartPole-v1")
    with pytest.raises(UnknownNameError, match="bandits"):
        resolve_stream("bandit")
