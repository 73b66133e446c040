from __future__ import annotations

import os
from collections import defaultdict
from dataclasses import MISSING, fields, is_dataclass
from typing import get_type_hints

import pytest

from mesascope.cli.command import HelpAsked, parse
from mesascope.cli.options.output import PrintOptions
from mesascope.cli.verbs import GROUPS, every_verb, help_text
from mesascope.core.errors import UsageError
from mesascope.core.quantities import Quantity
from mesascope.core.registry import load_target

VERBS = every_verb()


def options(kind: type):
    """Yields the name, kind and default of every option of a verb or a group of options."""
    hints = get_type_hints(kind, include_extras=True)
    for field in fields(kind):
        hint = hints[field.name]
        if is_dataclass(hint):
            yield from options(hint)
        elif "Positional" not in repr(getattr(hint, "__metadata__", ())):
            quantity = next((part for part in getattr(hint, "__metadata__", ()) if isinstance(part, Quantity)), None)
            yield field.name, quantity or repr(hint), field.default


@pytest.mark.parametrize("columns", ["0", "1", "7", "100000", "many"])
def test_help_comes_to_an_end_in_a_terminal_of_any_width(monkeypatch, columns):
    """In one column the boxes of a help grew without end, and took all memory."""
    monkeypatch.setenv("COLUMNS", columns)
    with pytest.raises(HelpAsked) as asked:
        parse(["list", "--help"])
    assert "--json" in str(asked.value)
    assert os.environ["COLUMNS"] == columns


def test_a_flag_means_the_same_in_every_verb_with_the_same_default():
    meanings = defaultdict(set)
    for verb in VERBS.values():
        for name, quantity, default in options(load_target(verb.target)):
            assert default is not MISSING, f"--{name} is required"
            meanings[name].add((str(quantity), repr(default)))
    assert {name: found for name, found in meanings.items() if len(found) > 1} == {}


@pytest.mark.parametrize("name", VERBS)
def test_every_verb_prints_json_and_can_be_quiet(name):
    hints = get_type_hints(load_target(VERBS[name].target))
    assert issubclass(hints["output"], PrintOptions)


@pytest.mark.parametrize("name", VERBS)
def test_help_ends_with_two_commands_that_are_understood(name):
    with pytest.raises(HelpAsked) as asked:
        parse([*name.split(), "--help"])
    *_, title, first, second = str(asked.value).splitlines()
    assert title == "examples:"
    for line in (first, second):
        assert line.startswith(f"  mesascope {name}")
        parse(line.split()[1:])


def test_help_groups_verbs_by_what_one_wants():
    text = help_text()
    for want, verbs in GROUPS.items():
        assert f"\n{want}:\n" in text
        assert all(f"\n  {name} " in text for name in verbs)


@pytest.mark.parametrize("name", ["check", "bank", "challenge"])
def test_a_first_word_says_what_may_come_second(name):
    with pytest.raises(HelpAsked) as asked:
        parse([name, "--help"])
    assert all(f"  {full.split()[1]} " in str(asked.value) for full in VERBS if full.startswith(f"{name} "))
    with pytest.raises(UsageError, match="Did you mean"):
        parse([name, next(full for full in VERBS if full.startswith(f"{name} ")).split()[1] + "x"])
