"""Cases of the process: streams that are closed, variables that say nonsense, interrupts, kills."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Iterable
from pathlib import Path

from hostile.case import Build, Case, Outcome
from hostile.folders import RIGHT
from hostile.judge import is_json

AUDIT = " ".join(["mesascope audit", *RIGHT, "--levels 8"])
QUICK = {
    "help": "mesascope --help",
    "verb-help": "mesascope audit --help",
    "version": "mesascope --version",
    "list": "mesascope list",
    "onset": "mesascope onset --json",
    "show": "mesascope show tiny_world:Tiny",
    "usage": "mesascope audit --levels many",
    "error": "mesascope audit missing.safetensors --world corner",
}


def given(folder: Path, material: Path, rng: random.Random) -> None:
    """Puts sound modules into the folder."""
    for name in ("tiny_world", "policies"):
        shutil.copy(Path(__file__).with_name("given") / f"{name}.py", folder)


def sh(name: str, script: str, exits: set[int], *, build: Build = given, **fields) -> Case:
    """Returns a case of a shell script, in a process of its own."""
    return Case("process", name, (), build, frozenset(exits), shell=script, **fields)


def streams() -> Iterable[Case]:
    """Standard streams that are closed, full, or have no reader."""
    for name, command in QUICK.items():
        wrong = {2} if name in ("usage", "error") else set()
        yield sh(f"output-closed-{name}", f"{command} >&-", wrong or {0, 1, 2})
        yield sh(f"output-full-{name}", f"{command} > /dev/full", wrong or {1, 2, 74})
        yield sh(f"errors-closed-{name}", f"{command} 2>&-", wrong or {0})
        yield sh(f"reader-gone-{name}", f"{command} | true; exit ${{PIPESTATUS[0]}}", (wrong or {0, 141}))
    yield sh("all-closed", f"{AUDIT} --out out <&- >&- 2>&-; code=$?; test -e out/report.json || test $code -ne 0", {0})
    yield sh("output-full-audit", f"{AUDIT} --fail-on pseudo-aligned --json --out out > /dev/full", {1, 2, 3, 74})
    yield sh("errors-full-audit", f"{AUDIT} --json --out out 2> /dev/full", {0}, check=_json_out)
    yield sh("reader-stops", f"{AUDIT} --out out | head -n 1; exit ${{PIPESTATUS[0]}}", {0, 141})
    yield sh("input-closed", f"{AUDIT} --json --out out <&-", {0}, check=_json_out)


def _json_out(outcome: Outcome) -> str:
    return "" if is_json(outcome.out) else f"standard output is not JSON: {outcome.out[:60]!r}"


VARIABLES: dict[str, dict[str, str | None]] = {
    "epoch-word": {"SOURCE_DATE_EPOCH": "abc"},
    "epoch-minus": {"SOURCE_DATE_EPOCH": "-1"},
    "epoch-vast": {"SOURCE_DATE_EPOCH": "1" + "0" * 20},
    "epoch-nan": {"SOURCE_DATE_EPOCH": "nan"},
    "epoch-empty": {"SOURCE_DATE_EPOCH": ""},
    "epoch-long": {"SOURCE_DATE_EPOCH": "9" * 5000},
    "epoch-escapes": {"SOURCE_DATE_EPOCH": "\x1b[31m1"},
    "columns-0": {"COLUMNS": "0"},
    "columns-minus": {"COLUMNS": "-5"},
    "columns-word": {"COLUMNS": "wide"},
    "columns-1": {"COLUMNS": "1"},
    "columns-vast": {"COLUMNS": "1000000"},
    "language-c": {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    "ascii": {"PYTHONIOENCODING": "ascii"},
    "latin-1": {"PYTHONIOENCODING": "ascii:strict"},
    "no-home": {"HOME": None},
    "home-nowhere": {"HOME": "/nonexistent"},
    "cache-nowhere": {"XDG_CACHE_HOME": "/dev/null", "JAX_COMPILATION_CACHE_DIR": None},
    "cache-in-proc": {"JAX_COMPILATION_CACHE_DIR": "/proc/cache"},
    "mpl-nowhere": {"MPLCONFIGDIR": "/dev/null"},
    "mpl-backend": {"MPLBACKEND": "nonsense"},
    "tmp-nowhere": {"TMPDIR": "/nonexistent"},
    "threads-word": {"OPENBLAS_NUM_THREADS": "many", "OMP_NUM_THREADS": "-3"},
    "optimised": {"PYTHONOPTIMIZE": "2"},
    "warnings-raise": {"PYTHONWARNINGS": "error"},
    "dev-mode": {"PYTHONDEVMODE": "1"},
    "terminal-odd": {"TERM": "\x1b[31m"},
    "x64": {"JAX_ENABLE_X64": "1"},
    "debug-nans": {"JAX_DEBUG_NANS": "1"},
    "hash-seed": {"PYTHONHASHSEED": "12345"},
}


DISTANCE = "mesascope distance goal trap --world tiny_world:Tiny --levels 2 --json"
REPORTED = (
    "epoch-word",
    "epoch-minus",
    "epoch-vast",
    "ascii",
    "mpl-nowhere",
    "mpl-backend",
    "tmp-nowhere",
    "optimised",
)
"""What touches a report; the others are tried on less work."""
REFUSABLE = ("epoch", "tmp", "debug", "mpl-backend")
"""Variables that somebody has to set right: one clear line is an answer."""


def variables() -> Iterable[Case]:
    """Variables of the environment that say nonsense."""
    audit = f"{AUDIT} --json --out out"
    for name, values in VARIABLES.items():
        exits = {0, 2} if name.startswith(REFUSABLE) else {0}
        check = None if name.startswith(REFUSABLE) else _json_out
        # PYTHONDEVMODE and warnings are asked for, and are not ours.
        plain = name not in ("dev-mode", "warnings-raise")
        yield sh(
            f"variable-{name}",
            f"{audit if name in REPORTED else DISTANCE}{'' if plain else ' 2> errors.txt'}",
            exits,
            environment=values,
            check=check,
        )
    for name in ("help", "verb-help", "usage", "error"):
        exits = {2} if name in ("usage", "error") else {0}
        for extra in ({"NO_COLOR": "1", "FORCE_COLOR": None}, {"NO_COLOR": "1", "TERM": "xterm-256color"}):
            label = "-".join(sorted(extra)).lower().replace("_", "-")
            yield sh(f"no-color-{name}-{label}", QUICK[name], exits, environment=extra)
            typed = f"script -qec '{QUICK[name]}' /dev/null < /dev/null | tr -d '\\r'; exit ${{PIPESTATUS[0]}}"
            if shutil.which("script"):
                yield sh(f"no-color-terminal-{name}-{label}", typed, exits, environment=extra)
    for name, command in {"columns-1": "mesascope audit --help", "columns-0": "mesascope --help"}.items():
        yield sh(f"help-{name}", command, {0}, environment=VARIABLES[name])
    yield sh("optimised-help", "mesascope audit --help | grep -q report", {0}, environment={"PYTHONOPTIMIZE": "2"})


def places() -> Iterable[Case]:
    """Current folders that are gone, masks of new files, caches that are garbage."""
    for name, command in QUICK.items():
        if name in ("help", "version", "list", "onset", "error"):
            exits = {2} if name == "error" else {0, 2}
            yield sh(f"folder-gone-{name}", f"mkdir gone && cd gone && rmdir ../gone && {command}", exits)
    yield sh("folder-gone-audit", f"mkdir gone && cp *.py gone && cd gone && rm -r ../gone && {AUDIT}", {2})
    yield sh(
        "folder-gone-out", "p=$PWD; mkdir gone && cd gone && rmdir ../gone && mesascope onset --out $p/out", {0, 2}
    )
    for mask, mode in (("077", "600"), ("027", "640"), ("022", "644")):
        script = (
            f"umask {mask}; {AUDIT} --out out > text.txt; stat -c %a out/report.json out/report.html out/request.json"
        )
        yield sh(f"umask-{mask}", script, {0}, check=lambda outcome, mode=mode: _modes(outcome, mode))
    garbage = (
        "export JAX_COMPILATION_CACHE_DIR=$PWD/cache; "
        f"{AUDIT} --json --out one > one.json 2> /dev/null; "
        "for f in $(find cache -type f); do echo garbage > $f; done; "
        f"{AUDIT} --json --out two"
    )
    yield sh(
        "cache-garbage", garbage, {0}, unlike="UserWarning|persistent compilation cache|error reading", check=_json_out
    )


def _modes(outcome: Outcome, mode: str) -> str:
    found = outcome.out.decode().split()
    return "" if set(found) == {mode} else f"the files have the modes {' '.join(found)}, not {mode}"


WAIT = """
import os, signal, subprocess, sys, time
seconds, number, *command = sys.argv[1:]
out, err = open("o.txt", "wb"), open("e.txt", "wb")
child = subprocess.Popen(command, stdout=out, stderr=err)
while child.poll() is None:
    try:
        times = open(f"/proc/{child.pid}/stat").read().rsplit(")", 1)[1].split()
    except OSError:
        break
    if (int(times[11]) + int(times[12])) / os.sysconf("SC_CLK_TCK") >= float(seconds):
        child.send_signal(getattr(signal, number))
        break
    time.sleep(0.005)
