"""What lies in the current folder, and how the streams and variables of a process are, never decides what runs."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import warnings

import pytest

from mesascope.cli import surroundings
from mesascope.cli.surroundings import COMPILED, prepare_surroundings, use_compilation_cache
from mesascope.core.errors import UsageError

CANARY = "import os\nopen(os.path.join({folder!r}, 'canary-' + __name__), 'w').close()\n"
NAMES = (
    "etils numpy scipy jax jaxlib tyro rich matplotlib msgspec torch gymnasium polars safetensors sitecustomize "
    "usercustomize typing_extensions threadpoolctl equinox"
)

EVERY_VERB = """
import sys
sys.path.pop(0)
from mesascope.cli.main import main
data = "agent.safetensors"
for command in (
    ["list"], ["list", "objectives"], ["show", "corner", "--out", "level.svg", "--quiet"],
    ["onset", "--deployment-episodes", "1", "--training-episodes", "1"],
    *([verb, data, "--world", "doors"] for verb in ("audit", "search", "objective", "battery", "witness")),
    ["distance", "reward.json", "cheese", "--levels", "1", "--kind", "starc"], ["report", "report.json"],
    ["challenge", "score", "answers.json"], ["challenge", "answer", "--challenge", "."], ["bank", "list"],
    ["train", "nobody"], ["check", "--section", "2.1"], ["check", "fit", data, "--world", "doors"],
):
    print("ended", command[0], main(command), file=sys.stderr)
