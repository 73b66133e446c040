from __future__ import annotations

import os

import pytest

from mesascope.cli.verbs import HelpAsked, parse


@pytest.mark.parametrize("columns", ["0", "1", "7", "100000", "many"])
def test_help_comes_to_an_end_in_a_terminal_of_any_width(monkeypatch, columns):
    """In one column the boxes of a help grew without end, and took all memory."""
    monkeypatch.setenv("COLUMNS", columns)
    with pytest.raises(HelpAsked) as asked:
        parse("list", ["--help"])
    assert "--json" in str(asked.value)
    assert os.environ["COLUMNS"] == columns
