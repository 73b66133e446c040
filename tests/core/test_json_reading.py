from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesascope.core.errors import UsageError
from mesascope.core.json_reading import MAXIMUM_DEPTH, MalformedJSON, decode_json, read_json


@dataclass(frozen=True)
class Row:
    name: str
    value: float


def refused(content: bytes | str, **options) -> str:
    with pytest.raises(MalformedJSON) as caught:
        decode_json(content, refuse=MalformedJSON, **options)
    return str(caught.value)


CASES = {
    "depth 900": (b"[" * 900 + b"]" * 900, "nested"),
    "depth of a megabyte": (b"[" * 10**6, "nested"),
    "one too deep": (b"[" * (MAXIMUM_DEPTH + 2) + b"]" * (MAXIMUM_DEPTH + 2), "nested"),
    "deep objects": (b'{"a":' * 200 + b"1" + b"}" * 200, "nested"),
    "digits": (b"1" * 400, "400 digits"),
    "digits after the point": (b"0." + b"1" * 400, "too long"),
    "exponent": (b"1e999", "too large"),
    "not a number": (b'{"a": NaN}', "NaN"),
    "infinite": (b"-Infinity", "Infinity"),
    "twice": (b'{"a": 1, "a": 2}', "'a' twice"),
    "bytes": (b'"\xff"', "UTF-8"),
    "mark": (b"\xef\xbb\xbf{}", "not JSON"),
    "empty": (b"", "not JSON"),
    "half": (b'{"a": ', "not JSON"),
    "two": (b"{} {}", "not JSON"),
}


@pytest.mark.parametrize(("content", "reason"), CASES.values(), ids=CASES)
def test_what_is_not_sane_is_refused_for_its_reason(content, reason):
    assert reason in refused(content)


def test_size_is_looked_at_before_anything_is_parsed():
    assert "at most 10 are read" in refused(b"[" * 11, maximum_bytes=10)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b'{"name": 3, "value": 1.0}', "$.name"),
        (b'{"name": "a"}', "value"),
        (b'{"name": "a", "value": "1"}', "$.value"),
        (b"[]", "object"),
    ],
)
def test_what_is_not_of_the_form_is_refused_with_its_place(content, reason):
    assert reason in refused(content, form=Row)


def test_the_form_is_returned():
    assert decode_json(b'{"name": "a", "value": 2}', refuse=MalformedJSON, form=Row) == Row("a", 2.0)


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(values)
def test_what_python_writes_is_read_as_it_was(value):
    text = json.dumps(value)
    assert decode_json(text, refuse=MalformedJSON) == value


@given(st.binary(max_size=200))
def test_any_bytes_give_a_value_or_a_refusal(content):
    with contextlib.suppress(MalformedJSON):
        decode_json(content, refuse=MalformedJSON)


def test_files(tmp_path):
    file = tmp_path / "row.json"
    file.write_text('{"name": "a", "value": 1}')
    assert read_json(file, purpose="a row", form=Row) == Row("a", 1.0)
    file.write_text("{")
    with pytest.raises(MalformedJSON, match="as a row: it is not JSON"):
        read_json(file, purpose="a row")
    with pytest.raises(UsageError, match="at most 1 are read"):
        file.write_text("{}"), read_json(file, purpose="a row", maximum_bytes=1)
    with pytest.raises(UsageError, match="not a regular file"):
        read_json(tmp_path, purpose="a row")
    with pytest.raises(UsageError, match="No such file"):
        read_json(tmp_path / "none.json", purpose="a row")
