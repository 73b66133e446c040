from __future__ import annotations

import json
import platform
import re
import subprocess
import time
from pathlib import Path

import mesascope
from mesascope.core import provenance as module
from mesascope.core.provenance import Revision, Stopwatch, provenance, revision, versions


def test_versions_name_what_can_change_a_number_and_only_what_is_installed(monkeypatch):
    found = versions()
    assert found["python"] == platform.python_version()
    assert {"mesascope", "jax", "numpy"} <= set(found)
    monkeypatch.setattr(module, "PACKAGES", ("numpy", "no-such-package-at-all"))
    assert set(versions()) == {"python", "numpy"}


def test_the_revision_is_that_of_the_checkout():
    root = Path(mesascope.__file__).parents[2]
    found = revision()
    if (root / ".git").exists():
        assert re.fullmatch("[0-9a-f]{40,64}", str(found.commit))
        assert isinstance(found.dirty, bool)
    else:
        assert found == Revision(None, None)


def test_without_git_the_revision_is_unknown_and_not_clean(monkeypatch):
    def missing(*_, **__):
        raise FileNotFoundError("git")

    monkeypatch.setattr(subprocess, "run", missing)
    assert revision() == Revision(None, None)


def test_a_copy_outside_a_checkout_does_not_take_the_revision_of_what_surrounds_it(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "__file__", str(tmp_path / "a/b/c/provenance.py"))
    assert revision() == Revision(None, None)


def test_the_watch_tells_working_from_waiting():
    watch = Stopwatch()
    time.sleep(0.2)
    waited = watch.cpu_seconds()
    assert watch.wall_seconds() >= 0.2
    assert waited < 0.2
    while watch.cpu_seconds() < waited + 0.02:
        pass
    assert watch.cpu_seconds() >= waited + 0.02


def test_the_block_is_json_and_complete():
    block = provenance(seed=3, watch=Stopwatch(), command=["mesascope", "audit"])
    assert json.loads(json.dumps(block)) == block
    assert (block["seed"], block["command"]) == (3, ["mesascope", "audit"])
    assert set(block) == {"command", "seed", "versions", "git", "platform", "wall_seconds", "cpu_seconds"}
