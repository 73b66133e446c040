"""The JSON in an agent file: which architecture its numbers belong to, and where it comes from."""

from __future__ import annotations

import math
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

from mesascope.agents.networks import NETWORKS
from mesascope.agents.networks.network import NetworkSpec
from mesascope.core.errors import UnknownNameError, UntrustedModelError, UsageError
from mesascope.core.json_reading import decode_json
from mesascope.core.text import quoted, shown

SCHEMA: int = 1
"""Version of the file format."""
MAXIMUM_HEADER_BYTES: int = 2**20
"""Of the JSON at the beginning of a safetensors file."""
MAXIMUM_TENSORS: int = 10_000
"""In one file."""
MAXIMUM_OBSERVATION: int = 10_000_000
"""Numbers in one observation."""
MAXIMUM_ACTIONS: int = 100_000
"""Of an agent."""


@dataclass(frozen=True)
class AgentHeader:
    """What an agent file says about its numbers.

    **Arguments:**

    - `schema`: version of the format.
    - `architecture`: name in `networks.NETWORKS`.
    - `spec`: the fields of its spec.
    - `observation_shape`: of one observation.
    - `actions`: how many there are.
    - `world`: `name` and `options` of the world it was trained in.
    - `base_objective`: what it was trained on, if known.
    - `step`: of training, if known.
    - `sha256`: of the bytes of all tensors, in the order of their names.
    - `metadata`: anything else.
    """

    schema: int
    architecture: str
    spec: dict[str, Any]
    observation_shape: list[int]
    actions: int
    world: dict[str, Any]
    base_objective: str | None
    step: int | None
    sha256: str
    metadata: dict[str, Any]


_TYPES: dict[str, tuple[type, ...]] = {
    name: tuple(get_origin(kind) or kind for kind in (get_args(hint) if isinstance(hint, UnionType) else (hint,)))
    for name, hint in get_type_hints(AgentHeader).items()
}


def read_tensor_list(content: bytes, *, path: Path) -> tuple[dict[str, tuple[str, tuple[int, ...]]], dict[str, str]]:
    """Returns what a safetensors file says it holds; the numbers are left to the safetensors library.

    **Arguments:**

    - `content`: the whole file.
    - `path`: for messages.

    **Returns:** `(dtype, shape)` of each tensor, and the free metadata.

    **Raises:** `UntrustedModelError` if the header is too long, doubles a name, or is not of the form it must have.
    """
    length = int.from_bytes(content[:8], "little")
    if len(content) < 8 or length > len(content) - 8:
        raise UntrustedModelError(
            "it is not a whole safetensors file (empty, truncated, or another format).", path=path
        )
    if length > MAXIMUM_HEADER_BYTES:
        reason = f"its header has {length:,} bytes; at most {MAXIMUM_HEADER_BYTES:,} are read."
        raise UntrustedModelError(reason, path=path, field="header")
    header = parse_json(content[8 : 8 + length], path=path, field="header")
    if not isinstance(header, dict) or len(header) > MAXIMUM_TENSORS:
        raise UntrustedModelError(
            f"it is not a list of at most {MAXIMUM_TENSORS:,} tensors.", path=path, field="header"
        )
    metadata = header.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise UntrustedModelError("it is not a table of texts.", path=path, field="__metadata__")
    listed = {}
    for name, entry in header.items():
        kind, shape = (entry.get("dtype"), entry.get("shape")) if isinstance(entry, dict) else (None, None)
        if not isinstance(kind, str) or shape is None or not _whole_numbers(shape):
            raise UntrustedModelError("this entry has no dtype or no shape.", path=path, field=name)
        listed[name] = (kind, tuple(shape))
    return listed, metadata


def parse_json(text: bytes | str, *, path: object, field: str) -> Any:
    """Returns the JSON in a model file.

    **Arguments:**

    - `text`: the JSON.
    - `path`, `field`: for messages.

    **Raises:** `UntrustedModelError` as `core.json_reading.decode_json` says.
    """

    def refuse(reason: str) -> UntrustedModelError:
        return UntrustedModelError(f"it is not valid JSON: {reason}.", path=path, field=field)

    return decode_json(text, refuse=refuse)


