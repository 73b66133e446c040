"""Cases of folders: files of others where a verb writes, places that cannot be written, folders full of modules."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

from hostile.case import USAGE, Build, Case, words
from hostile.options import TINY

RIGHT = ("policies:right", *TINY, "--quiet")
WRITES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "audit": (("audit", *RIGHT, "--levels", "8"), ("report.json", "report.html", "request.json")),
    "search": (("search", *RIGHT, "--levels", "8"), ("search.json", "search.html", "request.json")),
    "objective": (("objective", *RIGHT, "--levels", "2"), ("objective.json", "objective.html", "request.json")),
    "battery": (
        ("battery", "policies:right", "--world", "tiny_world:Tiny", "--quiet"),
        ("battery.json", "battery.html", "request.json"),
    ),
    "witness": (
        ("witness", *RIGHT, "--own", "trap", "--budget", "64", "--floor", "0"),
        ("witness.json", "witness.html", "witness.svg", "request.json"),
    ),
    "onset": (("onset", "--quiet"), ("onset.json", "onset.html", "request.json")),
    "challenge": (
        ("challenge", "make", "--specimens", "1", "--quiet"),
        ("sealed.json", "README.txt", "agents/agent-000.safetensors", "agents/agent-007.safetensors"),
    ),
}
"""What a verb that writes leaves in its folder; the test of this benchmark holds it to that."""

Put = Callable[[Path], object]


def _given(folder: Path) -> None:
    for name in ("tiny_world", "policies"):
        shutil.copy(Path(__file__).with_name("given") / f"{name}.py", folder)


def placed(put: Put) -> Build:
    """Returns what puts something of somebody else into a folder beside the sound modules."""

    def build(folder: Path, material: Path, rng: random.Random) -> None:
        _given(folder)
        put(folder)

    return build


def copied(verb: str, put: Put = lambda folder: None) -> Build:
    """Returns what copies the verb's own results, and then puts something."""

    def build(folder: Path, material: Path, rng: random.Random) -> None:
        _given(folder)
        shutil.copytree(material / verb, folder / "out")
        put(folder)

    return build


def _foreign(name: str) -> Put:
    def put(folder: Path) -> None:
        (folder / "out" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "out" / name).write_text("of somebody else\n")

    return put


def _linked(name: str) -> Put:
    def put(folder: Path) -> None:
        (folder / "out" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "out" / name).symlink_to(folder.parent / "outside" / "victim.txt")

    return put


def _made(name: str, make: Callable[[Path], object]) -> Put:
    def put(folder: Path) -> None:
        (folder / "out" / name).parent.mkdir(parents=True, exist_ok=True)
        make(folder / "out" / name)

    return put


def occupied() -> Iterable[Case]:
    """Files of others where a verb writes its own."""
    for verb, (argv, names) in WRITES.items():
        start = (*argv, "--out", "out")
        for name in names:
            label = f"{verb}-{name.replace('/', '-')}"
            yield Case("folders", f"foreign-{label}", start, placed(_foreign(name)), USAGE)
            yield Case("folders", f"link-{label}", start, placed(_linked(name)), USAGE)
        first = names[0]
        yield Case("folders", f"folder-{verb}-{first}", start, placed(_made(first, lambda path: path.mkdir())), USAGE)
        yield Case("folders", f"pipe-{verb}-{first}", start, placed(_made(first, os.mkfifo)), USAGE)
        second = names[1]
        yield Case("folders", f"folder-{verb}-{second}", start, placed(_made(second, lambda path: path.mkdir())), USAGE)
        # Its own result, but for one file, which is somebody else's now.
        changed = copied(verb, _foreign(first))
        if verb != "challenge":
            yield Case("folders", f"overwritten-{verb}", start, changed, USAGE)
        yield Case(
            "folders",
            f"other-file-stays-{verb}",
            start,
            placed(_foreign("notes.txt")),
            frozenset({0}),
            changes=("out/request.json",),
        )
        yield Case(
            "folders",
            f"out-is-a-file-{verb}",
            start,
            placed(lambda folder: (folder / "out").write_text("mine\n")),
            USAGE,
        )
        yield Case("folders", f"out-is-a-pipe-{verb}", start, placed(lambda folder: os.mkfifo(folder / "out")), USAGE)
        yield Case("folders", f"full-{verb}", start, placed(lambda folder: None), USAGE, file_bytes=1000)
        yield Case("folders", f"out-link-nowhere-{verb}", start, placed(_dangling), frozenset({0, 2}))
        yield Case(
            "folders", f"read-only-{verb}", (*argv, "--out", "/proc/self/out"), placed(lambda folder: None), USAGE
        )
        if verb not in ("challenge",):
            again = copied(verb)
            yield Case("folders", f"own-again-{verb}", start, again, frozenset({0, 1, 3}), changes=("out/*",))
    for verb in ("report", "show"):
        yield from _pages(verb)


def _dangling(folder: Path) -> None:
    (folder / "out").symlink_to(folder.parent / "outside" / "nowhere")


