from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from mesascope.cli.main import main


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
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        for pipe in (process.stdout, process.stderr):
            pipe.close()
