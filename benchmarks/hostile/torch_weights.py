"""Cases of weights of torch inside files of Stable-Baselines3: tables of tensors that cannot be."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterable

from hostile.archives import MEGABYTE, members_of, packed, with_member
from hostile.case import Case
from hostile.mangling import ESCAPE, LONG
from hostile.model_files import Change, on, written


def torch_pickle(body: bytes) -> bytes:
    """Returns weights of torch whose table of tensors is this pickle."""
    return packed(
        {
            "archive/data.pkl": body,
            "archive/byteorder": b"little",
            "archive/version": b"3\n",
            "archive/data/0": b"\0" * 64,
        }
    )


def tensor(
    shape: tuple[int, ...],
    strides: tuple[int, ...],
    *,
    numbers: int = 16,
    offset: int = 0,
    storage: str = "FloatStorage",
    member: str = "0",
) -> bytes:
    """Returns the instructions that describe one tensor."""

    def whole(value: int) -> bytes:
        return b"L" + str(value).encode() + b"L\n"

    def several(values: tuple[int, ...]) -> bytes:
        return b"(" + b"".join(map(whole, values)) + b"t"

    place = (
        b"("
        + _word("storage")
        + b"ctorch\n"
        + storage.encode()
        + b"\n"
        + _word(member)
        + _word("cpu")
        + whole(numbers)
        + b"tQ"
    )
    table = b"ccollections\nOrderedDict\n)R"
    return (
        b"ctorch._utils\n_rebuild_tensor_v2\n("
        + place
        + whole(offset)
        + several(shape)
        + several(strides)
        + b"I00\n"
        + table
        + b"tR"
    )


def _word(text: str) -> bytes:
    content = text.encode("utf-8", "surrogatepass")
    return b"X" + struct.pack("<I", len(content)) + content


def table(*entries: tuple[str, bytes]) -> bytes:
    """Returns the pickle of a table of tensors."""
    pairs = b"".join(_word(name) + described for name, described in entries)
    return b"\x80\x02ccollections\nOrderedDict\n)R(" + pairs + b"u."


def _doubly(numbers: int) -> Change:
    """Weights whose numbers are packed twice: in their own archive, and that again in the file."""

    def change(sound: bytes, rng: random.Random) -> bytes:
        described = table(*((f"t{i}", tensor((numbers,), (1,), numbers=numbers)) for i in range(4)))
        inner = {"archive/data.pkl": described, "archive/byteorder": b"little", "archive/data/0": bytes(numbers * 4)}
        return packed({**members_of(sound), "policy.pth": packed(inner, deflated=True)}, deflated=True)

    return change


SMALL = tensor((4,), (1,))
WEIGHTS: dict[str, Change] = {
    f"weights-{name}": with_member("policy.pth", lambda _, body=body: torch_pickle(body))
    for name, body in {
        "no-tensors": table(),
        "name-escapes": table((ESCAPE, SMALL)),
        "name-long": table((LONG, SMALL)),
        "name-half-pair": table(("\ud800", SMALL)),
        "many": table(*((f"t{i}", SMALL) for i in range(20_000))),
        "shape-100000": table(("t", tensor((1,) * 100_000, (1,) * 100_000))),
        "shape-vast": table(("t", tensor((2**40, 2**40), (0, 0)))),
        "shape-negative": table(("t", tensor((-4,), (1,)))),
        "shape-digits": table(("t", tensor((10**4000,), (1,)))),
        "stride-zero": table(("t", tensor((2**20, 16), (0, 1)))),
        "stride-huge": table(("t", tensor((2, 2), (2**62, 1)))),
        "stride-negative": table(("t", tensor((4,), (-1,), offset=3))),
        "stride-count": table(("t", tensor((4, 4), (1,)))),
        "offset-beyond": table(("t", tensor((4,), (1,), offset=2**40))),
        "offset-negative": table(("t", tensor((4,), (1,), offset=-4))),
        "numbers-vast": table(("t", tensor((4,), (1,), numbers=2**60))),
        "storage-unknown": table(("t", tensor((4,), (1,), storage="EvilStorage"))),
        "storage-escapes": table(("t", tensor((4,), (1,), storage="\x1b[31mStorage"))),
        "storage-bytes": table(("t", tensor((4,), (1,), storage="ByteStorage"))),
        "member-missing": table(("t", tensor((4,), (1,), member="77"))),
        "member-leads-out": table(("t", tensor((4,), (1,), member="../../x"))),
        "member-long": table(("t", tensor((4,), (1,), member=LONG))),
        "member-escapes": table(("t", tensor((4,), (1,), member=ESCAPE))),
        "runs-code": b"\x80\x02cos\nsystem\n" + b"(" + _word('echo x > "$HOSTILE_CANARY"') + b"tR.",
        "runs-code-inside": table(("t", b"cos\nsystem\n(" + _word('echo x > "$HOSTILE_CANARY"') + b"tR")),
        "names-a-module": b"\x80\x02cevil\nThing\n.",
        "empty-pickle": b"",
        "no-stop": b"\x80\x02}",
        "protocol-9": b"\x80\x09}.",
        "deep": b"\x80\x02" + b"(" * 100_000 + b"t" * 100_000 + b".",
        "memo-far": b"\x80\x02r\xff\xff\xff\x7f.",
        "text-4-gb": b"\x80\x02X\xff\xff\xff\xff.",
        "number-long": b"\x80\x02\x8b\xff\xff\xff\x7f.",
        "number-digits": b"\x80\x02L" + b"9" * 10**6 + b"L\n.",
        "latin-escape": b"S'\\x1b[31m'\n.",
        "pickle-5-mb": b"\x80\x02" + b"N0" * (5 * MEGABYTE // 2) + b"N.",
        "random": random.Random("weights").randbytes(5000),
    }.items()
}


def _shared(sound: bytes, rng: random.Random) -> bytes:
    numbers = 2**22
    described = table(*((f"t{i}", tensor((numbers,), (1,), numbers=numbers)) for i in range(60)))
    inner = {"archive/data.pkl": described, "archive/byteorder": b"little", "archive/data/0": bytes(numbers * 4)}
    return packed({**members_of(sound), "policy.pth": packed(inner)}, deflated=True)


def cases() -> Iterable[Case]:
    """Every case of this module."""
    for name, change in WEIGHTS.items():
        yield Case("files", f"zip-{name}", on("ppo.zip"), written("ppo.zip", "ppo.zip", change), refusal=True)
    yield Case("files", "zip-doubly-packed", on("ppo.zip"), written("ppo.zip", "ppo.zip", _doubly(2**24)), refusal=True)
    yield Case("files", "zip-shared-numbers", on("ppo.zip"), written("ppo.zip", "ppo.zip", _shared), refusal=True)