code = child.wait()
sys.stdout.write(open("o.txt", errors="replace").read())
sys.stderr.write(open("e.txt", errors="replace").read())
sys.exit(code if code >= 0 else 128 - code)
"""
"""Runs a command and sends it a signal when it has had so many CPU seconds: wall time would depend on the machine."""


SAME = """
import json, sys
one, other = (json.load(open(path)) for path in sys.argv[1:])
for report in (one, other):
    # When it was made and how long that took.
    del report["provenance"]
sys.exit(one != other)
"""


def _waiting(folder: Path, material: Path, rng: random.Random) -> None:
    given(folder, material, rng)
    (folder / "wait.py").write_text(WAIT)
    (folder / "same.py").write_text(SAME)


def signals() -> Iterable[Case]:
    """Ctrl-C and kill at many moments, and the same command afterwards."""
    rng = random.Random("moments")
    # Before that, Python itself is starting.
    moments = [0.06, 0.08, 0.1, 0.15, 0.2, 0.3, 0.5, 0.8, *(round(rng.uniform(0.8, 5.0), 2) for _ in range(5))]
    for moment in moments:
        script = f"python3 wait.py {moment} SIGINT {AUDIT} --out out"
        yield sh(f"interrupt-{moment}", script, {130, 0}, build=_waiting, check=_not_half)
    for moment in (0.1, 0.5, 1.5):
        for name, command in {
            "list": "mesascope list",
            "onset": "mesascope onset --learned",
            "check": "mesascope check",
        }.items():
            yield sh(
                f"interrupt-{name}-{moment}", f"python3 wait.py {moment} SIGINT {command}", {130, 0}, build=_waiting
            )
    for moment in (2.0, 3.5, 4.5):
        script = (
            f"python3 wait.py {moment} SIGKILL {AUDIT} --out out > /dev/null 2>&1; {AUDIT} --out out > text.txt && "
            f"mkdir other && cp *.py other && cd other && {AUDIT} --out out > text.txt && "
            "python3 ../same.py out/report.json ../out/report.json && ls -A ../out"
        )
        yield sh(f"kill-{moment}", script, {0}, build=_waiting, check=_nothing_left)
    script = f"python3 wait.py 1.5 SIGTERM {AUDIT} --out out"
    yield sh("terminate", script, {143, 0, 130}, build=_waiting, check=_not_half)


def _not_half(outcome: Outcome) -> str:
    report = outcome.folder / "out" / "report.json"
    if report.exists():
        try:
            json.loads(report.read_bytes())
        except ValueError:
            return "half a report stands there"
    return ""


def _nothing_left(outcome: Outcome) -> str:
    left = [name for name in outcome.out.decode().split() if name.endswith(".tmp") or name.startswith(".")]
    return f"{left[0]} was left behind" if left else ""


def cases() -> Iterable[Case]:
    """Every case of this module."""
    yield from streams()
    yield from variables()
    yield from places()
    yield from signals()
