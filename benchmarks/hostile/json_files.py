"""Cases of JSON that somebody else wrote: reports, rewards, challenges, answers, requests."""

from __future__ import annotations

import base64
import json
import random
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from hostile.case import ANY, REFUSED, Build, Case, Outcome
from hostile.mangling import BROKEN, ESCAPE, MARKUP, other_values

REWARD = b'{"weights": {"goal": 1.0, "trap": 0.5}, "stops": ["goal"]}'
OPEN = frozenset({0, 2})


def changed(
    way: str, name: str, *, more: tuple[str, ...] = (), text: str | None = None, number: int | None = None
) -> Build:
    """Returns what writes a broken text, or sound JSON with another value, in place of material.

    **Arguments:**

    - `way`: of the material that is copied; a file or, with a `/`, a file in a folder that is copied whole.
    - `name`: of the file or folder in the current folder.
    - `more`: modules of `given` that lie beside it.
    - `text`: which of `BROKEN`.
    - `number`: which of the other values.
    """
    given = Path(__file__).with_name("given")

    def build(folder: Path, material: Path, rng: random.Random) -> None:
        for module in more:
            shutil.copy(given / f"{module}.py", folder)
        if "/" in way:
            shutil.copytree(material / way.split("/")[0], folder / name)
            target = folder / name / way.split("/", 1)[1]
        else:
            target = folder / name
        sound = REWARD if way == "reward" else target.read_bytes()
        # What a report is remade into would be a file of somebody else.
        for page in target.parent.glob("*.html"):
            page.unlink()
        if text is not None:
            target.write_bytes(BROKEN[text](sound))
        if number is not None:
            target.write_bytes(dict(_numbered(sound, rng))[number])

    return build


def _numbered(sound: bytes, rng: random.Random) -> Iterator[tuple[int, bytes]]:
    for number, (_, content) in enumerate(other_values(sound, rng, 12)):
        yield number, content


LENIENT = ("blank-50-mb",)
"""Odd, yet JSON."""


def inert(outcome: Outcome) -> str:
    """Says what is wrong if markup of the JSON came into a page as it is."""
    for page in outcome.folder.rglob("*.html"):
        if MARKUP in page.read_text(errors="replace") or "<img src=x" in page.read_text(errors="replace"):
            return f"markup stands in {page.name}"
    return ""


def reports() -> Iterable[Case]:
    """`mesascope report` on reports that are none."""
    for text in BROKEN:
        yield Case(
            "json",
            f"report-{text}",
            ("report", "audit", "--json"),
            changed("audit/report.json", "audit", text=text),
            REFUSED,
            says="report",
            refusal=True,
        )
    for number in range(12):
        for tries in range(5):
            yield Case(
                "json",
                f"report-value-{tries}-{number}",
                ("report", "audit"),
                changed("audit/report.json", "audit", number=number),
                OPEN,
                check=inert,
            )
    for name, build in {
        "folder-without": lambda folder, material, rng: (folder / "audit").mkdir(),
        "folder-as-report": lambda folder, material, rng: (folder / "audit" / "report.json").mkdir(parents=True),
        "pipe": _pipe,
        "link-to-zero": lambda folder, material, rng: (
            (folder / "audit").mkdir(),
            (folder / "audit/report.json").symlink_to("/dev/zero"),
        ),
        "battery-as-report": lambda folder, material, rng: (
            (folder / "audit").mkdir(),
            shutil.copy(material / "battery/battery.json", folder / "audit/report.json"),
        ),
    }.items():
        # What another verb saved is remade as what it is, whatever its file is called.
        remade = name == "battery-as-report"
        yield Case(
            "json", f"report-{name}", ("report", "audit"), build, OPEN if remade else REFUSED, refusal=not remade
        )


def _pipe(folder: Path, material: Path, rng: random.Random) -> None:
    import os

    (folder / "audit").mkdir()
    os.mkfifo(folder / "audit" / "report.json")


def rewards() -> Iterable[Case]:
    """`mesascope distance` of rewards in files, and of rewards in words."""
    start = ("distance", "goal", "reward.json", "--world", "tiny_world:Tiny", "--levels", "2", "--json")
    for text in BROKEN:
        yield Case(
            "json",
            f"reward-{text}",
            start,
            changed("reward", "reward.json", more=("tiny_world",), text=text),
            REFUSED,
            says="reward",
            refusal=True,
        )
    for number in range(12):
        for tries in range(2):
            yield Case(
                "json",
                f"reward-value-{tries}-{number}",
                start,
                changed("reward", "reward.json", more=("tiny_world",), number=number),
                OPEN,
            )
    words = {
        "nan": "goal=nan",
        "infinite": "goal=inf",
        "minus-infinite": "goal=-inf",
        "1e400": "goal=1e400",
        "digits": "goal=" + "9" * 5000,
        "empty": "",
        "equals": "=",
        "no-value": "goal=",
        "no-name": "=1",
        "twice": "goal=1,goal=2",
        "unknown": "gaol=1",
        "escapes": f"{ESCAPE}=1",
        "escapes-value": f"goal={ESCAPE}",
        "stop-unknown": "goal=1,stop:gaol",
        "stop-empty": "goal=1,stop:",
        "stop-twice": "goal=1,stop:goal,stop:goal",
        "commas": ",,,,",
        "long": "goal=1," * 20_000,
        "unknown-objective": "gaol",
        "hex": "goal=0x10",
        "missing-file": "missing.json",
        "path": "../outside/victim.txt",
    }
    for name, reward in words.items():
        argv = (*start[:2], reward, *start[3:])
        exits = OPEN if name in ("stop-twice",) else REFUSED
        yield Case(
            "json", f"reward-words-{name}", argv, changed("reward", "r.json", more=("tiny_world",), text="empty"), exits
        )


