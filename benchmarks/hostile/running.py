"""Runs cases: a folder for each, the command in a process of its own, and what lies there before and after."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import queue
import shutil
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import mesascope
from hostile.case import Case, Outcome
from hostile.warm import resident

SOURCE = Path(mesascope.__file__).resolve().parents[1]
KEPT_OUTPUT: int = 8 * 2**20
"""Bytes of each output that are judged."""
MEMORY: int = 4 * 2**30
"""Resident bytes at which a command is ended, to spare the machine."""
HASHED: int = 2**30
"""Bytes of a file that is looked into; larger ones are sparse."""
CANARY = "HOSTILE_CANARY"
"""Names the file that code writes which nobody named."""


def environment(**changes: str | None) -> dict[str, str]:
    """Returns the variables that a command gets, with changes; `None` removes one."""
    values = {
        **os.environ,
        "PYTHONPATH": str(SOURCE),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
        "NO_COLOR": "1",
        "COLUMNS": "100",
        "OMP_NUM_THREADS": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    values.pop("FORCE_COLOR", None)
    for name, value in changes.items():
        if value is None:
            values.pop(name, None)
        else:
            values[name] = value
    return values


def look(folder: Path) -> dict[str, str]:
    """Returns every entry below a folder and what it is: checksum, target of a link, or kind."""
    found = {}
    for root, folders, files in os.walk(folder):
        for name in [*folders, *files]:
            path = os.path.join(root, name)
            status = os.lstat(path)
            if stat.S_ISLNK(status.st_mode):
                what = f"link to {os.readlink(path)}"
            elif stat.S_ISREG(status.st_mode):
                what = _checksum(path, status.st_size)
            else:
                what = f"kind {stat.S_IFMT(status.st_mode):o}"
            found[os.path.relpath(path, folder)] = what
    return found


def _checksum(path: str, size: int) -> str:
    if size > HASHED:
        return f"{size} not looked into"
    try:
        with open(path, "rb") as file:
            return f"{size} {hashlib.file_digest(file, 'sha256').hexdigest()}"
    except OSError:
        return f"{size} unreadable"


class Warm:
    """A warm process that runs one command at a time."""

    def __init__(self, *, torch: bool, log: Path):
        arguments = [sys.executable, str(Path(__file__).with_name("warm.py")), *(["--torch"] if torch else [])]
        self._process = subprocess.Popen(
            arguments,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log.open("wb"),
            env=environment(),
            cwd=log.parent,
            text=True,
        )
        assert self._process.stdout is not None
        if self._process.stdout.readline() != "ready\n":
            raise RuntimeError(f"the warm process did not start; see {log}")

    def run(self, job: dict) -> dict:
        """Runs one command and returns how it ended."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        """Ends the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=10)


class Runner:
    """Runs cases side by side.

    **Arguments:**

    - `place`: an empty folder for everything.
    - `processes`: how many at once.
    - `keep`: leave the folders of cases for a look.
    """

    def __init__(self, place: Path, *, processes: int = 2, keep: bool = False):
        self.place, self.processes, self.keep = place, processes, keep
        self.material = place / "material"
        self.material.mkdir()
        self._idle: dict[bool, queue.Queue[Warm]] = {False: queue.Queue(), True: queue.Queue()}
        self._made: dict[bool, int] = {False: 0, True: 0}
        self._lock = threading.Lock()

    def run_all(self, cases: Sequence[Case], seen: Callable[[Case, Outcome], None]) -> None:
        """Runs cases and hands over each outcome as it comes, one at a time."""
        lock = threading.Lock()

        def one(numbered: tuple[int, Case]) -> None:
            number, case = numbered
            outcome = self.run(case, number)
            with lock:
                seen(case, outcome)
            if not self.keep:
                _remove(self.place / f"{number:04d}")

        with ThreadPoolExecutor(self.processes) as pool:
            for _ in pool.map(one, enumerate(cases)):
                pass

    def run(self, case: Case, number: int = 0) -> Outcome:
        """Runs one case in a folder of its own."""
        root = self.place / f"{number:04d}"
        folder, aside = root / "work", root / "aside"
        folder.mkdir(parents=True)
        (root / "outside").mkdir()
        aside.mkdir()
        (root / "outside" / "victim.txt").write_text("of somebody else\n")
        case.build(folder, self.material, case.random)
        (root / ".home").mkdir()
        variables: dict[str, str | None] = {
            CANARY: str(aside / "canary"),
            "HOME": str(root / ".home"),
            "JAX_COMPILATION_CACHE_DIR": os.environ.get("JAX_COMPILATION_CACHE_DIR", str(self.place / "compiled")),
            "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0.05",
            "MPLCONFIGDIR": str(self.place / "matplotlib"),
            "MATERIAL": str(self.material),
            **case.environment,
        }
        before = _looked(root)
        job = {
            "argv": list(case.argv),
            "script": case.script and str(folder / case.script),
            "folder": str(folder),
            "environment": variables,
            "out": str(aside / "out"),
            "err": str(aside / "err"),
            "limit": case.limit,
            "memory": MEMORY,
            "file_bytes": case.file_bytes,
        }
        found = self._start(case, job) if case.fresh or case.shell else self._warm(case.torch, job)
        out, err = (_head(aside / name) for name in ("out", "err"))
        outcome = Outcome(
            found["code"],
            out,
            err,
            found["cpu"],
            found["peak"],
            found["ended"],
            folder,
            before,
            _looked(root),
            (aside / "canary").exists(),
        )
        return outcome

    def _warm(self, torch: bool, job: dict) -> dict:
        idle = self._idle[torch]
        with self._lock:
            new = idle.empty() and self._made[torch] < self.processes
            self._made[torch] += new
        log = self.place / f"warm-{threading.get_ident()}-{torch}.log"
        warm = Warm(torch=torch, log=log) if new else idle.get()
        try:
            return warm.run(job)
        finally:
            idle.put(warm)

    def _start(self, case: Case, job: dict) -> dict:
        command = ["bash", "-c", case.shell] if case.shell else ["mesascope", *case.argv]
        if case.shell is None and case.script:
            command = [sys.executable, str(job["script"])]
        started = time.monotonic()
        with open(job["out"], "wb") as out, open(job["err"], "wb") as err:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                cwd=job["folder"],
                env=environment(**job["environment"]),
                start_new_session=True,
            )
            ended = True
            while True:
                found, status, usage = os.wait4(process.pid, os.WNOHANG)
                if found:
                    break
                if ended and (time.monotonic() - started > case.limit or resident(process.pid) > MEMORY):
                    ended = False
                    os.killpg(process.pid, signal.SIGKILL)
                time.sleep(0.02)
            process.returncode = os.waitstatus_to_exitcode(status)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        return {
            "code": process.returncode,
            "cpu": usage.ru_utime + usage.ru_stime,
            "peak": usage.ru_maxrss * 1024,
            "ended": ended,
        }

    def close(self) -> None:
        """Ends the warm processes."""
        for idle in self._idle.values():
            while not idle.empty():
                idle.get().close()


def _looked(root: Path) -> dict[str, str]:
    return {path: what for path, what in look(root).items() if not path.startswith(("aside", ".home"))}


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(KEPT_OUTPUT)
    except OSError:
        return b""


def _remove(root: Path) -> None:
    for path, folders, _ in os.walk(root):
        for name in folders:
            with contextlib.suppress(OSError):
                os.chmod(os.path.join(path, name), 0o700)
    shutil.rmtree(root, ignore_errors=True)
