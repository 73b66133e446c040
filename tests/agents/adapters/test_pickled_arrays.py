from __future__ import annotations

import collections
import io
import pickle
import struct
import time
from pathlib import Path

import numpy as np
import pytest

from mesascope.agents.adapters.pickled_arrays import (
    ANY_CLASS,
    Record,
    load_pickled_arrays,
    read_pickled_arrays,
)
from mesascope.agents.reading import array_of
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


class Python2(pickle._Pickler):
    """Writes what Python 2 would: bytes and texts are one kind, and numpy goes by its old names."""

    dispatch = dict(pickle._Pickler.dispatch)

    def save_text(self, value):
        data = value if isinstance(value, bytes) else value.encode("latin-1")
        if self.bin:
            self.write(
                b"U" + bytes([len(data)]) + data if len(data) < 256 else b"T" + struct.pack("<i", len(data)) + data
            )
        else:
            self.write(b"S" + repr(data).encode()[1:] + b"\n")
        self.memoize(value)

    dispatch[bytes] = dispatch[str] = save_text


def by_python_2(value, protocol: int) -> bytes:
    target = io.BytesIO()
    Python2(target, protocol).dump(value)
    return target.getvalue().replace(b"numpy._core", b"numpy.core")


@pytest.mark.parametrize("protocol", range(6))
def test_arrays_and_tables_are_read_as_unpickling_would(protocol):
    content = pickle.dumps(TABLE, protocol=protocol)
    assert same(read_pickled_arrays(content, path="table"), TABLE)
    assert same(read_pickled_arrays(content, path="table"), pickle.loads(content))


ODD = {
    "columns first": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "largest byte first": np.array([1.5, -2.5], ">f4"),
    "scalar": np.float32(2.5),
    "of no dimension": np.array(7, np.int64),
    "empty": np.zeros((0, 3)),
    "complex": np.array([1 + 2j]),
    "flags": np.array([True, False]),
    "places": {(0, 1): np.ones(2), 3: [None, -1.5, 10**30]},
    "named": collections.OrderedDict(a=np.ones(1), b=2),
}


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("name", ODD)
def test_every_form_in_which_numpy_writes_is_read(name, protocol):
    content = pickle.dumps(ODD[name], protocol=protocol)
    for form in (content, content.replace(b"numpy._core", b"numpy.core")) if protocol < 4 else (content,):
        found = read_pickled_arrays(form, path="table")
        if isinstance(ODD[name], dict):
            assert same(found, dict(ODD[name]))
        else:
            assert np.array_equal(found, ODD[name])
            assert np.asarray(found).dtype == np.asarray(ODD[name]).dtype.newbyteorder("=")


@pytest.mark.parametrize("protocol", range(3))
def test_weights_by_python_2_are_read_as_text_by_latin_1(protocol):
    weights = [np.linspace(-1, 1, 200, dtype=np.float32).reshape(2, 100), np.zeros(3, np.float32), {"name": "\xe9'\n"}]
    content = by_python_2(weights, protocol)
    assert b"U\x0c" in content or b"S'" in content
    assert b"numpy.core" in content
    assert same(read_pickled_arrays(content, path="weights"), weights)
    assert same(pickle.loads(content, encoding="latin1"), weights)


def test_a_file_is_read_by_its_path(tmp_path):
    import mesascope

    path = tmp_path / "weights.model"
    path.write_bytes(by_python_2([np.ones((2, 2))], 2))
    assert same(mesascope.load_pickled_arrays(path), [np.ones((2, 2))])
    with pytest.raises(UntrustedModelError, match="more than 10 bytes"):
        load_pickled_arrays(path, maximum_bytes=10)


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
    name = f"{Options.__module__} Options"
    for protocol in range(6):
        content = pickle.dumps(Options(), protocol=protocol)
        with pytest.raises(UntrustedModelError, match="nothing was run"):
            read_pickled_arrays(content, path="options")
        found = read_pickled_arrays(content, path="options", records=frozenset({name}))
        assert found == Record(name, (), {"size": 3})
        assert read_pickled_arrays(content, path="options", records=ANY_CLASS) == found


