from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesascope.core.errors import AgentError, UnknownNameError, UntrustedModelError
from mesascope.core.text import printable, quoted, shown

ESCAPES = {
    "colour": "\x1b[31mred\x1b[0m",
    "cursor": "\r\x1b[2Kgone",
    "title": "\x1b]0;title\x07",
    "eight bits": "\x9b31m",
    "right to left": "abc\u202edcba",
    "nothing to see": "a\u200bb\ufeff",
    "half a pair": "\ud800",
    "lines": "one\u2028two\u2029three\x0bfour\x0cfive",
}


def hidden(text: str) -> list[str]:
    return [sign for sign in text if unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")]


@pytest.mark.parametrize("text", ESCAPES.values(), ids=ESCAPES)
def test_nothing_that_moves_a_cursor_or_hides_is_left(text):
    assert hidden(text)
    assert not hidden(printable(text))
    assert not hidden(quoted(text))


@given(st.text(), st.integers(1, 50))
def test_whatever_it_is_it_is_cut_and_on_one_line(text, limit):
    for result in (shown(text, limit=limit), quoted(text, limit=limit)[1:-1]):
        assert len(result) <= limit
        assert not hidden(result)


def test_plain_text_stays_as_it_is():
    assert printable("Größe: 3 × 4\n\tyes") == "Größe: 3 × 4\n\tyes"
    assert shown("a\nb") == "a\\x0ab"
    assert quoted("corner") == "'corner'"


def test_a_text_of_megabytes_is_cut_at_once():
    assert printable("x" * 10**7, limit=100) == "x" * 99 + "…"


def test_an_exception_that_cannot_say_what_it_is():
    class Broken(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no")

    assert "RuntimeError" in shown(Broken())


@pytest.mark.parametrize(
    "error",
    [
        AgentError("\x1b[31m" + "x" * 10**6),
        UnknownNameError("world", "\x1b]0;\x07" + "y" * 10**6, ["\x9b" + "z" * 10**6] * 3),
        UntrustedModelError("no\x1b[2J", path="\x1b[31m" + "p" * 10**6, field="\x07" + "f" * 10**6),
    ],
    ids=lambda error: type(error).__name__,
)
def test_errors_are_fit_to_be_printed_whatever_went_into_them(error):
    assert not [sign for sign in hidden(str(error)) if sign not in "\n\t"]
    assert len(str(error)) <= 12_000


@pytest.mark.parametrize("text", ESCAPES.values(), ids=ESCAPES)
def test_json_that_is_printed_says_the_same(text):
    if not text.isprintable() and "\ud800" not in text:
        written = json.dumps({"name": text}, ensure_ascii=False, indent=2)
        assert json.loads(printable(written, limit=None)) == {"name": text}
    tag = json.dumps("\U000e0001", ensure_ascii=False)
    assert json.loads(printable(tag)) == "\U000e0001"
