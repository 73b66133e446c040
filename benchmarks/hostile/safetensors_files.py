"""Cases of agent files of Mesascope whose header says what cannot be."""

from __future__ import annotations

import json
import random
import struct
from collections.abc import Callable, Iterable

from hostile.case import REFUSED, UNTRUSTED, Case
from hostile.mangling import BROKEN, ESCAPE, LONG, flipped, other_values
from hostile.model_files import VERBS, Change, always, on, written


def parts(sound: bytes) -> tuple[dict, bytes]:
    """Returns the header and the numbers of a safetensors file."""
    length = int.from_bytes(sound[:8], "little")
    return json.loads(sound[8 : 8 + length]), sound[8 + length :]


def joined(header: bytes, numbers: bytes, length: int | None = None) -> bytes:
    """Returns a safetensors file of a raw header."""
    return struct.pack("<Q", len(header) if length is None else length) + header + numbers


def with_header(change: Callable[[dict], object]) -> Change:
    """Returns the change of the header as data."""

    def apply(sound: bytes, rng: random.Random) -> bytes:
        header, numbers = parts(sound)
        replaced = change(header)
        return joined(json.dumps(header if replaced is None else replaced).encode(), numbers)

    return apply


def with_description(change: Callable[[dict], object]) -> Change:
    """Returns the change of the description of the architecture inside the header."""

    def inside(header: dict) -> None:
        described = json.loads(header["__metadata__"]["mesascope"])
        replaced = change(described)
        header["__metadata__"]["mesascope"] = json.dumps(described if replaced is None else replaced)

    return with_header(inside)


def with_raw_description(text: str) -> Change:
    """Returns the change of that description to a text."""
    return with_header(lambda header: header["__metadata__"].update(mesascope=text))


def _first(header: dict) -> dict:
    return header[next(name for name in header if name != "__metadata__")]


def _renamed(name: str) -> Callable[[dict], None]:
    def change(header: dict) -> None:
        old = next(one for one in header if one != "__metadata__")
        header[name] = header.pop(old)

    return change


def _put(*way: str, value: object) -> Callable[[dict], None]:
    def change(data: dict) -> None:
        for step in way[:-1]:
            data = data[step]
        data[way[-1]] = value

    return change