def test_nothing_in_a_file_is_run(tmp_path):
    canary = tmp_path / "canary"
    for protocol in range(6):
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


class Sharing:
    """An array that is made from the bytes of another."""

    def __init__(self, data: bytes):
        self.data = data

    def __reduce__(self):
        make, arguments, (version, *_, kind, order, _) = np.zeros(0).__reduce__()
        return make, arguments, (version, (len(self.data) // 8,), kind, order, self.data)


def colliding(count: int) -> bytes:
    """A table whose names are numbers of one hash."""
    names = (b"\x8a\x15" + (index * (2**61 - 1)).to_bytes(21, "little", signed=True) for index in range(count))
    return b"\x80\x02}(" + b"".join(name + b"N" for name in names) + b"u."


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "broken"),
        (b"garbage", "broken"),
        (pickle.dumps(TABLE, protocol=4)[:-40], "broken"),
        (b"\x80\x04N.", None),
        (b"\x80\x04}\x94h\x00h\x00s.", "name that is no name"),
        (b"\x80\x04}\x94X\x01\x00\x00\x00ah\x00s.", "nested too deeply"),
        (b"\x80\x04]\x94h\x00a.", "nested too deeply"),
        (nested(30), "too many values"),
        (nested(200), "nested too deeply|too many values"),
        (colliding(100_000), "name that is no name"),
        (b"\x80\x04cos\nsystem\nX\x02\x00\x00\x00ls\x85R.", "names 'os system'"),
        (b"\x80\x02cos\x1b[2J\nsys\x07tem\n.", "broken|names"),
        (b"\x80\x04X\x02\x00\x00\x00ls\x85R.", "takes more|calls what"),
        (b"\x80\x04cnumpy\nndarray\n.", "a name where a value"),
        (b"(ios\nsystem\n.", "instruction INST"),
        (b"\x80\x02\x82\x01.", "instruction EXT1"),
        (b"Pid\n.", "instruction PERSID"),
        (b"\x80\x02NQ.", "outside the file"),
        (b"I" + b"9" * 5000 + b"\n.", "broken"),
        (b"\x80\x02\x8b\x00\x01\x00\x00" + b"\x7f" * 256 + b".", "too long"),
        (b"\x80\x04\x8e" + b"\xff" * 8 + b".", "broken"),
        (b"N" + b"2" * 1_000_000 + b".", "more than 400,000 instructions"),
        (b"(" * 300_000 + b".", "one value"),
        (pickle.dumps(np.array(["text"]), protocol=4), "unusual kind"),
        (pickle.dumps(np.array([{}]), protocol=2), "unusual kind"),
        (pickle.dumps(np.ma.array([1.0]), protocol=4), "names 'numpy.ma"),
    ],
    ids=lambda given: str(given[:12]) if isinstance(given, bytes) else None,
)
def test_what_is_no_table_of_arrays_is_refused(content, message):
    if message is None:
        assert read_pickled_arrays(content, path="table") is None
        return
    start = time.process_time()
    with pytest.raises(UntrustedModelError, match=message) as caught:
        read_pickled_arrays(content, path="table")
    assert time.process_time() - start < 2
    assert len(str(caught.value)) < 600
    assert str(caught.value).isprintable()


def test_bytes_that_many_arrays_share_are_not_copied_for_each():
    data = bytes(2**20)
    one, many = (pickle.dumps([Sharing(data) for _ in range(times)], protocol=4) for times in (1, 3000))
    assert len(many) < 2 * len(one)
    assert same(read_pickled_arrays(one, path="table"), [np.zeros(2**17)])
    with pytest.raises(UntrustedModelError, match="more bytes together than the file"):
        read_pickled_arrays(many, path="table")


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
