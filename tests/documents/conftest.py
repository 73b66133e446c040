from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Client
from pathlib import Path

import pytest

from tests.documents.command_server import install

ROOT = Path(__file__).resolve().parents[2]
Ask = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="session")
def server(tmp_path_factory) -> Iterator[tuple[Ask, dict[str, str]]]:
    """A function that asks the server, and the environment in which `mesascope` does so."""
    folder = tmp_path_factory.mktemp("server")
    address = str(folder / "socket")
    install(folder, address)
    environment = {
        **os.environ,
        "PATH": os.pathsep.join([str(folder), str(Path(sys.executable).parent), os.environ["PATH"]]),
        "NO_COLOR": "1",
        # What a page shows is as wide as where there is no terminal.
        "COLUMNS": "100",
        # Torch's threads, too, would wait for one another.
        "OMP_NUM_THREADS": "1",
    }
    command = [sys.executable, "-m", "tests.documents.command_server", address]
    process = subprocess.Popen(command, cwd=ROOT, env=environment)
    while not os.path.exists(address):
        assert process.poll() is None, "the server did not start"
        time.sleep(0.05)

    def ask(*message: object) -> tuple[int, str, str]:
        with Client(address, "AF_UNIX") as connection:
            connection.send(message)
            return connection.recv()

    yield ask, environment
    process.kill()
    process.wait()
