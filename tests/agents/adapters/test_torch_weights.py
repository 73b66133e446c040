import pickle
import struct
import time
import tracemalloc
import zipfile

import numpy as np
import pytest

from mesascope.agents.adapters.torch_weights import MAXIMUM_NUMBERS, read_torch_weights
from mesascope.core.errors import UntrustedModelError
from tests.agents.hostile_files import zipped


def table(*tensors: tuple[str, int, tuple[int, ...], tuple[int, ...]], kind: bytes = b"FloatStorage") -> bytes:
    """The pickle of a `state_dict`: a name, and the length of the storage, shape and strides of each tensor."""

    def number(value: int) -> bytes:
        return b"\x8a\x08" + struct.pack("<q", value)

    def numbers(values: tuple[int, ...]) -> bytes:
        return b"(" + b"".join(map(number, values)) + b"t"

    def text(value: str) -> bytes:
        return b"X" + struct.pack("<I", len(value.encode())) + value.encode()

    parts = [b"\x80\x02}("]
    for name, length, shape, strides in tensors:
        storage = b"(" + text("storage") + b"ctorch\n" + kind + b"\n" + text("0") + text("cpu") + number(length) + b"tQ"
        parts.append(text(name) + b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage + number(0))
        parts.append(numbers(shape) + numbers(strides) + b"\x89ccollections\nOrderedDict\n)RtR")
    return b"".join([*parts, b"u."])


def saved(pickled: bytes, numbers: bytes, **options) -> bytes:
    return zipped({"archive/data.pkl": pickled, "archive/byteorder": b"little", "archive/data/0": numbers}, **options)


def test_tensors_share_the_numbers_that_they_share_in_the_file():
    numbers = np.arange(12, dtype="<f4")
    content = saved(table(("whole", 12, (3, 4), (4, 1)), ("turned", 12, (4, 3), (1, 4))), numbers.tobytes())
    read = read_torch_weights(content, path="weights", field="policy.pth")
    assert np.array_equal(read["whole"], numbers.reshape(3, 4))
    assert np.array_equal(read["turned"], read["whole"].T)
    assert np.shares_memory(read["whole"], read["turned"])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (saved(table(("w", 4, (4,), (1,))), bytes(16), compression=zipfile.ZIP_DEFLATED), "never is"),
        (saved(table(("w", 2**26, (2**26,), (1,))), bytes(16)), "too few"),
        (saved(table(("w", 4, (2**20, 2**20), (0, 0))), bytes(16)), "beyond its numbers"),
        (saved(table(("w", 4, (4,), (2**39,))), bytes(16)), "beyond its numbers"),
        (saved(table(("w", 4, (4,), (2**62,))), bytes(16)), "impossible shape"),
        (saved(table(("w", 4, (1,) * 40, (1,) * 40)), bytes(16)), "impossible shape"),
        (saved(table(("w", 4, (4,), (-1,))), bytes(16)), "impossible shape"),
        (saved(table(("w", 2**61, (4,), (1,))), bytes(16)), "too few"),
        (saved(table(("w", 4, (4,), (1,)), kind=b"Float\x1b[31mStorage"), bytes(16)), "nothing was run"),
        (saved(table(("w", 4, (4,), (1,)), ("w", 4, (4,), (1,))), bytes(16)), "one name"),
        (saved(pickle.dumps({"w": 1}), bytes(16)), "not a table of tensors"),
        (saved(b"\x80\x02cos\nsystem\nX\x02\0\0\0ls\x85R.", bytes(16)), "nothing was run"),
    ],
    ids=range(12),
)
def test_what_is_no_table_of_tensors_is_refused_for_its_reason(content, message):
    start = time.process_time()
    with pytest.raises(UntrustedModelError, match=message) as caught:
        read_torch_weights(content, path="weights", field="policy.pth")
    assert time.process_time() - start < 2
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 600


def test_tensors_that_share_numbers_are_counted_before_any_is_made():
    size = 2**20
    tensors = [(f"w{index}", size, (size,), (1,)) for index in range(MAXIMUM_NUMBERS // size + 1)]
    content = saved(table(*tensors), bytes(4 * size))
    tracemalloc.start()
    with pytest.raises(UntrustedModelError, match="more than 67,108,864 numbers"):
        read_torch_weights(content, path="weights", field="policy.pth")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2**20
    read = read_torch_weights(saved(table(*tensors[:-1]), bytes(4 * size)), path="weights", field="policy.pth")
    assert len(read) == MAXIMUM_NUMBERS // size


def test_one_broken_bit_of_the_numbers_is_noticed():
    content = bytearray(saved(table(("w", 4, (4,), (1,))), bytes(range(16))))
    content[content.index(bytes(range(16)))] ^= 1
    with pytest.raises(UntrustedModelError, match="not what the list of members says"):
        read_torch_weights(bytes(content), path="weights", field="policy.pth")