def parse_header(metadata: dict[str, str], *, path: Path) -> tuple[AgentHeader, NetworkSpec]:
    """Returns the header of an agent file and the spec that it describes.

    **Arguments:**

    - `metadata`: the free metadata of a safetensors file.
    - `path`: for messages.

    **Raises:** `UntrustedModelError` if the file is not one of ours, or asks for what cannot be.
    """
    if "mesascope" not in metadata:
        raise UntrustedModelError(
            "it is a safetensors file without Mesascope's description of the architecture. Write agent files with "
            "mesascope.agents.files.save_agent, or bring the agent as module:function.",
            path=path,
            field="__metadata__",
        )
    data = parse_json(metadata["mesascope"], path=path, field="mesascope")
    if not isinstance(data, dict):
        raise UntrustedModelError("it is not a table.", path=path, field="mesascope")
    if data.get("schema") != SCHEMA:
        reason = f"its format is version {shown(data.get('schema'), limit=40)}; this Mesascope reads version {SCHEMA}."
        raise UntrustedModelError(reason, path=path, field="schema")
    for name in sorted(_TYPES.keys() ^ data.keys()):
        raise UntrustedModelError("this entry is missing or unknown.", path=path, field=name)
    for name, kinds in _TYPES.items():
        if type(data[name]) not in kinds:
            raise UntrustedModelError(
                f"it is {type(data[name]).__name__}, not {kinds[0].__name__}.", path=path, field=name
            )
    shape = data["observation_shape"]
    if not _whole_numbers(shape) or not 1 <= len(shape) <= 8 or not 1 <= math.prod(shape) <= MAXIMUM_OBSERVATION:
        reason = f"{shown(shape, limit=100)} is not the shape of at most {MAXIMUM_OBSERVATION:,} numbers."
        raise UntrustedModelError(reason, path=path, field="observation_shape")
    if not 1 <= data["actions"] <= MAXIMUM_ACTIONS:
        raise UntrustedModelError(f"not between 1 and {MAXIMUM_ACTIONS:,}.", path=path, field="actions")
    world = data["world"]
    options = world.get("options")
    if (
        world.keys() != {"name", "options"}
        or not isinstance(world["name"], str)
        or not isinstance(options, dict)
        or not all(isinstance(value, str) for value in options.values())
    ):
        raise UntrustedModelError("it does not hold a name and options as text.", path=path, field="world")
    return AgentHeader(**data), _spec(data["architecture"], data["spec"], path=path)


def _spec(architecture: str, values: dict[str, Any], *, path: Path) -> NetworkSpec:
    if architecture not in NETWORKS:
        error = UnknownNameError("architecture", architecture, NETWORKS)
        raise UntrustedModelError(str(error), path=path, field="architecture")
    kind = NETWORKS[architecture]
    defaults = {field.name: field.default for field in fields(kind) if field.default is not MISSING}
    if wrong := sorted(defaults.keys() ^ values.keys()):
        reason = f"{architecture} has the fields {', '.join(defaults)}; {quoted(wrong[0])} is missing or unknown."
        raise UntrustedModelError(reason, path=path, field="spec")
    converted = {}
    for name, default in defaults.items():
        value = values[name]
        if isinstance(default, tuple) and _numbers(value):
            value = tuple(value)
        if type(value) is not type(default) or (isinstance(value, str) and len(value) > 100):
            reason = f"{name} is not of the form {default!r}."
            raise UntrustedModelError(reason, path=path, field="spec")
        converted[name] = value
    try:
        return kind(**converted)
    except UsageError as error:
        raise UntrustedModelError(str(error), path=path, field="spec") from error


def _whole_numbers(value: object) -> bool:
    return isinstance(value, list) and all(type(number) is int and number >= 0 for number in value)


def _numbers(value: object) -> bool:
    """Returns whether a value is a short list of finite numbers; what each of them may be, the spec itself checks."""
    return (
        isinstance(value, list)
        and len(value) <= 1000
        and all(type(number) in (int, float) and math.isfinite(number) for number in value)
    )
