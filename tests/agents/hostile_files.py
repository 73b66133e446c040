"""Broken and hostile model files, made by script: each with what the refusal must say."""

from __future__ import annotations

import io
import json
import os
import pickle
import stat
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

Payload = bytes


class Payloaded:
    """Writes a file when it is unpickled."""

    def __init__(self, canary: Path):
        self.canary = canary

    def __reduce__(self):
        return os.system, (f"echo alive > {self.canary}",)


def payload(canary: Path) -> Payload:
    return pickle.dumps(Payloaded(canary), protocol=2)


# safetensors


def split(content: bytes) -> tuple[dict, bytes]:
    length = struct.unpack("<Q", content[:8])[0]
    return json.loads(content[8 : 8 + length]), content[8 + length :]


def joined(header: dict | bytes, data: bytes) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def with_header(content: bytes, change: Callable[[dict], object]) -> bytes:
    header, data = split(content)
    change(header)
    return joined(header, data)


def with_description(content: bytes, **changes: object) -> bytes:
    def change(header: dict) -> None:
        description = json.loads(header["__metadata__"]["mesascope"]) | changes
        header["__metadata__"]["mesascope"] = json.dumps(description)

    return with_header(content, change)


def with_spec(content: bytes, **changes: object) -> bytes:
    header, _ = split(content)
    spec = json.loads(header["__metadata__"]["mesascope"])["spec"]
    return with_description(content, spec=spec | changes)


def with_numbers(content: bytes, value: float) -> bytes:
    header, data = split(content)
    return joined(header, np.float32(value).tobytes() + data[4:])