def _pages(verb: str) -> Iterable[Case]:
    """A verb whose `--out` is a file."""

    def build(put: Put) -> Build:
        def both(folder: Path, material: Path, rng: random.Random) -> None:
            _given(folder)
            shutil.copytree(material / "audit", folder / "audit")
            put(folder)

        return both

    argv = ("report", "audit", "--quiet") if verb == "report" else ("show", "tiny_world:Tiny", "--quiet")
    page = "page.html" if verb == "report" else "page.svg"
    remade = ("audit/report.html",) if verb == "report" else ()
    puts: dict[str, Put] = {
        "file": lambda folder: (folder / page).write_text("mine\n"),
        "link": lambda folder: (folder / page).symlink_to("../outside/victim.txt"),
        "link-nowhere": lambda folder: (folder / page).symlink_to("../outside/nowhere"),
        "folder": lambda folder: (folder / page).mkdir(),
        "pipe": lambda folder: os.mkfifo(folder / page),
        "link-full": lambda folder: (folder / page).symlink_to("/dev/full"),
    }
    for name, put in puts.items():
        yield Case("folders", f"{verb}-out-{name}", (*argv, "--out", page), build(put), USAGE)
    none = build(lambda folder: None)
    yield Case("folders", f"{verb}-full", (*argv, "--out", page), none, USAGE, file_bytes=1000)
    yield Case("folders", f"{verb}-in-proc", (*argv, "--out", f"/proc/{page}"), none, USAGE)
    if verb == "report":
        foreign = build(lambda folder: (folder / "audit" / "report.html").write_text("mine\n"))
        yield Case("folders", "report-page-is-foreign", argv, foreign, frozenset({0, 2}))
        yield Case("folders", "report-again", argv, none, frozenset({0}), changes=remade)


CODE = 'import os\nopen(os.environ["HOSTILE_CANARY"], "a").write(__name__)\n'
SHADOWS = words(
    "etils numpy tyro rich safetensors json polars torch gymnasium minigrid stable_baselines3 sb3_contrib "
    "mctx blackjax matplotlib jax jaxlib jaxtyping equinox optax scipy msgspec threadpoolctl jinja2 "
    "mesascope typing_extensions docstring_parser beartype ml_dtypes opt_einsum sitecustomize "
    "usercustomize conftest pandas sympy setuptools PIL libtpu jax_cuda12_plugin readline random types "
    "string secrets evil_backend colorama IPython pygments cloudpickle"
)
DATA_ONLY: dict[str, tuple[str, ...]] = {
    "audit": ("audit", "agent.safetensors", "--world", "corner", "--levels", "4", "--quiet"),
    "audit-zip": ("audit", "ppo.zip", "--world", "corner", "--levels", "4", "--quiet"),
    "audit-gym": ("audit", "agent.safetensors", "--world", "gym:FrozenLake-v1"),
    "search": ("search", "agent.safetensors", "--world", "corner", "--levels", "4", "--quiet"),
    "show": ("show", "corner", "--levels", "1"),
    "show-svg": ("show", "corner", "--levels", "1", "--out", "page.svg"),
    "show-gym": ("show", "gym:FrozenLake-v1", "--levels", "1"),
    "list": ("list",),
    "distance": ("distance", "cheese", "reward.json", "--levels", "2"),
    "report": ("report", "audit"),
    "onset": ("onset", "--out", "onset"),
    "check": ("check", "answers", "--section", "4.5"),
    "bank": ("bank", "list"),
    "challenge": ("challenge", "make", "--specimens", "1", "--out", "made"),
    "help": ("--help",),
    "verb-help": ("audit", "--help"),
    "version": ("--version",),
    "nothing-there": ("audit", "missing.safetensors", "--world", "corner"),
    "world-word": ("show", "evil_backend"),
    "agent-word": ("audit", "evil_backend", "--world", "corner"),
}


def _trap(folder: Path, material: Path, rng: random.Random) -> None:
    for name in SHADOWS:
        (folder / f"{name}.py").write_text(CODE)
    for package in ("jax_plugins/x", "mesascope_plugins", "matplotlib_extension", "tests"):
        (folder / package).mkdir(parents=True)
        (folder / package / "__init__.py").write_text(CODE)
    (folder / "jax_plugins" / "x" / "__init__.py").write_text(CODE + "def initialize():\n    pass\n")
    (folder / "matplotlibrc").write_text("backend: module://evil_backend\nsavefig.format: evil\n")
    (folder / "x.pth").write_text("import evil_backend\n")
    (folder / "pyproject.toml").write_text("[tool.mesascope]\nimport = 'evil_backend'\n")
    (folder / ".env").write_text("PYTHONPATH=.\n")
    for name in ("agent.safetensors", "ppo.zip"):
        if (material / name).exists():
            shutil.copy(material / name, folder)
    shutil.copytree(material / "audit", folder / "audit")
    (folder / "audit" / "report.html").unlink()
    (folder / "reward.json").write_text('{"weights": {"corner-top-left": 1.0}}')


def traps() -> Iterable[Case]:
    """A current folder full of modules, where only data, a built-in name or nothing is named."""
    for name, argv in DATA_ONLY.items():
        yield Case(
            "folders",
            f"trap-{name}",
            argv,
            _trap,
            frozenset({0, 2}),
            fresh=True,
            environment={"JAX_PLATFORMS": None, "MPLCONFIGDIR": None},
        )

    def named(folder: Path, material: Path, rng: random.Random) -> None:
        _trap(folder, material, rng)
        _given(folder)

    argv = ("audit", *RIGHT, "--levels", "8", "--out", "out", "--json")
    # What was named may be run, and what it imports: that is the installed numpy, and the modules beside it.
    yield Case("folders", "trap-named", argv, named, frozenset({0}), fresh=True)
    yield Case("folders", "trap-named-wrong", ("show", "tiny_world:Tinny"), named, USAGE, fresh=True)


def cases() -> Iterable[Case]:
    """Every case of this module."""
    yield from occupied()
    yield from traps()
