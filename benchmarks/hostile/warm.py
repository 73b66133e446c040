"""A process that has imported Mesascope and forks for every command: what a command costs beyond its imports.

Reads one JSON object a line (`argv` or `script`, `folder`, `environment`, `out`, `err`, `limit`, `memory`,
`file_bytes`) and
answers each with one line (`code`, `cpu`, `peak`, `ended`). JAX has started no backend and no thread before the fork.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import pkgutil
import resource
import runpy
import signal
import sys
import time
import warnings

_parent = os.getppid()


def main() -> None:
    """Serves until standard input ends."""
    # The folder of this file holds modules whose names the code of a case might want.
    del sys.path[0]
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _import_everything(extras="--torch" in sys.argv)
    answers.write("ready\n")
    answers.flush()
    for line in sys.stdin:
        answers.write(json.dumps(_serve(json.loads(line))) + "\n")
        answers.flush()


def _import_everything(*, extras: bool) -> None:
    import mesascope

    for module in pkgutil.walk_packages(mesascope.__path__, "mesascope."):
        if not module.name.endswith("__main__"):
            # A module of an extra that is not installed.
            with contextlib.suppress(ImportError):
                importlib.import_module(module.name)
    for name in ("matplotlib.pyplot", *(("stable_baselines3", "minigrid") if extras else ())):
        with contextlib.suppress(ImportError):
            importlib.import_module(name)


def _serve(job: dict) -> dict:
    sys.stdout.flush()
    started = time.monotonic()
    child = os.fork()
    if child == 0:
        # `os._exit` is kept: the command's guard must not stop this.
        leave = os._exit
        try:
            code = _run(job)
        except BaseException:
            import traceback

            traceback.print_exc()
            code = 1
        with contextlib.suppress(BaseException):
            sys.stdout.flush()
        with contextlib.suppress(BaseException):
            sys.stderr.flush()
        leave(code)
    ended, pause = True, 0.002
    while True:
        found, status, usage = os.wait4(child, os.WNOHANG)
        if found:
            break
        if os.getppid() != _parent:
            _end_group(child)
            sys.exit(1)
        if ended and (time.monotonic() - started > job["limit"] or resident(child) > job["memory"]):
            ended = False
            _end_group(child)
        time.sleep(pause)
        pause = min(0.05, pause * 1.2)
    # What code of a case has left running.
    _end_group(child)
    return {
        "code": os.waitstatus_to_exitcode(status),
        "cpu": usage.ru_utime + usage.ru_stime,
        "peak": usage.ru_maxrss * 1024,
        "ended": ended,
    }


def resident(process: int) -> int:
    """Returns the bytes of memory that a process holds now; 0 if it has ended."""
    try:
        with open(f"/proc/{process}/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError, ValueError):
        return 0


def _end_group(leader: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


def _run(job: dict) -> int:
    os.setsid()
    for name, value in job["environment"].items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
    os.chdir(job["folder"])
    for number, path in ((1, job["out"]), (2, job["err"])):
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for name, number, errors in (("stdout", 1, "strict"), ("stderr", 2, "backslashreplace")):
        stream = open(number, "w", encoding="utf-8", errors=errors, buffering=1 if number == 2 else -1, closefd=False)  # noqa: SIM115
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    if job["file_bytes"] is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (job["file_bytes"], job["file_bytes"]))
    if job["script"] is not None:
        sys.argv = [job["script"]]
        sys.path.insert(0, os.path.dirname(job["script"]))
        try:
            runpy.run_path(job["script"], run_name="__main__")
        except SystemExit as end:
            return end.code if isinstance(end.code, int) else 0 if end.code is None else 1
        return 0
    from mesascope.cli.main import main as command

    sys.argv = ["mesascope", *job["argv"]]
    return command(job["argv"])


if __name__ == "__main__":
    main()
