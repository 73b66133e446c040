from __future__ import annotations

import importlib.metadata
import sys

import pytest

from mesascope.core.errors import UnknownNameError, UsageError
from mesascope.core.registry import Entry, Registry, load_target

ENTRIES = (Entry("root", "math:sqrt", "square root"), Entry("power", "math:pow", "power"))


def offer(monkeypatch, *points: tuple[str, str]) -> None:
    """Makes the registry find these entry points of other packages."""
    found = [importlib.metadata.EntryPoint(name, value, "mesascope.functions") for name, value in points]
    monkeypatch.setattr(
        importlib.metadata, "entry_points", lambda *, group: found if group == "mesascope.functions" else []
    )


def registry() -> Registry:
    return Registry("function", ENTRIES, group="mesascope.functions")


def test_names_load_what_they_stand_for():
    assert registry().names()[:2] == ("root", "power")
    assert registry().load("root")(9) == 3
    assert registry().entry("power").summary == "power"


def test_unknown_names_suggest_the_nearest():
    with pytest.raises(UnknownNameError, match=r"no function named 'rot'\. Did you mean 'root'\? Known: power, root\."):
        registry().load("rot")


def test_two_entries_of_one_name_are_refused():
    with pytest.raises(UsageError, match="Two functions are named 'root': math:sqrt and math:exp"):
        Registry("function", (*ENTRIES, Entry("root", "math:exp", "")), group="mesascope.functions")


def test_other_packages_join_behind_the_built_in_ones(monkeypatch):
    offer(monkeypatch, ("exponential", "math:exp"))
    ours = registry()
    assert ours.names() == ("root", "power", "exponential")
    assert ours.load("exponential")(0) == 1
    assert ours.names() == ("root", "power", "exponential")


def test_a_clash_with_another_package_is_a_warning_and_ours_stays(monkeypatch):
    offer(monkeypatch, ("root", "math:exp"), ("sine", "math:sin"))
    ours = registry()
    with pytest.warns(UserWarning, match="Ignoring the function 'root'"):
        assert ours.names() == ("root", "power", "sine")
    assert ours.load("root")(9) == 3


def test_nothing_is_imported_before_it_is_used(tmp_path, monkeypatch):
    (tmp_path / "canary_of_registry.py").write_text("thing = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    ours = Registry("thing", (Entry("bird", "canary_of_registry:thing", ""),), group="mesascope.things")
    assert ours.names() == ("bird",)
    assert ours.entry("bird").target == "canary_of_registry:thing"
    assert "canary_of_registry" not in sys.modules
    assert ours.load("bird") == 1
    del sys.modules["canary_of_registry"]


@pytest.mark.parametrize("target", ["math", "math:", ":sqrt", ""])
def test_a_target_of_the_wrong_form_is_refused(target):
    with pytest.raises(UsageError, match="module:"):
        load_target(target)


def test_what_cannot_be_imported_is_named(tmp_path, monkeypatch):
    with pytest.raises(UsageError, match="Cannot import 'no_such_module_at_all'"):
        load_target("no_such_module_at_all:thing")
    with pytest.raises(UnknownNameError, match=r"named 'sqr'\. Did you mean 'sqrt'"):
        load_target("math:sqr")
    (tmp_path / "broken_on_import.py").write_text("raise RuntimeError('on purpose')\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(UsageError, match="raised RuntimeError when it was imported: on purpose"):
        load_target("broken_on_import:thing")
