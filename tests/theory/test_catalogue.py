from __future__ import annotations

import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from mesascope.core.registry import load_target
from mesascope.theory.catalogue import KNOWN_ANSWERS, SECTIONS
from mesascope.theory.known_answer import in_section

SAMPLED = tuple(row for row in KNOWN_ANSWERS if row.id != "incentives.agreement")


def test_rows_are_named_once_and_say_everything():
    ids = [row.id for row in KNOWN_ANSWERS]
    assert len(set(ids)) == len(ids) >= 120
    for row in KNOWN_ANSWERS:
        assert row.section in SECTIONS
        assert row.source
        assert row.statement
        assert row.tolerance >= 0
        assert callable(load_target(row.target))
    assert len({row.statement for row in KNOWN_ANSWERS if not row.statement.startswith("exits")}) >= len(ids) - 20


def test_published_figures_that_differ_are_explained():
    for row in KNOWN_ANSWERS:
        if row.published is not None:
            assert row.remark, row.id


@pytest.mark.parametrize("row", SAMPLED, ids=lambda row: row.id)
def test_it_comes_out_as_stated(row):
    assert row.compute() == pytest.approx(row.expected, abs=max(row.tolerance, 1e-15))


def test_every_topic_of_the_paper_has_rows():
    topics = {row.id.split(".")[0] for row in KNOWN_ANSWERS}
    assert topics >= {"bits", "bottle", "contract", "goodhart", "circuits", "prior", "incentives", "power", "daemons"}
    assert topics >= {"button", "switch", "driver", "onset", "gamble", "shield", "labour"}
    assert {row.section.split(".")[0] for row in in_section(KNOWN_ANSWERS, "")} == {"1", "2", "3", "4"}


def test_the_page_names_every_topic_with_its_sections():
    page = (Path(__file__).resolve().parents[2] / "docs" / "known-answers.md").read_text(encoding="utf-8")
    table = dict(re.findall(r"^\| `(\w+)` \| ([\d., ]+) \|", page, re.MULTILINE))
    sections = defaultdict(set)
    for row in KNOWN_ANSWERS:
        sections[row.id.split(".")[0]].add(row.section)
    assert {topic: set(told.split(", ")) for topic, told in table.items()} == sections


def test_the_catalogue_is_data_and_loads_no_library():
    code = "import sys; import mesascope.theory.catalogue; print(sorted({'jax', 'scipy', 'numpy'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
