"""Entries of a registry that are found by the files of a folder: adding one is adding a file and nothing else."""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from mesascope.core.registry import Entry


def entries_in(package: str, attribute: str, *, module: str = "", details: tuple[str, ...] = ()) -> tuple[Entry, ...]:
    """Returns an entry for each module or package in a package, by name. None of them is imported.

    Its name is the file's with dashes, and its summary the first sentence of its docstring. A variant that stands with
    it in one file is an entry, too: from `CONTROL = {"summary": "..."}` in `corner` comes `corner-control`, which
    stands for the attribute `CONTROL` and has the details of `corner` but for those in the dictionary.

    **Arguments:**

    - `package`: where they lie (`"mesascope.training.optimizers"`).
    - `attribute`: of each, which the entry stands for.
    - `module`: in which module of each package that is; empty for the module itself.
    - `details`: lower-case names of constants that are written out in each and become the entry's details, where they
      are there.
    """
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ValueError(f"{package} is no package")
    found = []
    for path in sorted(Path(spec.submodule_search_locations[0]).iterdir()):
        source = path / "__init__.py" if path.is_dir() else path
        if path.stem.startswith("_") or source.suffix != ".py" or not source.is_file():
            continue
        tree = ast.parse(source.read_text(encoding="utf-8"))
        written = {
            target.id: ast.literal_eval(node.value)
            for node in tree.body
            if isinstance(node, ast.Assign) and (isinstance(node.value, ast.Constant) or _has_summary(node.value))
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        constants = {name.lower(): str(value) for name, value in written.items() if not isinstance(value, dict)}
        constants["summary"] = (ast.get_docstring(tree) or "").partition("\n\n")[0].replace("\n", " ")
        place, name = f"{package}.{path.stem}{f'.{module}' if module else ''}", path.stem.replace("_", "-")
        variants = {name: value for name, value in written.items() if isinstance(value, dict)}
        for variant, own in ((attribute, {}), *variants.items()):
            values = constants | own
            known = tuple((detail, values[detail]) for detail in details if detail in values)
            whole = f"{name}-{variant.lower()}" if own else name
            found.append(Entry(whole, f"{place}:{variant}", values["summary"], known))
    return tuple(found)


def classes_in(
    package: str, *, details: Mapping[str, str] = MappingProxyType({}), without: tuple[str, ...] = ()
) -> tuple[Entry, ...]:
    """Returns an entry for each class in a package and its folders that writes out its `name` and its `summary`, by
    name. None is imported.

    **Arguments:**

    - `package`: where they lie (`"mesascope.worlds"`).
    - `details`: of each entry, and the attribute of the class that says it.
    - `without`: folders of the package that are left out.
    """
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ValueError(f"{package} is no package")
    found, here = [], Path(spec.submodule_search_locations[0])
    for file in here.rglob("*.py"):
        text = file.read_text(encoding="utf-8")
        if "\n    summary = " not in text or file.relative_to(here).parts[0] in without:
            continue
        for kind in ast.parse(text).body:
            if not isinstance(kind, ast.ClassDef):
                continue
            written = {
                target.id: ast.literal_eval(line.value)
                for line in kind.body
                if isinstance(line, ast.Assign) and isinstance(line.value, ast.Constant)
                for target in line.targets
                if isinstance(target, ast.Name)
            }
            if {"name", "summary"} <= written.keys():
                module = ".".join((package, *file.relative_to(here).with_suffix("").parts))
                known = tuple((detail, str(written[attribute])) for detail, attribute in details.items())
                found.append(Entry(written["name"], f"{module}:{kind.name}", written["summary"], known))
    return tuple(sorted(found, key=lambda entry: entry.name))


def _has_summary(node: ast.expr) -> bool:
    return isinstance(node, ast.Dict) and "summary" in [key.value for key in node.keys if isinstance(key, ast.Constant)]