ANSWERS = b'{"agent-000": "robust-internal", "agent-001": {"kind": "deceptive", "probability": 0.8}}'


def challenges() -> Iterable[Case]:
    """`mesascope challenge` on sealed files and answers that others wrote."""
    start = ("challenge", "score", "answers.json", "--challenge", "challenge", "--json")

    def with_answers(build: Build, content: bytes = ANSWERS) -> Build:
        def both(folder: Path, material: Path, rng: random.Random) -> None:
            build(folder, material, rng)
            (folder / "answers.json").write_bytes(content)

        return both

    def answered(text: str | None, number: int | None = None) -> Build:
        def build(folder: Path, material: Path, rng: random.Random) -> None:
            shutil.copytree(material / "challenge", folder / "challenge")
            content = BROKEN[text](ANSWERS) if text else dict(_numbered(ANSWERS, rng))[number]
            (folder / "answers.json").write_bytes(content)

        return build

    for text in BROKEN:
        # An object without agents leaves all unanswered, which can be scored.
        exits = OPEN if text in ("table", *LENIENT) else REFUSED
        build = with_answers(changed("challenge/sealed.json", "challenge", text=text))
        yield Case("json", f"sealed-{text}", start, build, REFUSED, refusal=True)
        yield Case("json", f"answers-{text}", start, answered(text), exits, refusal=True)
    for number in range(12):
        for tries in range(3):
            build = with_answers(changed("challenge/sealed.json", "challenge", number=number))
            yield Case("json", f"sealed-value-{tries}-{number}", start, build, OPEN)
        yield Case("json", f"answers-value-{number}", start, answered(None, number), OPEN)
    hidden: dict[str, object] = {
        "nested": {"secret": "s", "labels": {"labels": {"a": 1}}},
        "empty": {"secret": "", "labels": {}},
        "list": ["secret", "labels"],
        "null": None,
        "numbers": {"secret": 1, "labels": {"agent-000": 2}},
        "lists-for-tables": {"secret": [], "labels": []},
        "escapes": {"secret": ESCAPE, "labels": {ESCAPE: ESCAPE}},
    }
    for name, value in hidden.items():
        yield Case("json", f"sealed-hidden-{name}", start, with_answers(_sealed(hidden=_encoded(value))))
    yield Case(
        "json", "sealed-hidden-infinity", start, with_answers(_sealed(hidden=base64.b64encode(b"Infinity").decode()))
    )
    yield Case("json", "sealed-hidden-not-base64", start, with_answers(_sealed(hidden="%%%")))
    yield Case("json", "sealed-trained-text", start, with_answers(_sealed(trained="many")))
    yield Case("json", "sealed-trained-nan", start, with_answers(_sealed(trained=1e308)), OPEN)
    battery = ("challenge", "answer", "--challenge", "challenge", "--json", "--quiet")
    for name, worlds in {
        "evil-module": {"agent-000": "evil:World"},
        "evil-gym": {"agent-000": "gym:evil:World-v0"},
        "leads-out": {"../../outside/victim": "cleaning"},
        "absolute": {"/etc/passwd": "cleaning"},
        "escapes": {ESCAPE: ESCAPE},
        "unknown": {"agent-000": "nowhere"},
        "number": {"agent-000": 7},
        "list": ["agent-000"],
    }.items():
        yield Case("json", f"sealed-worlds-{name}", battery, _evil(worlds), REFUSED)


def _encoded(value: object) -> str:
    return base64.b64encode(json.dumps(value).encode()).decode()


def _sealed(**fields: object) -> Build:
    def build(folder: Path, material: Path, rng: random.Random) -> None:
        shutil.copytree(material / "challenge", folder / "challenge")
        file = folder / "challenge" / "sealed.json"
        file.write_text(json.dumps({**json.loads(file.read_text()), **fields}))

    return build


def _evil(worlds: object) -> Build:
    """A sealed challenge that is right by its seals and names code, beside that code."""

    def build(folder: Path, material: Path, rng: random.Random) -> None:
        import hashlib

        names = list(worlds) if isinstance(worlds, dict | list) else []
        labels = dict.fromkeys(names, "robust-internal")
        seals = {name: hashlib.sha256(f"s:{name}:{label}".encode()).hexdigest() for name, label in labels.items()}
        hidden = _encoded({"secret": "s", "labels": labels})
        _sealed(worlds=worlds, seals=seals, hidden=hidden, trained=0)(folder, material, rng)
        evil = 'import os\nopen(os.environ["HOSTILE_CANARY"], "a").write("ran")\nWorld = None\n'
        for place in (folder, folder / "challenge"):
            (place / "evil.py").write_text(evil)

    return build


def requests() -> Iterable[Case]:
    """A folder with a result and a request that is none: it may be believed only if it can be read."""
    argv = ("audit", "policies:right", "--world", "tiny_world:Tiny", "--levels", "8", "--quiet", "--out", "audit")
    for text in BROKEN:
        build = changed("audit/request.json", "audit", more=("tiny_world", "policies"), text=text)
        yield Case("json", f"request-{text}", argv, build, REFUSED, refusal=text not in LENIENT)
    for number in range(12):
        build = changed("audit/request.json", "audit", more=("tiny_world", "policies"), number=number)
        # Some other values mean the same.
        yield Case("json", f"request-value-{number}", argv, build, ANY, changes=("audit/*",))


def cases() -> Iterable[Case]:
    """Every case of this module."""
    yield from reports()
    yield from rewards()
    yield from challenges()
    yield from requests()
