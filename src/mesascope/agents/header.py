"""The JSON in an agent file: which architecture its numbers belong to, and where it comes from."""

from __future__ import annotations

import math
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import msgspec
from msgspec import Meta

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
LONGEST_VALUE: int = 1000
"""Characters or numbers in one field of a spec."""


Size = Annotated[int, Meta(ge=0)]


class Listed(msgspec.Struct, frozen=True):
    """What a safetensors file says of one tensor: the name of its type, as `"F32"`, and its shape."""

    dtype: str
    shape: tuple[Size, ...]


class TrainedIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The world that an agent was trained in, and its options as text."""

    name: str
    options: dict[str, str]


class AgentHeader(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an agent file says about its numbers.

    **Arguments:**

    - `schema`: version of the format.
    - `architecture`: name in `networks.NETWORKS`.
    - `spec`: the fields of its spec.
    - `observation_shape`: of one observation.
    - `actions`: how many there are.
    - `world`: where it was trained.
    - `base_objective`: what it was trained on, if known.
    - `step`: of training, if known.
    - `sha256`: of the bytes of all tensors, in the order of their names.
    - `metadata`: anything else.
    """

    schema: int
    architecture: str
    spec: dict[str, Any]
    observation_shape: Annotated[tuple[Size, ...], Meta(min_length=1, max_length=8)]
    actions: Annotated[int, Meta(ge=1, le=MAXIMUM_ACTIONS)]
    world: TrainedIn
    base_objective: str | None
    step: int | None
    sha256: str
    metadata: dict[str, Any]


def read_tensor_list(content: bytes, *, path: Path) -> tuple[dict[str, Listed], dict[str, str]]:
    """Returns what a safetensors file says it holds; the numbers are left to the safetensors library.

    **Arguments:**

    - `content`: the whole file.
    - `path`: for messages.

    **Returns:** what it says of each tensor, and the free metadata.

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
    metadata = _formed(header.pop("__metadata__", {}), dict[str, str], path=path, field="__metadata__")
    return _formed(header, dict[str, Listed], path=path, field="header"), metadata


def parse_json(text: bytes | str, *, path: object, field: str) -> Any:
    """Returns the JSON in a field of a model file.

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
    header = _formed(data, AgentHeader, path=path, field="mesascope")
    if not 1 <= math.prod(header.observation_shape) <= MAXIMUM_OBSERVATION:
        shape = shown(list(header.observation_shape), limit=100)
        reason = f"{shape} is not the shape of at most {MAXIMUM_OBSERVATION:,} numbers."
        raise UntrustedModelError(reason, path=path, field="observation_shape")
    return header, _spec(header, path=path)


def _formed(data: Any, form: Any, *, path: Path, field: str) -> Any:
    try:
        return msgspec.convert(data, form)
    except msgspec.ValidationError as error:
        reason = f"it is not of the form that is read: {shown(error, limit=200)}."
        raise UntrustedModelError(reason, path=path, field=field) from error


def _spec(header: AgentHeader, *, path: Path) -> NetworkSpec:
    if header.architecture not in NETWORKS:
        error = UnknownNameError("architecture", header.architecture, NETWORKS)
        raise UntrustedModelError(str(error), path=path, field="architecture")
    kind = NETWORKS[header.architecture]
    defaults = {field.name: field.default for field in fields(kind) if field.default is not MISSING}
    if wrong := sorted(defaults.keys() ^ header.spec.keys()):
        reason = (
            f"{header.architecture} has the fields {', '.join(defaults)}; {quoted(wrong[0])} is missing or unknown."
        )
        raise UntrustedModelError(reason, path=path, field="spec")
    values, forms = {}, get_type_hints(kind)
    for name, value in header.spec.items():
        try:
            if isinstance(value, str | list) and len(value) > LONGEST_VALUE:
                raise msgspec.ValidationError
            values[name] = msgspec.convert(value, forms[name])
        except msgspec.ValidationError as error:
            reason = f"{name} is not of the form {defaults[name]!r}."
            raise UntrustedModelError(reason, path=path, field="spec") from error
    try:
        return kind(**values)
    except UsageError as error:
        raise UntrustedModelError(str(error), path=path, field="spec") from error
