"""Tensors from a file of `torch.save`, without PyTorch and without unpickling.

Such a file is a zip archive: one pickle that says which tensors there are, and one member of bare numbers for each. The
pickle is not executed: the names that a table of tensors needs are understood, and all others are refused.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mesascope.agents.adapters.pickle_reader import Global, PickleReader, Refused
from mesascope.agents.reading import Archive
from mesascope.core.errors import UntrustedModelError
from mesascope.core.text import quoted

MAXIMUM_PICKLE_BYTES: int = 4 * 2**20
"""Of the table of tensors."""
MAXIMUM_DIMENSIONS: int = 8
"""Of one tensor."""
MAXIMUM_NUMBERS: int = 2**26
"""In all tensors together, which may share their numbers."""

_STORAGES: dict[str, str] = {"torch FloatStorage": "<f4", "torch DoubleStorage": "<f8", "torch HalfStorage": "<f2"}
_TABLE, _TENSOR = "collections OrderedDict", "torch._utils _rebuild_tensor_v2"


@dataclass(frozen=True)
class _Storage:
    dtype: np.dtype
    member: str
    numbers: int


@dataclass(frozen=True)
class _Tensor:
    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def read_torch_weights(content: bytes, *, path: object, field: str) -> dict[str, np.ndarray]:
    """Returns the floating-point tensors of a saved `state_dict` by name.

    **Arguments:**

    - `content`: what `torch.save` wrote.
    - `path`, `field`: the file it comes from and its part, for messages.

    **Raises:** `UntrustedModelError` if it is anything but a table of tensors.
    """
    # torch does not compress, so a small file cannot hold many numbers.
    archive = Archive(content, path=path, field=field, compressed=False)
    pickles = [name for name in archive.names if name.count("/") == 1 and name.endswith("/data.pkl")]
    if len(pickles) != 1:
        raise UntrustedModelError("it does not hold one table of tensors (data.pkl).", path=path, field=field)
    prefix = pickles[0].removesuffix("data.pkl")
    if prefix + "byteorder" in archive.names and archive.read(prefix + "byteorder") != b"little":
        raise UntrustedModelError("its numbers are not little-endian.", path=path, field=field)
    pickle = archive.read(pickles[0])
    try:
        if len(pickle) > MAXIMUM_PICKLE_BYTES:
            raise Refused(f"it has more than {MAXIMUM_PICKLE_BYTES:,} bytes")
        table = _tensors(_TensorReader("a table of tensors").run(pickle))
        for tensor in table.values():
            _check(tensor, archive, prefix)
        if sum(math.prod(tensor.shape) for tensor in table.values()) > MAXIMUM_NUMBERS:
            raise Refused(f"its tensors have more than {MAXIMUM_NUMBERS:,} numbers")
    except Refused as error:
        raise UntrustedModelError(f"{error}.", path=path, field=f"{field} > data.pkl") from error
    numbers: dict[str, np.ndarray] = {}
    return {name: _array(tensor, archive, prefix, numbers) for name, tensor in table.items()}


def _tensors(found: Any) -> dict[str, _Tensor]:
    tensors = isinstance(found, dict) and all(
        isinstance(name, str) and isinstance(tensor, _Tensor) for name, tensor in found.items()
    )
    if not tensors:
        raise Refused("it is not a table of tensors")
    return found


def _check(tensor: _Tensor, archive: Archive, prefix: str) -> None:
    """Refuses a tensor that reaches beyond its numbers, from sizes alone: nothing is unpacked yet."""
    storage = tensor.storage
    if archive.sizes.get(f"{prefix}data/{storage.member}") != storage.numbers * storage.dtype.itemsize:
        member = quoted(storage.member, limit=20)
        raise Refused(f"the numbers of tensor storage {member} are missing, too few or too many")
    last = tensor.offset + sum((size - 1) * stride for size, stride in zip(tensor.shape, tensor.strides, strict=True))
    # A stride of zero would make a huge tensor of few numbers.
    if math.prod(tensor.shape) > storage.numbers or 0 in tensor.shape or last >= storage.numbers:
        raise Refused("a tensor reaches beyond its numbers")


def _array(tensor: _Tensor, archive: Archive, prefix: str, numbers: dict[str, np.ndarray]) -> np.ndarray:
    storage = tensor.storage
    member = f"{prefix}data/{storage.member}"
    if member not in numbers:
        numbers[member] = np.frombuffer(archive.view(member), np.uint8)
    flat = numbers[member].view(storage.dtype)[tensor.offset :]
    strides = [stride * storage.dtype.itemsize for stride in tensor.strides]
    # A view: tensors that share numbers share them here, too.
    return np.lib.stride_tricks.as_strided(flat, tensor.shape, strides, writeable=False)


class _TensorReader(PickleReader):
    """Reads the pickle of a `state_dict`, on values that stand for tensors."""

    def known(self, name: str) -> bool:
        return name in (_TABLE, _TENSOR) or name in _STORAGES

    def call(self, name: str, arguments: tuple[Any, ...]) -> Any:
        if name == _TABLE and arguments == ():
            return {}
        if name != _TENSOR:
            raise Refused("it calls what cannot be called")
        storage, offset, shape, strides = arguments[:4]
        if not isinstance(storage, _Storage):
            raise Refused("a tensor has no numbers")
        if not (_sizes(shape) and _sizes(strides) and _sizes((offset,)) and len(shape) == len(strides)):
            raise Refused("a tensor has an impossible shape")
        return _Tensor(storage, offset, shape, strides)

    def build(self, target: Any, state: Any) -> None:
        # `state_dict` hangs version numbers of modules onto its table; the tensors do not depend on them.
        if not isinstance(target, dict):
            raise Refused("it changes something other than its table")

    def refer(self, reference: Any) -> _Storage:
        if not isinstance(reference, tuple) or len(reference) != 5 or reference[0] != "storage":
            raise Refused("it refers to something other than numbers")
        _, kind, member, _, numbers = reference
        if type(numbers) is not int or not isinstance(member, str) or numbers < 0:
            raise Refused("it refers to something other than numbers")
        if not isinstance(kind, Global) or kind.name not in _STORAGES:
            raise Refused("it refers to numbers of an unusual kind")
        return _Storage(np.dtype(_STORAGES[kind.name]), member, numbers)


def _sizes(values: Any) -> bool:
    few = isinstance(values, Sequence) and len(values) <= MAXIMUM_DIMENSIONS
    return few and all(type(value) is int and 0 <= value < 2**40 for value in values)
