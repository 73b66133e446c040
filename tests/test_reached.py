"""Nothing lies in `src` that only tests import: every module is reached from a verb, a public name or a registry."""

from __future__ import annotations

import ast
import functools
from pathlib import Path

import mesascope
from mesascope.audit.assay import ASSAYS
from mesascope.objectives.distances.catalogue import DISTANCES
from mesascope.organisms.catalogue import ORGANISMS
from mesascope.organisms.learners.catalogue import LEARNERS
from mesascope.oversight.catalogue import REMEDIES
from mesascope.theory.catalogue import KNOWN_ANSWERS
from mesascope.training.catalogue import OPTIMIZERS
from mesascope.worlds.catalogue import WORLDS
from mesascope.worlds.streams.catalogue import STREAMS

ROOT = Path(mesascope.__file__).parent
ENTRIES = ("mesascope", "mesascope.__main__", "mesascope.cli.main")


@functools.cache
def modules() -> dict[str, ast.Module]:
    found = {}
    for path in sorted(ROOT.rglob("*.py")):
        name = ".".join(("mesascope", *path.relative_to(ROOT).with_suffix("").parts)).removesuffix(".__init__")
        found[name] = ast.parse(path.read_text(encoding="utf-8"))
    return found


def mentioned(tree: ast.Module) -> set[str]:
    """Every dotted name that a module imports, anywhere in it, or names in a text as registries do."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value.partition(":")[0])
    return found


def reads_its_folder(tree: ast.Module) -> bool:
    """Whether a module imports whatever modules lie in a package: itself, or one that it imports."""
    return any(isinstance(node, ast.Attribute) and node.attr == "iter_modules" for node in ast.walk(tree))


def registered() -> set[str]:
    entries = [
        entry.target.partition(":")[0]
        for one in (WORLDS, STREAMS, DISTANCES, OPTIMIZERS, LEARNERS, REMEDIES, ASSAYS)
        for entry in one
    ]
    entries += [answer.target.partition(":")[0] for answer in KNOWN_ANSWERS]
    recipes = [entry.target.partition(":")[0] for entry in ORGANISMS]
    # A label is read from beside its recipe.
    return {*entries, *recipes, *(f"{recipe.rpartition('.')[0]}.truth" for recipe in recipes)}


def unreached(trees: dict[str, ast.Module], entries: set[str]) -> set[str]:
    waiting, seen = sorted(entries & trees.keys()), set()
    while waiting:
        name = waiting.pop()
        if name in seen or name not in trees:
            continue
        seen.add(name)
        waiting += [name.rpartition(".")[0], *(mentioned(trees[name]) & trees.keys())]
        if reads_its_folder(trees[name]):
            folders = {name, *mentioned(trees[name])}
            waiting += [other for other in trees if other.rpartition(".")[0] in folders]
    return trees.keys() - seen


def test_every_module_is_reached():
    assert unreached(modules(), {*ENTRIES, *registered()}) == set()


def test_a_module_that_nothing_imports_is_found():
    trees = modules() | {"mesascope.core.lonely": ast.parse("import mesascope.core.errors")}
    assert unreached(trees, {*ENTRIES, *registered()}) == {"mesascope.core.lonely"}
