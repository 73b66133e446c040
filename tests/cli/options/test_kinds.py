"""Every option of every verb is refused when it is read, in one line, before the verb does anything."""

from __future__ import annotations

from dataclasses import fields
from typing import get_type_hints

import pytest

from mesascope.cli.command import Command
from mesascope.cli.verbs import VERBS, parse
from mesascope.core.errors import UsageError
from mesascope.core.quantities import PathText, Quantity, Real, Text, Whole
from mesascope.core.registry import load_target

BAD = {
    Whole: ["-1", str(2**63), "1" + "0" * 20, "nan", "", "1e3", "0x1", "None"],
    Real: ["nan", "inf", "-inf", "1e999", "", "-1", "None", "1e30"],
    Text: ["", " ", "a\x1b[2J", "a" * 5000, "a\0"],
    PathText: ["", "a\0b", "a" * 5000, "b" * 300],
}


def cases():
    for verb in VERBS:
        kind = load_target(VERBS[verb].target)
        for field in fields(kind):
            hint = get_type_hints(kind, include_extras=True)[field.name]
            parts = getattr(hint, "__metadata__", ())
            for quantity in (part for part in parts if isinstance(part, Quantity)):
                positional = "Positional" in map(repr, parts)
                yield verb, None if positional else "--" + field.name.replace("_", "-"), quantity


CASES = list(cases())


def needed(verb: str) -> list[str]:
    return {"distance": ["cheese", "corner"], "compare": ["one", "two"], "bank": ["list"]}.get(
        verb, ["one"] if verb in ONE else []
    )


ONE = ("search", "objective", "battery", "witness", "report")


@pytest.mark.parametrize(("verb", "option", "quantity"), CASES, ids=[f"{verb}{name}" for verb, name, _ in CASES])
def test_a_bad_value_is_refused_in_one_line_that_names_the_option(verb, option, quantity):
    for bad in BAD[type(quantity)]:
        if option is None:
            arguments = ["world", bad] if verb == "check" else [bad] * max(1, len(needed(verb)))
        else:
            arguments = [*needed(verb), f"{option}={bad}"]
        with pytest.raises(UsageError) as caught:
            parse(verb, arguments)
        message = str(caught.value)
        assert message.startswith(option or tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ")), message
        assert "give" in message
        assert len(message) < 300
        assert message.isprintable()


@pytest.mark.parametrize("verb", VERBS)
def test_no_option_takes_whatever_is_given(verb):
    kind = load_target(VERBS[verb].target)
    assert issubclass(kind, Command)
    hints = get_type_hints(kind, include_extras=True)
    for field in fields(kind):
        hint = hints[field.name]
        known = any(isinstance(part, Quantity) for part in getattr(hint, "__metadata__", ()))
        inner = getattr(hint, "__origin__", hint)
        choices = "Literal" in repr(hint)
        assert known or choices or inner is bool, f"{verb} {field.name}"


@pytest.mark.parametrize("verb", VERBS)
def test_options_that_do_not_exist_are_refused_in_one_line(verb):
    with pytest.raises(UsageError) as caught:
        parse(verb, [*needed(verb), "--wrld\x1b[2J"])
    assert str(caught.value).isprintable()
    assert "wrld" in str(caught.value)
    assert f"mesascope {verb} --help" in str(caught.value)
