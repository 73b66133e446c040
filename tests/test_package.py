from __future__ import annotations

import ast
import inspect
import pydoc
import subprocess
import sys
from pathlib import Path

import pytest
from jaxtyping import TypeCheckError

import mesascope
from mesascope.core.intervals import wilson

IMPORT_ALL = """
import importlib, pkgutil, sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("torch", "stable_baselines3", "gymnasium", "minigrid", "mctx"):
            raise ModuleNotFoundError(f"No module named {name!r}")

sys.meta_path.insert(0, Absent())
import mesascope
names = [module.name for module in pkgutil.walk_packages(mesascope.__path__, "mesascope.")]
for name in names:
    try:
        importlib.import_module(name)
    except ImportError as error:
        print(name, error)
print(len(names) > 20)
"""


def run_python(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.parametrize(
    "imports",
    [
        "import mesascope",
        "import mesascope, mesascope.audit.findings",
        "import mesascope.audit.findings, mesascope",
        "from mesascope.audit import findings; import mesascope",
        "import mesascope.audit as room; import mesascope; assert room is mesascope.audit",
        "from mesascope import audit; import mesascope; assert audit is mesascope.audit",
    ],
)
def test_audit_is_a_room_and_the_main_job_in_every_order(imports):
    code = (
        f"{imports}; from mesascope.audit.findings import Findings; print(callable(mesascope.audit), Findings.__name__)"
    )
    assert run_python(code) == "True Findings"


def test_calling_audit_runs_the_main_job(monkeypatch):
    from mesascope.api import audit as main_job

    monkeypatch.setattr(main_job, "audit", lambda *arguments, **options: (arguments, options))
    assert mesascope.audit("agent", "world", seed=3) == (("agent", "world"), {"seed": 3})


def test_help_shows_the_main_job_and_its_arguments():
    from mesascope.api import audit as main_job

    shown = inspect.signature(mesascope.audit)
    assert shown == inspect.signature(main_job.audit)
    overview, own = (" ".join(pydoc.plain(pydoc.render_doc(one)).split()) for one in (mesascope, mesascope.audit))
    assert f"audit({', '.join(shown.parameters)})".replace("world, ", "world, *, ", 1) in overview
    assert "Audits an agent" in own
    assert all(f"`{name}`" in own for name in shown.parameters)


def test_importing_mesascope_is_cheap():
    code = "import mesascope, sys; print(sorted({'jax', 'numpy', 'matplotlib', 'torch'} & set(sys.modules)))"
    assert run_python(code) == "[]"


@pytest.mark.parametrize("name", mesascope.__all__)
def test_every_public_name_is_there(name):
    assert getattr(mesascope, name) is not None
    assert name in dir(mesascope)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'probe'"):
        mesascope.probe  # noqa: B018


def test_type_checkers_see_the_same_names_as_python():
    tree = ast.parse(Path(mesascope.__file__).read_text())
    (checked,) = (node for node in tree.body if isinstance(node, ast.If))
    seen = {alias.asname for statement in checked.body for alias in statement.names}
    assert seen == set(mesascope.__all__)


def test_the_core_runs_without_any_extra():
    assert run_python(IMPORT_ALL).splitlines() == ["True"]


def test_annotations_are_checked_while_testing():
    # Also in every worker: without the import hook this would be a ValueError, or nothing at all.
    with pytest.raises(TypeCheckError):
        wilson("one", 2)