HEADERS: dict[str, Change] = {
    "empty": always(b""),
    "seven-bytes": always(b"\0" * 7),
    "length-only": always(struct.pack("<Q", 0)),
    "length-2-63": always(struct.pack("<Q", 2**63) + b"{}"),
    "length-2-64": always(b"\xff" * 8 + b"{}"),
    "length-beyond": lambda sound, rng: joined(b"{}", b"", 10**6),
    "length-90-mb": lambda sound, rng: joined(b" " * (90 * 2**20) + b"{}", b""),
    "truncated": lambda sound, rng: sound[: len(sound) // 2],
    "one-byte-less": lambda sound, rng: sound[:-1],
    "one-byte-more": lambda sound, rng: sound + b"\0",
    "no-tensors": with_header(lambda header: {"__metadata__": header["__metadata__"]}),
    "no-metadata": with_header(lambda header: header.pop("__metadata__") and None),
    "metadata-list": with_header(_put("__metadata__", value=[])),
    "metadata-number": with_header(_put("__metadata__", "mesascope", value=7)),
    "metadata-escapes": with_header(_put("__metadata__", ESCAPE, value=ESCAPE)),
    "shape-100000": with_header(lambda header: _first(header).update(shape=[1] * 100_000)),
    "shape-vast": with_header(lambda header: _first(header).update(shape=[2**40, 2**40])),
    "shape-2-70": with_header(lambda header: _first(header).update(shape=[2**70])),
    "shape-negative": with_header(lambda header: _first(header).update(shape=[-1, 8])),
    "shape-zero": with_header(lambda header: _first(header).update(shape=[0])),
    "shape-fraction": with_header(lambda header: _first(header).update(shape=[1.5])),
    "shape-text": with_header(lambda header: _first(header).update(shape="8")),
    "shape-true": with_header(lambda header: _first(header).update(shape=[True, True])),
    "shape-deep": with_header(lambda header: _first(header).update(shape=[[[8]]])),
    "dtype-long": with_header(lambda header: _first(header).update(dtype=LONG)),
    "dtype-escapes": with_header(lambda header: _first(header).update(dtype=ESCAPE)),
    "dtype-unknown": with_header(lambda header: _first(header).update(dtype="F128")),
    "dtype-other": with_header(lambda header: _first(header).update(dtype="I32")),
    "dtype-half": with_header(lambda header: _first(header).update(dtype="F16")),
    "dtype-list": with_header(lambda header: _first(header).update(dtype=["F32"])),
    "offsets-negative": with_header(lambda header: _first(header).update(data_offsets=[-8, 0])),
    "offsets-beyond": with_header(lambda header: _first(header).update(data_offsets=[0, 10**15])),
    "offsets-turned": with_header(lambda header: _first(header).update(data_offsets=[8, 0])),
    "offsets-missing": with_header(lambda header: _first(header).pop("data_offsets") and None),
    "offsets-text": with_header(lambda header: _first(header).update(data_offsets="0, 8")),
    "offsets-overlap": with_header(
        lambda header: [one.update(data_offsets=[0, 4]) for one in list(header.values())[1:]] and None
    ),
    "entry-null": with_header(lambda header: header.update(zzz=None)),
    "entry-unknown-field": with_header(lambda header: _first(header).update(zzz=1)),
    "name-escapes": with_header(_renamed(ESCAPE)),
    "name-long": with_header(_renamed(LONG)),
    "name-empty": with_header(_renamed("")),
    "name-leads-out": with_header(_renamed("../../outside/victim.txt")),
    "name-markup": with_header(_renamed("[bold red]x[/] <script>")),
    "names-100000": with_header(lambda header: header.update({f"t{i}": None for i in range(100_000)})),
    "names-11000": with_header(
        lambda header: header.update(
            {f"t{i}": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]} for i in range(11_000)}
        )
    ),
    "architecture-escapes": with_description(_put("architecture", value=ESCAPE)),
    "architecture-long": with_description(_put("architecture", value=LONG)),
    "architecture-list": with_description(_put("architecture", value=[])),
    "architecture-code": with_description(_put("architecture", value="os:system")),
    "architecture-other": with_description(_put("architecture", value="gru")),
    "spec-unknown": with_description(_put("spec", ESCAPE, value=1)),
    "spec-empty": with_description(_put("spec", value={})),
    "spec-huge-widths": with_description(_put("spec", "widths", value=[10**9, 10**9])),
    "spec-many-widths": with_description(_put("spec", "widths", value=[8] * 1000)),
    "spec-negative-width": with_description(_put("spec", "widths", value=[-8])),
    "spec-fraction-width": with_description(_put("spec", "widths", value=[8.5])),
    "spec-true-width": with_description(_put("spec", "widths", value=[True])),
    "spec-zero-width": with_description(_put("spec", "widths", value=[0])),
    "spec-activation-escapes": with_description(_put("spec", "activation", value=ESCAPE)),
    "spec-activation-code": with_description(_put("spec", "activation", value="__import__('os').system('x')")),
    "observation-vast": with_description(_put("observation_shape", value=[10**6, 10**6])),
    "observation-long": with_description(_put("observation_shape", value=[1] * 100_000)),
    "observation-zero": with_description(_put("observation_shape", value=[0, 9, 3])),
    "observation-other": with_description(_put("observation_shape", value=[9, 9, 4])),
    "observation-null": with_description(_put("observation_shape", value=None)),
    "actions-vast": with_description(_put("actions", value=10**12)),
    "actions-negative": with_description(_put("actions", value=-5)),
    "actions-true": with_description(_put("actions", value=True)),
    "actions-other": with_description(_put("actions", value=4)),
    "schema-0": with_description(_put("schema", value=0)),
    "schema-long": with_description(_put("schema", value=LONG)),
    "schema-escapes": with_description(_put("schema", value=ESCAPE)),
    "schema-digits": with_description(_put("schema", value=10**400)),
    "world-text": with_description(_put("world", value="corner")),
    "world-escapes": with_description(_put("world", "options", value={ESCAPE: 1})),
    "checksum-other": with_description(_put("sha256", value="0" * 64)),
    "checksum-escapes": with_description(_put("sha256", value=ESCAPE)),
    "step-text": with_description(_put("step", value="10")),
    "step-digits": with_raw_description('{"step": ' + "1" * 5000 + "}"),
    "unknown-field": with_description(_put(ESCAPE, value=1)),
    "description-deep": with_raw_description("[" * 100_000),
    "description-deep-900": with_raw_description("[" * 900 + "]" * 900),
    "description-doubled": with_raw_description('{"schema": 1, "schema": 1}'),
    "description-nan": with_raw_description('{"schema": NaN}'),
    "description-null": with_raw_description("null"),
    "description-empty": with_raw_description(""),
    "shape-mismatch-pastes": with_description(
        lambda data: data.update(
            observation_shape=[9, 9, 4], world={"name": "corner; touch pasted", "options": {"a": "$(touch pasted)"}}
        )
    ),
}


