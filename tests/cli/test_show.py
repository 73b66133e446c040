from __future__ import annotations

import pytest

SMALL = ("--world-option", "size=5", "--levels", "1")


def test_levels_as_text(mesascope):
    code, out, err = mesascope("show", "corner", *SMALL)
    assert (code, err) == (0, "")
    rows = [line.replace(" ", "") for line in out.splitlines()[1:6]]
    assert all(len(row) == 5 and row[0] == row[-1] == "#" for row in rows)
    assert "".join(rows).count("C") == 1
    assert "C cheese" in out


def test_the_same_seed_draws_the_same_levels_and_another_others(mesascope):
    # Nine by nine: small mazes of two seeds might be alike.
    first, again, other = (mesascope("show", "--levels", "1", "--seed", seed)[1] for seed in (0, 0, 1))
    assert first == again != other


def test_an_objective_is_drawn_as_a_path_that_ends_where_it_is_fulfilled(mesascope):
    code, out, _ = mesascope("show", "corner", *SMALL, "--optimal-for", "corner")
    assert code == 0
    assert "◉" in out
    assert any(arrow in out for arrow in "←↑")
    picture = [line.split("    ")[1].replace(" ", "") for line in out.splitlines()[1:6]]
    # What lies there stays visible.
    assert picture[1][1] in "○C"


@pytest.mark.parametrize(("suffix", "begins"), [(".svg", b"<?xml"), (".png", b"\x89PNG"), (".txt", b"corner")])
def test_drawings_as_files(mesascope, tmp_path, suffix, begins):
    file = tmp_path / f"drawing{suffix}"
    assert mesascope("show", "corner", *SMALL, "--out", file) == (0, f"{file}\n", "")
    first = file.read_bytes()
    assert first.startswith(begins)
    code, out, err = mesascope("show", "corner", *SMALL, "--out", file)
    assert (code, out) == (2, "")
    assert "--force" in err
    assert mesascope("show", "corner", *SMALL, "--out", file, "--force")[0] == 0
    assert file.read_bytes() == first
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("dors",), "Did you mean 'doors'?"),
        (("corner", "--world-option", "sise=5"), "Did you mean 'size'?"),
        (("corner", "--world-option", "size"), "--world-option KEY=VALUE"),
        (("corner", "--world-option", "size=5", "--world-option", "size=7"), "is given twice, as '5' and as '7'"),
        (("corner", "--world-option", "size=big"), "Option size 'big' is not a whole number"),
        (("corner", "--distribution", "deplay"), "Did you mean 'deploy'?"),
        (("corner", "--optimal-for", "chese"), "Did you mean 'cheese'?"),
        (("corner", "--optimal-for", "cheese", "--agent", "a.safetensors"), "give one of them"),
        (("corner", "--out", "drawing.gif"), "does not end in one of .svg, .png, .txt"),
        (("corner", "--levels", "0"), "--levels 0 is below 1"),
        (("corner", "--levels", "65"), "--levels 65 is more than 64"),
        (("corner", "--agent", "missing.safetensors"), "missing.safetensors"),
    ],
)
def test_what_cannot_be_shown_says_why(mesascope, tmp_path, arguments, message):
    code, out, err = mesascope("show", *arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == []


def test_an_unwritable_place(mesascope, tmp_path):
    (tmp_path / "file").write_text("precious")
    code, out, err = mesascope("show", "corner", *SMALL, "--out", tmp_path / "file" / "drawing.svg")
    assert (code, out) == (2, "")
    assert "Cannot write" in err
    assert (tmp_path / "file").read_text() == "precious"
