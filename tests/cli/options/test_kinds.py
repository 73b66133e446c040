"""Every option of every verb is refused when it is read, in one line, before the verb does anything."""

from __future__ import annotations

from dataclasses import MISSING, fields, is_dataclass
from typing import get_type_hints

import pytest

from mesascope.cli.command import parse
from mesascope.cli.verbs import every_verb
from mesascope.core.errors import UsageError
from mesascope.core.quantities import PathText, Quantity, Real, Text, Whole
from mesascope.core.registry import load_target

BAD = {
    Whole: ["-1", str(2**63), "1" + "0" * 20, "nan", "", "1e3", "0x1", "None"],
    Real: ["nan", "inf", "-inf", "1e999", "", "-1", "None", "1e30"],
    Text: ["", " ", "a\x1b[2J", "a" * 5000, "a\0"],
    PathText: ["", "a\0b", "a" * 5000, "b" * 300],
}


VERBS = every_verb()


def options(kind):
    hints = get_type_hints(kind, include_extras=True)
    for field in fields(kind):
        hint = hints[field.name]
        if is_dataclass(hint):
            yield from options(hint)
        else:
            yield field.name, hint


def cases():
    for verb in VERBS:
        for name, hint in options(load_target(VERBS[verb].target)):
            parts = getattr(hint, "__metadata__", ())
            for quantity in (part for part in parts if isinstance(part, Quantity)):
                positional = "Positional" in map(repr, parts)
                yield verb, None if positional else "--" + name.rstrip("_").replace("_", "-"), quantity


CASES = list(cases())


def needed(verb: str) -> list[str]:
    return ["one"] * sum(field.default is MISSING for field in fields(load_target(VERBS[verb].target)))


@pytest.mark.parametrize(("verb", "option", "quantity"), CASES, ids=[f"{verb}{name}" for verb, name, _ in CASES])
def test_a_bad_value_is_refused_in_one_line_that_names_the_option(verb, option, quantity):
    # What a kind refuses is the same wherever it stands: all of it is tried where a kind comes first.
    first = next((verb, option) for verb, option, kind in CASES if kind == quantity) == (verb, option)
    for bad in BAD[type(quantity)] if first else BAD[type(quantity)][:1]:
        arguments = [bad] * max(1, len(needed(verb))) if option is None else [*needed(verb), f"{option}={bad}"]
        with pytest.raises(UsageError) as caught:
            parse([*verb.split(), *arguments])
        message = str(caught.value)
        assert message.startswith(option or tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ")), message
        assert "give" in message
        assert len(message) < 300
        assert message.isprintable()


@pytest.mark.parametrize("verb", VERBS)
def test_no_option_takes_whatever_is_given(verb):
    kind = load_target(VERBS[verb].target)
    assert is_dataclass(kind)
    assert callable(kind.run)
    for name, hint in options(kind):
        known = any(isinstance(part, Quantity) for part in getattr(hint, "__metadata__", ()))
        inner = getattr(hint, "__origin__", hint)
        choices = "Literal" in repr(hint)
        assert known or choices or inner is bool, f"{verb} {name}"


@pytest.mark.parametrize("verb", VERBS)
def test_options_that_do_not_exist_are_refused_in_one_line(verb):
    with pytest.raises(UsageError) as caught:
        parse([*verb.split(), *needed(verb), "--wrld\x1b[2J"])
    assert str(caught.value).isprintable()
    assert "wrld" in str(caught.value)
    assert f"mesascope {verb} --help" in str(caught.value)
