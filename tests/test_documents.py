from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from mesascope.cli.main import VERBS, parse

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *ROOT.glob("src/mesascope/cli/*.py")]
COMMANDS = sorted(
    {
        match.strip()
        for document in DOCUMENTS
        for match in re.findall(
            r"^    (?:uv run |.*&& )?(mesascope [a-z][^#;&\n]*)", document.read_text(), re.MULTILINE
        )
    }
)


def test_there_are_documents_with_commands():
    assert len(DOCUMENTS) > 15
    assert len(COMMANDS) > 15


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_in_a_document_can_be_parsed(command):
    _, verb, *arguments = shlex.split(command)
    if verb in VERBS and not {"VERB", "ARGUMENTS"} & set(arguments):
        assert parse(verb, arguments) is not None
    else:
        assert command.startswith(("mesascope VERB", "mesascope list"))


@pytest.mark.parametrize(
    "document", [document for document in DOCUMENTS if document.suffix == ".md"], ids=lambda p: p.name
)
def test_every_link_to_a_file_leads_somewhere(document):
    for target in re.findall(r"\]\(([^)#]+)\)", document.read_text()):
        assert (document.parent / target).exists(), target


def test_every_test_that_a_promise_rests_on_is_there():
    promised = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", (ROOT / "SECURITY.md").read_text())
    assert len(promised) >= 8
    for file, name in promised:
        assert f"\ndef {name}(" in (ROOT / file).read_text(), f"{file}::{name}"


def test_versions_are_pinned_without_addresses():
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
    assert all(re.fullmatch(r"[A-Za-z0-9_.-]+==[\w.]+", line) for line in lines)
    assert "torch==2.13.0" in lines
