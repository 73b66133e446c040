from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mesascope.cli import console
from mesascope.cli.main import main
from mesascope.report.data.audit_report import Report

AGENTS = '''
import numpy as np

def to_the_corner(observations):
    """Up where there is no wall above, else left: in a room without blocks it always ends in the top left corner."""
    agent = observations[..., -1].reshape(len(observations), -1).argmax(-1)
    row, column = np.divmod(agent, observations.shape[2])
    above = observations[np.arange(len(observations)), row - 1, column, 0]
    return np.eye(5)[np.where(above == 1, 2, 0)]

def halves(observations):
    return np.full((len(observations), 5), 0.5)

def too_few(observations):
    return np.full((len(observations), 4), 0.25)

def nothing(observations):
    return np.full((len(observations), 5), np.nan)

def words(observations):
    return "left"

def raising(observations):
    raise RuntimeError("the sensor is broken")

number = 3
'''


@pytest.fixture(scope="session")
def report(tmp_path_factory) -> Report:
    """The report of one real audit, by the command line."""
    folder = tmp_path_factory.mktemp("audited")
    (folder / "house_agents.py").write_text(AGENTS)
    options = ("--world", "corner", "--world-option", "size=5", "--world-option", "walls=open", "--levels", "16")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(sys, "path", list(sys.path))
        assert main(["audit", "house_agents:to_the_corner", *options, "--quiet"]) == 0
    return Report.load(folder / "runs" / "house_agents-to_the_corner-0" / "report.json")


@pytest.fixture(scope="session", autouse=True)
def no_progress():
    """Whether a test takes seconds depends on the machine; what it prints should not."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(console, "FIRST", 3600.0)
        yield


@pytest.fixture
def folder(tmp_path):
    """A folder with some agents in a module."""
    (tmp_path / "house_agents.py").write_text(AGENTS)
    return tmp_path


@pytest.fixture(scope="module")
def house(tmp_path_factory) -> Iterator[tuple[Path, Callable[..., tuple[int, str, str]]]]:
    """A folder with agents, and a function that runs the command line in it: exit code, standard output and error."""
    folder = tmp_path_factory.mktemp("house")
    (folder / "house_agents.py").write_text(AGENTS)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(sys, "path", list(sys.path))

        def run(*arguments: object) -> tuple[int, str, str]:
            out, err = io.StringIO(), io.StringIO()
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                code = main([str(argument) for argument in arguments])
            return code, out.getvalue(), err.getvalue()

        yield folder, run


@pytest.fixture
def mesascope(capsys: pytest.CaptureFixture[str], tmp_path, monkeypatch) -> Callable[..., tuple[int, str, str]]:
    """Runs the command line in this process, in an empty folder; returns exit code, standard output and error."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))

    def run(*arguments: object) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


@pytest.fixture
def spawn(tmp_path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts the command line in a process of its own, in an empty folder; the test's end is its end."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: object, environment: dict[str, str] | None = None) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "mesascope", *map(str, arguments)],
            cwd=tmp_path,
            env={**os.environ, **(environment or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        if hasattr(os, "sched_setaffinity"):
            # On more than one core the threads of JAX would only wait for one another, at full speed.
            os.sched_setaffinity(process.pid, {min(os.sched_getaffinity(0))})
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        for pipe in (process.stdout, process.stderr):
            pipe.close()