"""


@pytest.fixture
def hostile(tmp_path):
    """A folder whose modules leave a canary behind when they run."""
    folder = tmp_path / "hostile"
    (folder / "jax_plugins" / "x").mkdir(parents=True)
    canary = CANARY.format(folder=str(folder))
    (folder / "jax_plugins" / "x" / "__init__.py").write_text(canary)
    for name in NAMES.split():
        (folder / f"{name}.py").write_text(canary)
    (folder / "matplotlibrc").write_bytes(b"backend: module://etils\n\xff\xfe\x1b[2J")
    (folder / "agent.safetensors").write_bytes(b"\x40\0\0\0\0\0\0\0{")
    (folder / "reward.json").write_text('{"weights": {"corner": 1.0}}')
    sealed = {"schema": 1, "worlds": {"a": "etils:W"}, "trained": 0, "seals": {"a": ""}, "hidden": ""}
    (folder / "sealed.json").write_text(json.dumps(sealed))
    yield folder
    assert list(folder.glob("canary-*")) == []


def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "PYTHONSAFEPATH"}


def test_no_verb_runs_what_lies_beside_the_data_that_it_reads(hostile, tmp_path):
    (tmp_path / "every_verb.py").write_text(EVERY_VERB)
    command = [sys.executable, str(tmp_path / "every_verb.py")]
    ran = subprocess.run(command, cwd=hostile, env=environment(), capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    codes = re.findall(r"^ended \w+ (\d+)$", ran.stderr, re.MULTILINE)
    assert len(codes) == 17
    assert set(codes) <= {"0", "2", "4"}, ran.stderr
    assert "\x1b" not in ran.stderr
    assert (hostile / "level.svg").exists()


def test_neither_does_python_with_m_which_puts_the_current_folder_first(hostile):
    command = [sys.executable, "-m", "mesascope", "show", "corner", "--out", "level.png"]
    ran = subprocess.run(command, cwd=hostile, env=environment(), capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "level.png\n", "")


STREAMS = (
    (">&-", 2, "Standard output is closed"),
    ("> /dev/full", 2, "No space left on device"),
    ("2>&-", 0, ""),
    ("2> /dev/full", 0, ""),
    (">&- 2>&- <&-", 2, ""),
)


@pytest.mark.parametrize("arguments", ["list", "--help", "onset --help", "bogus", "train nobody"])
def test_streams_that_are_closed_or_full_are_one_line(tmp_path, arguments):
    for redirection, code, said in STREAMS:
        command = f'"{sys.executable}" -m mesascope {arguments} {redirection}'
        ran = subprocess.run(["sh", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=False)
        wrong = arguments in ("bogus", "train nobody")
        assert ran.returncode == (2 if wrong else code), (redirection, ran.stderr)
        assert len(ran.stderr.splitlines()) <= 1 + ran.stderr.count("Also: --world")
        assert wrong or said in ran.stderr


def test_a_folder_that_is_gone_is_one_line(tmp_path):
    command = f'mkdir gone && cd gone && rmdir ../gone && "{sys.executable}" -m mesascope onset'
    ran = subprocess.run(["sh", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.startswith("mesascope: The current folder cannot be read")
    assert len(ran.stderr.splitlines()) == 1


@pytest.mark.parametrize("value", ["abc", "", "-1", "1e3", "9" * 30])
def test_a_date_that_is_none_is_refused(monkeypatch, value):
    monkeypatch.setenv(surroundings.EPOCH, value)
    with pytest.raises(UsageError, match=r"SOURCE_DATE_EPOCH .* give one from 0 to"):
        prepare_surroundings()


def test_a_broken_entry_among_compiled_code_is_nobodys_business(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        prepare_surroundings()
        warnings.warn("Error reading persistent compilation cache entry for 'jit_f': ValueError: x", stacklevel=1)
        warnings.warn("something else", stacklevel=1)
    assert [str(one.message) for one in caught] == ["something else"]


def test_compiled_code_is_kept_in_the_users_cache_folder(tmp_path):
    environment = {"HOME": str(tmp_path)}
    use_compilation_cache(environment)
    assert environment[COMPILED] == str(tmp_path / ".cache" / "mesascope" / "compiled")
    assert (tmp_path / ".cache" / "mesascope" / "compiled").is_dir()
    environment = {"HOME": "/", "XDG_CACHE_HOME": str(tmp_path / "elsewhere")}
    use_compilation_cache(environment)
    assert environment[COMPILED] == str(tmp_path / "elsewhere" / "mesascope" / "compiled")


def test_a_setting_of_the_users_own_stands(tmp_path):
    environment = {"HOME": str(tmp_path), COMPILED: ""}
    use_compilation_cache(environment)
    assert environment == {"HOME": str(tmp_path), COMPILED: ""}
    assert list(tmp_path.iterdir()) == []


def test_without_a_place_nothing_is_kept_and_nothing_fails(tmp_path):
    (tmp_path / "file").write_text("")
    environment = {"XDG_CACHE_HOME": str(tmp_path / "file")}
    use_compilation_cache(environment)
    assert COMPILED not in environment


LEAVING = """
import atexit, os, threading, time
import numpy as np
atexit.register(os._exit, 0)
threading.Thread(target=time.sleep, args=(3600,)).start()

def policy(observations):
    os._exit(0)
"""


def test_an_agent_that_leaves_by_every_door_does_not_open_the_gate(tmp_path):
    (tmp_path / "leaving.py").write_text(LEAVING)
    command = [
        sys.executable,
        "-m",
        "mesascope",
        "audit",
        "leaving:policy",
        "--world",
        "corner",
        "--fail-on",
        "incapable",
    ]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "tried to end the process" in ran.stderr


@pytest.mark.parametrize("moment", [0.15, 0.4, 0.8])
def test_ctrl_c_is_one_line_from_the_first_moment(tmp_path, moment):
    """Before Python itself is up nothing can be listened to; after that the process says that it does."""
    said = tmp_path / "started"
    command = [
        sys.executable,
        "-c",
        "import sys, mesascope.cli.main as m\n"
        "sys.argv = ['mesascope', 'check', '--quiet']\n"
        "class Listening(m._Interrupts):\n"
        "    def __init__(self, **o):\n"
        "        super().__init__(**o)\n"
        f"        open({str(said)!r}, 'w').close()\n"
        "m._Interrupts = Listening\n"
        "m.run()\n",
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path)
    deadline = time.monotonic() + 60
    while not said.exists() and time.monotonic() < deadline:
        time.sleep(0.005)
    time.sleep(moment)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert err == "mesascope: Interrupted: no result was written. The same command starts it again.\n"
