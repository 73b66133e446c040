"""Runs what pages say in one process that has imported everything: `python -m tests.documents.command_server ADDRESS`.

A process for each command would spend most of its time importing and compiling. Blocks of Python share the names of
their page, as they would in a session of Python that was started in its folder.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import linecache
import os
import sys
import time
import traceback
from multiprocessing.connection import Listener
from pathlib import Path

CLIENT = """#!{python} -ES
import os, sys
from multiprocessing.connection import Client
with Client({address!r}, "AF_UNIX") as server:
    server.send(("command", os.getcwd(), sys.argv[1:]))
    code, out, err = server.recv()
sys.stdout.write(out)
sys.stderr.write(err)
sys.exit(code)
"""


def install(folder: Path, address: str) -> None:
    """Writes a `mesascope` that lets the server run its arguments."""
    file = folder / "mesascope"
    file.write_text(CLIENT.format(python=sys.executable, address=address))
    file.chmod(0o755)


def serve(address: str) -> None:
    """Answers for ever.

    It is sent ("page", folder), ("python", folder, text, place) or ("command", folder, arguments).
    """
    sys.dont_write_bytecode = True
    names: dict = {}
    with Listener(address, "AF_UNIX") as listener:
        while True:
            with listener.accept() as connection, contextlib.suppress(EOFError):
                what, folder, *given = connection.recv()
                os.chdir(folder)
                out, err = io.StringIO(), io.StringIO()
                begun = time.process_time()
                with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                    if what == "page":
                        names, code = {"__name__": "__main__", "__builtins__": __builtins__}, 0
                    elif what == "python":
                        code = _python(*given, names)
                    else:
                        code = _command(*given)
                if what != "python":
                    _forget(folder)
                    print(
                        f"{time.process_time() - begun:6.1f} CPU s  exit {code}  {given}", file=sys.stderr, flush=True
                    )
                connection.send((code, out.getvalue(), err.getvalue()))


def _command(arguments: list[str]) -> int:
    from mesascope.cli.main import main

    return main(arguments)


def _python(text: str, place: str, names: dict) -> int:
    linecache.cache[place] = (len(text), None, text.splitlines(keepends=True), place)
    sys.path.insert(0, os.getcwd())
    try:
        exec(compile(text, place, "exec"), names)
    except BaseException:
        traceback.print_exc()
        return 1
    finally:
        sys.path.remove(os.getcwd())
    return 0


def _forget(folder: str) -> None:
    """Lets modules of the folder be read anew: the next command would be another process."""
    importlib.invalidate_caches()
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", None)).startswith(folder):
            del sys.modules[name]


if __name__ == "__main__":
    serve(sys.argv[1])
