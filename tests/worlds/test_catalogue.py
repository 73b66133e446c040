import subprocess
import sys

import pytest

from mesascope.core.errors import UnknownNameError, UsageError, WorldError
from mesascope.worlds.catalogue import WORLDS, resolve_world
from mesascope.worlds.corner import Corner
from mesascope.worlds.maze import Maze

MODULE = """
from mesascope.worlds.maze import Maze

class Mine(Maze):
    name = "mine"

class Plain:
    pass

class Needy(Maze):
    def __init__(self, needed):
        pass

instance = Mine(size=5)
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    name = f"worlds_of_{tmp_path.name.replace('-', '_')}"
    (tmp_path / f"{name}.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    yield name
    sys.modules.pop(name, None)


@pytest.mark.parametrize("name", WORLDS.names())
def test_what_is_listed_is_what_is_imported(name):
    world = resolve_world(name)
    assert world.name == name
    entry = WORLDS.entry(name)
    assert dict(entry.details)["base"] == world.base_objective
    assert entry.summary.endswith(".")


def test_options_arrive_as_text():
    assert resolve_world("corner", {"size": "7", "distinguishing": "0.5"}) == Corner(size=7, distinguishing=0.5)
    with pytest.raises(UnknownNameError, match="Did you mean 'corner_size'"):
        resolve_world("corner", {"corner-size": "2"})
    with pytest.raises(UsageError, match="size 'large' is not a whole number"):
        resolve_world("corner", {"size": "large"})
    with pytest.raises(WorldError, match="odd"):
        resolve_world("maze", {"size": "8"})


def test_the_nearest_name_is_suggested():
    with pytest.raises(UnknownNameError, match="Did you mean 'doors'"):
        resolve_world("door")


def test_classes_and_instances_of_the_current_folder(folder):
    before = list(sys.path)
    assert resolve_world(f"{folder}:Mine").name == "mine"
    assert resolve_world(f"{folder}:instance", {"maze_seed": "3"}) == type(resolve_world(f"{folder}:instance"))(
        size=5, maze_seed=3
    )
    assert isinstance(resolve_world("mesascope.worlds.maze:Maze"), Maze)
    assert sys.path == before


@pytest.mark.parametrize(
    ("attribute", "message"),
    [
        ("Plain", "is a Plain, not a World"),
        ("Needy", "cannot be made without arguments"),
        ("Mien", "Did you mean 'Mine'"),
        ("", "module:attribute"),
    ],
)
def test_what_is_not_a_world_is_refused(folder, attribute, message):
    with pytest.raises(UsageError, match=message):
        resolve_world(f"{folder}:{attribute}")


def test_a_module_that_is_not_there_is_named():
    with pytest.raises(UsageError, match="Cannot import 'no_such_module_anywhere'"):
        resolve_world("no_such_module_anywhere:World")


def test_the_catalogue_itself_does_not_import_jax():
    code = (
        "import sys; from mesascope.worlds.catalogue import WORLDS; "
        "[WORLDS.entry(name) for name in WORLDS.names()]; sys.exit('jax' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