def hostile_safetensors(valid: bytes) -> dict[str, tuple[bytes, str]]:
    """Returns name -> (content, what the refusal says), from a valid file of an MLP."""
    header, data = split(valid)
    last = max((name for name in header if name != "__metadata__"), key=lambda name: header[name]["data_offsets"][1])
    name = "heads.value.bias"

    def entry(**changes: object) -> bytes:
        return with_header(valid, lambda header: header[name].update(changes))

    text = json.dumps(header)
    many = {f"t{index}": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]} for index in range(12_000)}
    renamed = {("../../etc/x" if key == name else key): value for key, value in header.items()}
    return {
        "empty": (b"", "not a whole safetensors file"),
        "three bytes": (b"abc", "not a whole safetensors file"),
        "header of 2^63 bytes": (struct.pack("<Q", 2**63) + valid[8:], "not a whole safetensors file"),
        "header of 2 MiB": (joined(text.encode() + b" " * 2**21, data), "at most 1,048,576 are read"),
        "bad JSON": (joined(text.encode()[:-1], data), "not valid JSON"),
        "not UTF-8": (joined(text.encode().replace(b"heads", b"h\xff\xfeds"), data), "not valid JSON"),
        "deep JSON": (joined(b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", data), "not valid JSON"),
        "a list": (joined(b"[1, 2]", data), "not a list of at most"),
        "overlap": (entry(data_offsets=header[last]["data_offsets"]), "not a valid safetensors file"),
        "hole": (joined(header, data[:-4] + b"\0" * 8), "not a valid safetensors file"),
        "trailing bytes": (valid + b"more", "not a valid safetensors file"),
        "truncated numbers": (valid[:-10], "not a valid safetensors file"),
        "truncated header": (valid[:100], "not a whole safetensors file"),
        "shape overflow": (entry(shape=[2**62, 2**62]), "implies F32"),
        "negative shape": (entry(shape=[-1]), "Expected `int` >= 0"),
        "unknown dtype": (entry(dtype="F33"), "implies F32"),
        "another dtype": (entry(dtype="I32"), "implies F32"),
        "zero-size tensor": (entry(shape=[0]), "implies F32"),
        "wrong shape": (entry(shape=[1, 1]), "implies F32"),
        "not a number": (with_numbers(valid, np.nan), "not finite"),
        "infinite": (with_numbers(valid, np.inf), "not finite"),
        "doubled name": (joined((text[:-1] + f', "{name}": {json.dumps(header[name])}}}').encode(), data), "twice"),
        "tensor named like a path": (joined(renamed, data), "is missing"),
        "missing tensor": (with_header(valid, lambda header: header.pop(name)), "is missing"),
        "additional tensor": (
            with_header(
                valid, lambda header: header.update(extra={"dtype": "F32", "shape": [0], "data_offsets": [0, 0]})
            ),
            "that its architecture lacks",
        ),
        "12,000 tensors": (joined({**header, **many}, data), "at most 10,000 tensors"),
        "somebody else's": (with_header(valid, lambda header: header.pop("__metadata__")), "without Mesascope's"),
        "metadata of numbers": (
            with_header(valid, lambda header: header.update(__metadata__={"a": 1})),
            "Expected `str`, got `int`",
        ),
        "description not JSON": (
            with_header(valid, lambda header: header.update(__metadata__={"mesascope": "{"})),
            "not valid JSON",
        ),
        "description a list": (
            with_header(valid, lambda header: header.update(__metadata__={"mesascope": "[]"})),
            "not a table",
        ),
        "another version": (with_description(valid, schema=2), "reads version 1"),
        "wrong architecture": (with_description(valid, architecture="mlpp"), "Did you mean 'mlp'"),
        "architecture as code": (with_description(valid, architecture="os:system"), "no architecture named"),
        "unknown entry": (with_description(valid, code="print()"), "unknown field `code`"),
        "entry of another type": (with_description(valid, actions="4"), "Expected `int`, got `str`"),
        "no actions": (with_description(valid, actions=0), "Expected `int` >= 1"),
        "huge observation": (with_description(valid, observation_shape=[10**6, 10**6]), "not the shape of at most"),
        "observation of text": (with_description(valid, observation_shape=["7"]), "Expected `int`, got `str`"),
        "other observation": (with_description(valid, observation_shape=[8]), "implies F32"),
        "world not a table": (with_description(valid, world={"name": 3}), "Expected `str`, got `int`"),
        "another checksum": (with_description(valid, sha256="0" * 64), "checksum differs"),
        "terabytes by width": (with_spec(valid, widths=[10**12]), "between 1 and 4,096"),
        "terabytes by depth": (with_spec(valid, widths=[4096] * 33), "at most 32 widths"),
        "half a billion parameters": (with_spec(valid, widths=[4096] * 32), "at most 64,000,000 are built"),
        "width not a number": (with_spec(valid, widths=[64, True]), "not of the form"),
        "unknown activation": (with_spec(valid, activation="rellu"), "Did you mean 'relu'"),
        "unknown field": (with_spec(valid, callback="os.system"), "missing or unknown"),
    }


# Stable-Baselines3


def members_of(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(members: dict[str, bytes], *, compression: int = zipfile.ZIP_STORED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return target.getvalue()


def with_member(content: bytes, name: str, member: bytes | zipfile.ZipInfo, data: bytes = b"") -> bytes:
    members = members_of(content)
    if isinstance(member, bytes):
        return zipped(members | {name: member})
    target = io.BytesIO(content)
    with zipfile.ZipFile(target, "a") as archive:
        archive.writestr(member, data)
    return target.getvalue()


def with_data(content: bytes, change: Callable[[dict], object]) -> bytes:
    data = json.loads(members_of(content)["data"])
    change(data)
    return with_member(content, "data", json.dumps(data).encode())


def with_weights(content: bytes, change: Callable[[dict[str, bytes]], object]) -> bytes:
    weights = members_of(members_of(content)["policy.pth"])
    change(weights)
    return with_member(content, "policy.pth", zipped(weights))


def named(name: str, *, mode: int = 0) -> zipfile.ZipInfo:
    information = zipfile.ZipInfo(name)
    information.external_attr = mode << 16
    return information


def doubled(content: bytes, name: str) -> bytes:
    # The name is written in another way first, because zipfile warns of a double.
    other = name[:-1] + "#"
    return with_member(content, name, named(other), b"{}").replace(other.encode(), name.encode())


def encrypted(content: bytes) -> bytes:
    start = content.rindex(b"PK\x01\x02")
    return content[: start + 8] + b"\x01" + content[start + 9 :]


def hostile_archives(valid: bytes, canary: Path) -> dict[str, tuple[bytes, str]]:
    """Returns name -> (content, what the refusal says), from a valid PPO file with an MLP on discrete observations."""
    members = members_of(valid)
    bomb = zipped({**members, "zeros": b"\0" * 2**22}, compression=zipfile.ZIP_DEFLATED)

    def policy(**changes: object) -> bytes:
        return with_data(valid, lambda data: data["policy_class"].update(changes))

    def options(**changes: object) -> bytes:
        return with_data(valid, lambda data: data["policy_kwargs"].update(changes))

    def observation(**changes: object) -> bytes:
        return with_data(valid, lambda data: data["observation_space"].update(changes))

    def action(**changes: object) -> bytes:
        return with_data(valid, lambda data: data["action_space"].update(changes))

    def table(old: bytes, new: bytes) -> bytes:
        def change(weights: dict[str, bytes]) -> None:
            name = next(name for name in weights if name.endswith("data.pkl"))
            assert old in weights[name]
            weights[name] = weights[name].replace(old, new, 1)

        return with_weights(valid, change)

    def numbers(content: bytes) -> bytes:
        return with_weights(valid, lambda weights: weights.update({_first_numbers(weights): content}))

    first = members_of(members["policy.pth"])
    size = len(first[_first_numbers(first)])
    code = payload(canary)
    return {
        "empty": (b"", "not a whole zip archive"),
        "text": (b"hello, world, this is no archive", "not a whole zip archive"),
        "truncated": (valid[:-50], "not a whole zip archive"),
        "trailing bytes": (valid + b"more", "not a whole zip archive"),
        "broken member": (valid.replace(members["data"][:40], b"x" * 40), "archive is broken"),
        "huge directory": (valid[:-10] + struct.pack("<I", 2**31) + valid[-6:], "list of members is too long"),
        "path upwards": (with_member(valid, "", named("../evil")), "leads out"),
        "absolute path": (with_member(valid, "", named("/etc/evil")), "leads out"),
        "path of Windows": (with_member(valid, "", named("a\\..\\evil")), "leads out"),
        "link": (with_member(valid, "", named("link", mode=stat.S_IFLNK | 0o777), b"/etc/passwd"), "is a link"),
        "doubled member": (doubled(valid, "data"), "two members"),
        "encrypted": (encrypted(valid), "encrypted"),
        "bomb": (bomb, "unpacks to more than 100 times"),
        "unusual compression": (zipped(members, compression=zipfile.ZIP_BZIP2), "unusual way"),
        "20,000 members": (zipped({**members, **{f"m{i}": b"" for i in range(20_000)}}), "at most 10,000 are read"),
        "no data": (zipped({name: members[name] for name in members if name != "data"}), "is missing"),
        "no weights": (zipped({name: members[name] for name in members if name != "policy.pth"}), "is missing"),
        "data not JSON": (with_member(valid, "data", b"{"), "not valid JSON"),
        "data a list": (with_member(valid, "data", b"[]"), "not a table"),
        "deep data": (with_member(valid, "data", b"[" * 100_000), "not valid JSON"),
        "recurrent policy": (policy(__module__="sb3_contrib.common.recurrent.policies"), "a class of its own"),
        "policy of one's own": (policy(__init__="<function MyPolicy.__init__ at 0x7f>"), "--trust-pickle"),
        "policy without a table": (with_data(valid, lambda data: data.update(policy_class="x")), "not a table"),
        "features of one's own": (options(features_extractor_class="<class 'mine.Features'>"), "--trust-pickle"),
        "activation of one's own": (options(activation_fn="<class 'mine.Activation'>"), "--trust-pickle"),
        "activation not text": (options(activation_fn=["x"]), "--trust-pickle"),
        "unknown option": (options(surprise=1), "may change what it does"),
        "convolutions of whole numbers": (
            policy(__init__="<function ActorCriticCnnPolicy.__init__ at 0x7f>"),
            "not images of bytes",
        ),
        "continuous actions": (action(**{":type:": "<class 'gymnasium.spaces.box.Box'>"}), "only Discrete"),
        "actions not a number": (action(n="4; import os"), "not a whole number"),
        "too many actions": (action(n="999999999"), "impossible number of actions"),
        "other number of actions": (action(n="5"), "implies"),
        "observations a dictionary": (
            observation(**{":type:": "<class 'gymnasium.spaces.dict.Dict'>"}),
            "dictionary of spaces is missing",
        ),
        "observations from 1": (observation(start="1"), "does not begin at 0"),
        "other observations": (observation(n="17"), "implies"),
        "shape as code": (
            observation(**{":type:": "<class 'gymnasium.spaces.box.Box'>", "_shape": "__import__('os')"}),
            "not a list of whole numbers",
        ),
        "huge observations": (
            observation(**{":type:": "<class 'gymnasium.spaces.box.Box'>", "_shape": [10**6, 10**6]}),
            "more than 10,000,000",
        ),
        "weights a bare pickle": (with_member(valid, "policy.pth", code), "not a whole zip archive"),
        "weights that run code": (
            with_weights(valid, lambda weights: weights.update({_table(weights): code})),
            "nothing was run",
        ),
        "weights that name code": (table(b"torch\nFloatStorage", b"os\nsystem"), "nothing was run"),
        "weights of whole numbers": (table(b"torch\nFloatStorage", b"torch\nLongStorage"), "does not need"),
        "table truncated": (
            with_weights(valid, lambda weights: weights.update({_table(weights): weights[_table(weights)][:-40]})),
            "is broken",
        ),
        "tensor beyond its numbers": (table(b"K@K\x10\x86", b"KAK\x10\x86"), "reaches beyond"),
        "tensor renamed": (table(b"action_net.weight", b"action_met.weight"), "is missing"),
        "two tables": (with_weights(valid, lambda weights: weights.update({"x/data.pkl": code})), "not hold one table"),
        "big-endian": (
            with_weights(valid, lambda weights: weights.update({_table(weights)[:-8] + "byteorder": b"big"})),
            "little-endian",
        ),
        "too few numbers": (numbers(b"\0" * (size - 4)), "missing, too few"),
        "not a number": (numbers(np.full(size // 4, np.nan, np.float32).tobytes()), "not finite"),
    }


def _table(weights: dict[str, bytes]) -> str:
    return next(name for name in weights if name.endswith("data.pkl"))


def _first_numbers(weights: dict[str, bytes]) -> str:
    return next(name for name in weights if name.endswith("data/0"))