HARMLESS = ("metadata-escapes", "entry-unknown-field")


def cases() -> Iterable[Case]:
    """Agent files whose header says what cannot be."""
    chosen = random.Random("verbs of files")
    for number, (name, change) in enumerate(HEADERS.items()):
        verb = "audit" if number % 3 else chosen.choice(list(VERBS))
        pasted = "touch pasted|\\$\\(" if name.endswith("pastes") else ""
        # A file that is sound and does not fit is no danger: a usage error, too.
        yield Case(
            "files",
            f"safetensors-{name}",
            on("agent.safetensors", verb),
            written("agent.safetensors", "agent.safetensors", change),
            # What changes nothing that is read may be audited.
            REFUSED | {0, 1, 3} if name in HARMLESS else REFUSED,
            says="agent",
            unlike=f"--option |{pasted}" if pasted else "--option ",
            refusal=True,
        )
    for number in range(14):
        yield Case(
            "files",
            f"safetensors-flipped-{number}",
            on("agent.safetensors"),
            written(
                "agent.safetensors", "agent.safetensors", lambda sound, rng: flipped(sound, rng, 1 + rng.randrange(40))
            ),
            REFUSED,
            refusal=True,
        )
    for number in range(16):
        yield Case(
            "files",
            f"safetensors-described-{number}",
            on("agent.safetensors"),
            written("agent.safetensors", "agent.safetensors", _other_description),
            frozenset({0, 1, 2, 3, 4}),
            refusal=False,
        )
    for name in ("deep-lists", "nan", "doubled-new-name", "half-pair", "many-names", "lists-of-lists-10-mb", "utf-16"):
        yield Case(
            "files",
            f"safetensors-header-{name}",
            on("agent.safetensors"),
            written(
                "agent.safetensors", "agent.safetensors", lambda sound, rng, name=name: _broken_header(sound, name)
            ),
            UNTRUSTED,
            refusal=True,
        )


def _other_description(sound: bytes, rng: random.Random) -> bytes:
    header, numbers = parts(sound)
    text = header["__metadata__"]["mesascope"].encode()
    ((_, changed),) = other_values(text, rng, 1)
    header["__metadata__"]["mesascope"] = changed.decode()
    return joined(json.dumps(header).encode(), numbers)


def _broken_header(sound: bytes, name: str) -> bytes:
    length = int.from_bytes(sound[:8], "little")
    return joined(BROKEN[name](sound[8 : 8 + length]), sound[8 + length :])
