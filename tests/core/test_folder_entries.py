"""What lies in a folder is registered by its name, without being imported."""

from __future__ import annotations

import pytest

from mesascope.core.folder_entries import entries_in


def test_modules_and_packages_are_found_and_not_imported(tmp_path, monkeypatch):
    folder = tmp_path / "shelf"
    for name, text in {
        "__init__.py": "",
        "_private.py": '"""Not this one."""',
        "one_thing.py": '"""One thing\nin two lines.\n\nAnd more."""\nWORLD = "corner"\nCOUNT = 1 + 1\nraise OSError\n',
        "other/__init__.py": 'WEIGHT = 3\nCOUNT = 1\nA = {1: abs}\nFAST = {"summary": "Fast.", "weight": "2"}\n1 / 0',
        "notes.txt": "no module",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    one, other, fast = entries_in("shelf", "THING", details=("world", "count", "weight"))
    assert (one.name, one.target, one.summary) == ("one-thing", "shelf.one_thing:THING", "One thing in two lines.")
    assert one.details == (("world", "corner"),)
    assert (other.name, other.target, other.details) == (
        "other",
        "shelf.other:THING",
        (("count", "1"), ("weight", "3")),
    )
    assert (fast.name, fast.target, fast.summary) == ("other-fast", "shelf.other:FAST", "Fast.")
    assert fast.details == (("count", "1"), ("weight", "2"))
    assert entries_in("shelf", "THING", module="inside")[1].target == "shelf.other.inside:THING"


def test_a_folder_that_is_none_is_told():
    with pytest.raises(ValueError, match="no package"):
        entries_in("mesascope.core.errors", "THING")
