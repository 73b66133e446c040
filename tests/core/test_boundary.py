from __future__ import annotations

import os
import posix
import subprocess
import sys

import pytest

from mesascope.core.boundary import code_of_others, guarded_process
from mesascope.core.errors import AgentError, WorldError


class Own(BaseException):
    """An exception that nobody expects."""


def recursing() -> None:
    recursing()


def leave(error: BaseException):
    def run() -> None:
        raise error

    return run


WAYS = {
    "an exception": (leave(ValueError("no")), "raised ValueError when asked: no"),
    "one without text": (leave(KeyError()), "raised KeyError when asked"),
    "exit": (leave(SystemExit(0)), "tried to exit with code 0 when asked"),
    "sys.exit": (lambda: sys.exit("fine"), "tried to exit with code fine"),
    "the end of the process": (lambda: os._exit(0), "tried to end the process"),
    "the end by another name": (lambda: posix._exit(0), "tried to end the process"),
    "another program": (lambda: os.execv("/bin/true", ["/bin/true"]), "tried to end the process"),
    "an interrupt": (leave(KeyboardInterrupt()), "raised KeyboardInterrupt when asked, though nobody"),
    "an exception of its own": (leave(Own("gone")), "raised Own when asked: gone"),
    "the end of a generator": (leave(GeneratorExit()), "raised GeneratorExit"),
    "the end of iteration": (leave(StopIteration()), "raised StopIteration"),
    "endless recursion": (recursing, "raised RecursionError"),
    "memory": (leave(MemoryError()), "more memory than there is"),
    "escape codes": (leave(ValueError("\x1b[31m")), "\\x1b[31m"),
}


@pytest.mark.parametrize(("run", "text"), WAYS.values(), ids=WAYS)
def test_every_way_to_leave_is_an_error_that_says_whose(run, text):
    with (
        guarded_process(),
        pytest.raises(AgentError) as caught,
        code_of_others("Agent 'a'", "when asked", error=AgentError),
    ):
        run()
    assert "Agent 'a'" in str(caught.value)
    assert text in str(caught.value)


def test_our_own_errors_pass_and_so_does_a_return():
    with pytest.raises(WorldError, match="mine"), code_of_others("Agent 'a'", "when asked", error=AgentError):
        raise WorldError("mine")
    with code_of_others("Agent 'a'", "when asked", error=AgentError):
        pass


def test_an_interrupt_outside_a_command_is_the_users():
    with pytest.raises(KeyboardInterrupt), code_of_others("Agent 'a'", "when asked", error=AgentError):
        raise KeyboardInterrupt


def test_what_it_prints_goes_to_standard_error(capsys):
    with code_of_others("Agent 'a'", "when asked", error=AgentError):
        print("hello")
    assert capsys.readouterr() == ("", "hello\n")


CHILD = """
import os
from mesascope.core.boundary import guarded_process
with guarded_process():
    child = os.fork()
    if child == 0:
        os._exit(7)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def test_a_child_ends_as_it_likes():
    # In a process of its own: one that has started JAX cannot be forked.
    assert subprocess.run([sys.executable, "-c", CHILD], capture_output=True, text=True).stdout == "7\n"
