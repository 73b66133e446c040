from __future__ import annotations

import json
import subprocess
import sys

import pytest

from mesascope.cli import main as main_module
from mesascope.cli.main import main
from mesascope.cli.train import Interrupted
from mesascope.cli.verbs import NAMES, every_verb
from mesascope.core.errors import OutputError, UntrustedModelError, UsageError

LOADED = """
import json, sys
from mesascope.cli.main import main
code = main({arguments!r})
print(json.dumps([code, sorted(sys.modules)]))
"""


def modules_after(*arguments: str) -> tuple[int, list[str]]:
    ran = subprocess.run(
        [sys.executable, "-c", LOADED.format(arguments=list(arguments))], capture_output=True, text=True, check=True
    )
    code, modules = json.loads(ran.stdout.splitlines()[-1])
    return code, modules


@pytest.mark.parametrize("arguments", [("--help",), ("list",), ("list", "--json"), ("audit", "--help"), ("nonsense",)])
def test_help_and_list_start_without_jax_or_matplotlib(arguments):
    code, modules = modules_after(*arguments)
    assert code == (2 if arguments == ("nonsense",) else 0)
    assert "mesascope.cli.main" in modules
    assert not {"jax", "matplotlib", "torch", "gymnasium", "polars"} & set(modules)


def test_help_names_every_verb_and_exit_code(mesascope):
    code, out, _ = mesascope("--help")
    assert code == 0
    assert all(f"  {verb} " in out for verb in NAMES)
    assert all(f"{number} " in out for number in (0, 1, 2, 3, 4, 70, 130))


def test_no_arguments_prints_the_help_and_is_a_usage_error(mesascope):
    code, out, _ = mesascope()
    assert code == 2
    assert "usage: mesascope" in out


def test_version(mesascope):
    import importlib.metadata

    assert mesascope("--version") == (0, importlib.metadata.version("mesascope") + "\n", "")


def test_an_unknown_verb_suggests_the_nearest(mesascope):
    code, out, err = mesascope("audti")
    assert (code, out) == (2, "")
    assert err.startswith("mesascope: There is no verb named 'audti'. Did you mean 'audit'?")


@pytest.mark.parametrize("verb", every_verb())
def test_every_verb_has_help(mesascope, verb):
    code, out, err = mesascope(*verb.split(), "--help")
    assert (code, err) == (0, "")
    assert f"usage: mesascope {verb}" in out
    assert "\x1b" not in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("audit", "--wrld", "corner"), "Unrecognized options: --wrld"),
        (("list", "worlds", "rubbish"), "Unrecognized options: rubbish"),
        (("audit", "--seed", "many"), "--seed"),
        (("audit", "--fail-on", "robust"), "--fail-on"),
        (("report",), "Missing from mesascope report: FILE"),
    ],
)
def test_arguments_that_cannot_be_parsed_are_usage_errors(mesascope, arguments, message):
    code, out, err = mesascope(*arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (UsageError("no such thing"), 2, "mesascope: no such thing\n"),
        (OutputError("no room"), 2, "mesascope: no room\n"),
        (UntrustedModelError("it is a pickle", path="a.zip"), 4, "mesascope: Cannot load 'a.zip': it is a pickle\n"),
        (
            Interrupted("Interrupted; the same command goes on."),
            130,
            "mesascope: Interrupted; the same command goes on.\n",
        ),
        (
            KeyboardInterrupt(),
            130,
            "mesascope: Interrupted: no result was written. The same command starts it again.\n",
        ),
    ],
)
def test_each_error_is_one_message_and_its_exit_code(mesascope, monkeypatch, error, code, message):
    def fail(arguments, interrupts):
        raise error

    monkeypatch.setattr(main_module, "_run", fail)
    assert mesascope("audit") == (code, "", message)


def test_a_fault_says_how_to_report_it_and_shows_its_traceback_only_with_debug(mesascope, monkeypatch):
    def fail(arguments, interrupts):
        assert arguments == ["audit"]
        raise ZeroDivisionError("by nought")

    monkeypatch.setattr(main_module, "_run", fail)
    code, out, err = mesascope("audit")
    assert (code, out) == (70, "")
    assert "ZeroDivisionError: by nought" in err
    assert "--debug" in err
    assert "Traceback" not in err
    code, _, err = mesascope("audit", "--debug")
    assert code == 70
    assert "Traceback" in err


def test_a_reader_that_goes_away_is_no_error(spawn):
    process = spawn("list")
    process.stdout.close()
    assert process.wait(timeout=60) == 141
    assert process.stderr.read() == ""


def test_main_never_raises_for_a_program_that_calls_it():
    assert main(["audit", "--seed", "x"]) == 2
