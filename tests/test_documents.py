from __future__ import annotations

import contextlib
import importlib.util
import inspect
import re
import shlex
from pathlib import Path

import pytest

import mesascope
from mesascope.audit.assay import ASSAYS
from mesascope.cli.command import parse
from mesascope.cli.verbs import every_verb
from mesascope.objectives.distances.catalogue import DISTANCES
from mesascope.organisms.catalogue import ORGANISMS
from mesascope.oversight.catalogue import LABELLERS, REMEDIES
from mesascope.training.catalogue import OPTIMIZERS
from mesascope.worlds.catalogue import WORLDS

ROOT = Path(__file__).resolve().parents[1]
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]
DOCUMENTS = [*PAGES, *ROOT.glob("src/mesascope/cli/*.py"), *ROOT.glob("examples/*.py")]
LINE = r"^ *(?:uv run |.*&& )?(mesascope [a-z](?:[^#;&|`\n\\]|\\\n)*)"
"""A command that stands in a line of its own: in a block, or in a module's head."""
INLINE = r"`(mesascope [a-z-]+ [^-`][^`]*)`"
"""A command that a sentence quotes; a verb alone, or with nothing but options, is only spoken of."""


def commands() -> list[str]:
    found = {
        " ".join(match.replace("\\\n", " ").split())
        for document in DOCUMENTS
        for form in (LINE, INLINE)
        for match in re.findall(form, document.read_text(), re.MULTILINE)
    }
    return sorted(found)


COMMANDS = commands()


def test_there_are_documents_with_commands():
    assert len(DOCUMENTS) > 15
    assert len(COMMANDS) > 15


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_in_a_document_can_be_parsed(command):
    _, *arguments = shlex.split(command)
    if " ".join(arguments) in every_verb():
        # A verb that is spoken of, perhaps without what it needs.
        return
    # Help ends the process once it is printed.
    assert parse([argument for argument in arguments if argument not in ("--help", "--debug")]) is not None


@pytest.mark.parametrize("document", PAGES, ids=lambda p: p.name)
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


def test_the_page_of_the_api_is_what_the_docstrings_say():
    spec = importlib.util.spec_from_file_location("api_page", ROOT / "docs" / "api_page.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    text = (ROOT / "docs" / "api.md").read_text()
    assert re.findall("^## (.*)$", text, re.MULTILINE) == mesascope.__all__
    assert text == module.page(), "run: python docs/api_page.py"


GROUPS = {registry.group for registry in (ASSAYS, DISTANCES, LABELLERS, OPTIMIZERS, ORGANISMS, REMEDIES, WORLDS)}


def exists(name: str) -> bool:
    """Whether a dotted name is public, or leads through modules to something that is there."""
    found, (first, *rest) = None, name.split(".")
    for place in range(len(rest), -1, -1):
        with contextlib.suppress(ImportError):
            found = importlib.import_module(".".join((first, *rest[:place])))
            rest = rest[place:]
            break
    for attribute in rest:
        found = getattr(found, attribute, None)
    return found is not None


@pytest.mark.parametrize("document", [*PAGES, *sorted((ROOT / "examples").glob("*.py"))], ids=lambda path: path.name)
def test_every_name_of_ours_in_a_document_is_there(document):
    text = document.read_text()
    named = {name.rstrip(".") for name in re.findall(r"(?<![\w/.-])mesascope\.[A-Za-z_][\w.]*", text)} - GROUPS
    for module, names in re.findall(r"from (mesascope[\w.]*) import (\([^)]*\)|.*)", text):
        named |= {f"{module}.{name}" for name in re.findall(r"\w+", names.partition("#")[0])}
    assert [name for name in sorted(named) if not exists(name)] == []


@pytest.mark.parametrize("document", PAGES, ids=lambda path: path.name)
def test_what_a_document_passes_to_a_public_function_is_a_parameter_of_it(document):
    calls = re.findall(r"`(?:mesascope\.)?(\w+)\(([^`]*)\)`", document.read_text())
    for name, arguments in calls:
        if name in mesascope.__all__:
            given = set(re.findall(r"(?<![\w\"'])(\w+)=", arguments))
            assert given <= set(inspect.signature(getattr(mesascope, name)).parameters), f"{name}({arguments})"


@pytest.mark.parametrize("example", sorted((ROOT / "examples").glob("my_*.py")), ids=lambda p: p.name)
def test_an_example_is_what_its_page_lets_one_paste(example):
    assert f"cat > {example.name} <<'END'\n{example.read_text()}END\n" in (ROOT / "docs" / "your-world.md").read_text()
