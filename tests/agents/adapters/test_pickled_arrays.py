from __future__ import annotations

import collections
import pickle
from pathlib import Path

import numpy as np
import pytest

from mesascope.agents.adapters.pickled_arrays import Record, array_of, read_pickled_arrays
from mesascope.core.errors import UntrustedModelError

TABLE = {
    "layer": {"w": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.zeros(3)},
    "numbers": (1, 70_000, -1, 2.5, None, True, [b"bytes", "text"]),
    b"\x00key": np.array([1, 2], np.int8),
}


class Options:
    def __init__(self):
        self.size = 3


class Runs:
    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self):
        return (Path.touch, (self.path,))


def same(found, expected) -> bool:
    if isinstance(expected, np.ndarray):
        return isinstance(found, np.ndarray) and found.dtype == expected.dtype and np.array_equal(found, expected)
    if isinstance(expected, dict):
        return found.keys() == expected.keys() and all(same(found[name], expected[name]) for name in expected)
    if isinstance(expected, list | tuple):
        return len(found) == len(expected) and all(map(same, found, expected))
    return type(found) is type(expected) and found == expected


@pytest.mark.parametrize("protocol", [3, 4])
def test_arrays_and_tables_are_read_as_unpickling_would(protocol):
    content = pickle.dumps(TABLE, protocol=protocol)
    assert same(read_pickled_arrays(content, path="table"), TABLE)
    assert same(read_pickled_arrays(content, path="table"), pickle.loads(content))


def test_a_table_that_fills_itself_becomes_a_plain_one():
    table = collections.defaultdict(np.array)
    table["a"] = np.ones(2)
    found = read_pickled_arrays(pickle.dumps(table, protocol=4), path="table")
    assert type(found) is dict
    assert same(found, {"a": np.ones(2)})


def test_arrays_as_jax_writes_them():
    import jax.numpy as jnp

    found = read_pickled_arrays(pickle.dumps({"x": jnp.arange(3.0)}, protocol=4), path="table")
    assert same(found, {"x": np.arange(3, dtype=np.float32)})


def test_objects_are_refused_unless_their_values_are_asked_for():
    content, name = pickle.dumps(Options(), protocol=4), f"{Options.__module__} Options"
    with pytest.raises(UntrustedModelError, match="nothing was run"):
        read_pickled_arrays(content, path="options")
    assert read_pickled_arrays(content, path="options", records=frozenset({name})) == Record(name, (), {"size": 3})


def test_nothing_in_a_file_is_run(tmp_path):
    canary = tmp_path / "canary"
    for protocol in (2, 3, 4):
        with pytest.raises(UntrustedModelError):
            read_pickled_arrays(pickle.dumps({"x": Runs(canary)}, protocol=protocol), path="hostile")
    assert not canary.exists()
    pickle.loads(pickle.dumps(Runs(canary)))
    assert canary.exists(), "the payload works where it is unpickled"


def nested(depth: int) -> bytes:
    """A few bytes that stand for 2 ** depth values: each tuple holds the one before twice."""
    return (
        b"\x80\x04)"
        + b"\x94h\x00\x86"
        + b"".join(b"\x94h" + bytes([place]) + b"\x86" for place in range(1, depth))
        + b"."
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "broken"),
        (b"garbage", "broken"),
        (pickle.dumps(TABLE, protocol=4)[:-40], "broken"),
        (b"\x80\x04N.", None),
        (b"\x80\x04}\x94h\x00h\x00s.", "broken|names of a table"),
        (b"\x80\x04}\x94X\x01\x00\x00\x00ah\x00s.", "nested too deeply"),
        pytest.param(nested(30), "too many values", marks=pytest.mark.slow),
        (b"\x80\x04cos\nsystem\nX\x02\x00\x00\x00ls\x85R.", "names 'os system'"),
        (b"\x80\x04X\x02\x00\x00\x00ls\x85R.", "takes more|calls what"),
        (b"\x80\x04cnumpy\nndarray\n.", "a name where a value"),
        (b"\x80\x04I1\n.", "instruction INT"),
        (pickle.dumps(np.asfortranarray(np.ones((2, 3))), protocol=4), "unusual kind or order"),
        (pickle.dumps(np.array(["text"]), protocol=4), "unusual kind"),
        (pickle.dumps(np.array([1.0], ">f8"), protocol=4), "little-endian"),
    ],
)
def test_what_is_no_table_of_arrays_is_refused(content, message):
    if message is None:
        assert read_pickled_arrays(content, path="table") is None
        return
    with pytest.raises(UntrustedModelError, match=message):
        read_pickled_arrays(content, path="table")


@pytest.mark.parametrize(
    ("data", "code", "shape"),
    [
        (b"\0" * 8, "<f4", (3,)),
        (b"\0" * 8, "<f4", (-1, -2)),
        (b"\0" * 8, "O", (1,)),
        (b"\0" * 8, "<f4", [2]),
        ("text", "<f4", (1,)),
        (b"\0" * 4, "<f4", (1,) * 9),
    ],
)
def test_numbers_that_do_not_fit_their_shape_are_refused(data, code, shape):
    with pytest.raises(ValueError, match="array"):
        array_of(data, code, shape)


def test_numbers_that_fit_are_read():
    assert array_of(np.array([1.0, 2.0], "<f4").tobytes(), "<f4", (1, 2)).tolist() == [[1.0, 2.0]]
