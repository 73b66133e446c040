from __future__ import annotations

from mesascope.cli.compilation_cache import SETTING, use_compilation_cache


def test_compiled_code_is_kept_in_the_users_cache_folder(tmp_path):
    environment = {"HOME": str(tmp_path)}
    use_compilation_cache(environment)
    assert environment[SETTING] == str(tmp_path / ".cache" / "mesascope" / "compiled")
    assert (tmp_path / ".cache" / "mesascope" / "compiled").is_dir()
    environment = {"HOME": "/", "XDG_CACHE_HOME": str(tmp_path / "elsewhere")}
    use_compilation_cache(environment)
    assert environment[SETTING] == str(tmp_path / "elsewhere" / "mesascope" / "compiled")


def test_a_setting_of_the_users_own_stands(tmp_path):
    environment = {"HOME": str(tmp_path), SETTING: ""}
    use_compilation_cache(environment)
    assert environment == {"HOME": str(tmp_path), SETTING: ""}
    assert list(tmp_path.iterdir()) == []


def test_without_a_place_nothing_is_kept_and_nothing_fails(tmp_path):
    (tmp_path / "file").write_text("")
    environment = {"XDG_CACHE_HOME": str(tmp_path / "file")}
    use_compilation_cache(environment)
    assert SETTING not in environment
