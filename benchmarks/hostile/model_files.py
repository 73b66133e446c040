"""Cases of model files: agent files of Mesascope, files that are none, and pickles under every ending."""

from __future__ import annotations

import io
import os
import pickle
import random
from collections.abc import Callable, Iterable
from pathlib import Path

from hostile.case import Build, Case
from hostile.mangling import ESCAPE

Change = Callable[[bytes, random.Random], bytes]
VERBS = {
    "audit": ("audit", "{file}", "--world", "corner", "--levels", "4", "--fail-on", "pseudo-aligned"),
    "search": ("search", "{file}", "--world", "corner", "--levels", "4"),
    "objective": ("objective", "{file}", "--world", "corner", "--levels", "2"),
    "battery": ("battery", "{file}", "--world", "corner", "--levels", "2"),
    "witness": ("witness", "{file}", "--world", "corner", "--budget", "16"),
    "show": ("show", "corner", "--agent", "{file}"),
}


def on(file: str, verb: str = "audit") -> tuple[str, ...]:
    """Returns the arguments that bring a file to a verb."""
    return tuple(word.replace("{file}", file) for word in VERBS[verb])


def written(name: str, source: str, change: Change) -> Build:
    """Returns what writes a changed copy of a sound file."""

    def build(folder: Path, material: Path, rng: random.Random) -> None:
        (folder / name).write_bytes(change((material / source).read_bytes(), rng))

    return build


def always(content: bytes) -> Change:
    """Returns the change to this content, whatever was there."""
    return lambda sound, rng: content


def _reduces(command: str) -> bytes:
    """A pickle that runs a command when it is loaded."""

    class Reduced:
        def __reduce__(self):
            return os.system, (command,)

    return pickle.dumps(Reduced())


RUNS = _reduces('echo ran > "$HOSTILE_CANARY"')
ENDINGS = (
    ".pt",
    ".pth",
    ".pkl",
    ".pickle",
    ".ckpt",
    ".joblib",
    ".bin",
    ".zip",
    ".safetensors",
    ".npz",
    ".npy",
    ".h5",
    ".onnx",
    ".PT",
    ".dat",
    ".msgpack",
    "",
)


def _numpy_objects() -> bytes:
    import numpy as np

    class Reduced:
        def __reduce__(self):
            return os.system, ('echo ran > "$HOSTILE_CANARY"',)

    out = io.BytesIO()
    np.save(out, np.array([Reduced()], dtype=object), allow_pickle=True)
    return out.getvalue()


def pickles() -> Iterable[Case]:
    """Pickles that run code, under every ending."""
    for ending in ENDINGS:
        name = f"agent{ending}"
        yield Case(
            "files", f"pickle-{ending[1:] or 'none'}", on(name), written(name, "weights.pt", always(RUNS)), refusal=True
        )
    for ending in (".npy", ".npz", ".pkl", ".safetensors"):
        name = f"agent{ending}"
        content = _numpy_objects()
        yield Case(
            "files", f"objects-{ending[1:]}", on(name), written(name, "weights.pt", always(content)), refusal=True
        )
    for verb in VERBS:
        yield Case(
            "files",
            f"pickle-{verb}",
            on("agent.pt", verb),
            written("agent.pt", "weights.pt", always(RUNS)),
            refusal=True,
        )
    for name in ("weights.pt", "weights.bin"):
        yield Case(
            "files", f"sound-{name}", on(name), written(name, "weights.pt", lambda sound, rng: sound), refusal=True
        )


def _node(make: Callable[[Path], object]) -> Build:
    def build(folder: Path, material: Path, rng: random.Random) -> None:
        make(folder)

    return build


def no_files() -> Iterable[Case]:
    """Things in a folder that are no regular files."""
    for ending in (".safetensors", ".zip", ".pt"):
        name = f"agent{ending}"
        made: dict[str, Callable[[Path], object]] = {
            "pipe": lambda folder, name=name: os.mkfifo(folder / name),
            "folder": lambda folder, name=name: (folder / name).mkdir(),
            "link": lambda folder, name=name: (folder / name).symlink_to("../outside/victim.txt"),
            "link-nowhere": lambda folder, name=name: (folder / name).symlink_to("nowhere"),
            "link-circle": lambda folder, name=name: (folder / name).symlink_to(name),
            "link-zero": lambda folder, name=name: (folder / name).symlink_to("/dev/zero"),
            "missing": lambda folder: None,
            "empty": lambda folder, name=name: (folder / name).touch(),
            "sparse": lambda folder, name=name: os.truncate(os.open(folder / name, os.O_CREAT | os.O_RDWR), 2**40),
        }
        for what, make in made.items():
            yield Case("files", f"{what}{ending}", on(name), _node(make), refusal=True)
    for what, path in {
        "zero": "/dev/zero",
        "random": "/dev/urandom",
        "null": "/dev/null",
        "stdin": "/dev/stdin",
        "proc": "/proc/self/environ",
        "memory": "/proc/self/mem",
        "long": "a" * 5000 + ".safetensors",
        "long-path": "a/" * 3000 + "agent.safetensors",
        "escapes": f"{ESCAPE}.safetensors",
        "not-utf-8": "\udcff\udcfe.safetensors",
        "home": "~/agent.safetensors",
        "web": "https://example.org/agent.safetensors",
        "empty": "",
        "dot": ".",
        "slash": "/",
        "dots": "..",
        "root-file": "/etc/shadow",
        "dash": "-",
        "pattern": "*.safetensors",
    }.items():
        yield Case("files", f"named-{what}", on(path), refusal=True)
    yield Case(
        "files",
        "name-not-utf-8",
        on("\udcff\udcfe.safetensors"),
        written("\udcff\udcfe.safetensors", "agent.safetensors", always(b"x")),
    )
    yield Case(
        "files", "name-escapes", on("\x1b[31m.zip"), written("\x1b[31m.zip", "ppo.zip", always(b"x")), refusal=True
    )


def cases() -> Iterable[Case]:
    """Every case of this module."""
    yield from pickles()
    yield from no_files()
