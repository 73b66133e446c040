"""A digest is of names and contents, and what files import is found wherever the import stands."""

from __future__ import annotations

import json
from pathlib import Path

import numpy
import pytest

import mesascope
from mesascope.organisms.code_digest import auditor_digest, code_reached, digest_of, files_of_module, is_installed

FILES = {
    "main.py": "import beside, package.part\nfrom package import other\n",
    "beside.py": "def later():\n    import json, lazy\n",
    "lazy.py": "from . import nowhere\n",
    "stranger.py": "",
    "nowhere.py": "not Python(",
    "package/__init__.py": "",
    "package/part.py": "from .near import thing\nfrom ..beside import later\n",
    "package/near.py": "from package.deep.inner import value\n",
    "package/other.py": "",
    "package/unused.py": "",
    "package/deep/inner.py": "import main\n",
}


@pytest.fixture
def folder(tmp_path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_all_that_is_imported_is_found_and_nothing_else(folder):
    found = code_reached([folder / "main.py"], folders=[folder], counts=lambda file: True)
    assert {file.relative_to(folder).as_posix() for file in found} == FILES.keys() - {
        "stranger.py",
        "package/unused.py",
    }


def test_what_does_not_count_leads_nowhere(folder):
    found = code_reached([folder / "main.py"], folders=[folder], counts=lambda file: file.name != "beside.py")
    assert {"beside.py", "lazy.py"}.isdisjoint(file.name for file in found)


def test_the_first_folder_that_has_a_module_gives_it(folder, tmp_path_factory):
    first = tmp_path_factory.mktemp("first")
    (first / "beside.py").write_text("")
    assert files_of_module("beside.later", [first, folder]) == [first / "beside.py"]
    assert files_of_module("no_such.module", [first, folder]) == []


def test_libraries_are_installed_and_what_lies_elsewhere_is_not(folder):
    for module in (json, numpy, mesascope):
        assert module.__file__ is not None
        assert is_installed(Path(module.__file__))
    assert not is_installed(folder / "main.py")


def test_a_digest_is_of_names_and_contents_and_the_same_for_the_same_tree_elsewhere(folder, tmp_path_factory):
    first = digest_of([folder], root=folder)
    (folder / "notes.txt").write_text("of no account")
    assert digest_of([folder], root=folder) == first
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "moved"
    folder.rename(elsewhere)
    assert digest_of([elsewhere], root=elsewhere) == first
    # What lies in another folder is told from what has the same name here.
    inner = [elsewhere / "package" / "deep" / "inner.py", elsewhere / "main.py"]
    before = digest_of(inner, root=elsewhere)
    inner[0].write_text(FILES["main.py"])
    inner[1].write_text(FILES["package/deep/inner.py"])
    assert digest_of(inner, root=elsewhere) != before


def test_the_auditors_digest_is_of_its_code_and_not_only_of_its_version(folder, monkeypatch):
    monkeypatch.setattr("mesascope.organisms.code_digest.PACKAGE", folder)
    digests = []
    for text in ("one = 1", "one = 2"):
        (folder / "stranger.py").write_text(text)
        auditor_digest.cache_clear()
        digests.append(auditor_digest())
    auditor_digest.cache_clear()
    assert digests[0] != digests[1]
    assert "'numpy'" in digests[0]
