"""Every block of every page is pasted, in order, into one empty folder a page, as a newcomer would."""

from __future__ import annotations

import re
import subprocess
import time
from pathlib import Path

import pytest

from tests.documents.conftest import ROOT
from tests.documents.pages import Block, blocks_of

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
QUICK = {"deception.md"}
"""A page of a few seconds; the others are for `python -m pytest -m slow`."""
SHOWN = {"text", "json", "yaml", "diff"}
"""Languages of what is there to be read."""
OUTPUT = "output"
"""The language of what the block before prints: its lines, in order, with whatever is cut out as `...`."""


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def paste(block: Block, page: Path, folder: Path, server) -> str:
    """Returns what a block prints."""
    ask, environment = server
    place = f"{name_of(page)}:{block.line}"
    if block.language == "python":
        code, out, err = ask("python", str(folder), block.text, place)
    else:
        # What a failing line was comes with bash's own words.
        script = f"set -e -o pipefail; trap 'echo \"failed: $BASH_COMMAND\" >&2' ERR\n{block.script}"
        run = subprocess.run(["bash", "-c", script], cwd=folder, env=environment, capture_output=True, text=True)
        code, out, err = run.returncode, run.stdout, run.stderr
    assert code == 0, f"{place} ends with {code}\n{block.text}\n--- prints\n{out[-3000:]}\n--- and says\n{err[-5000:]}"
    assert "Traceback" not in err, f"{place}\n{err[-5000:]}"
    return out


def compare(block: Block, page: Path, printed: str) -> None:
    """Compares the lines that a page shows with those that were printed; digits may differ on another processor."""
    lines = iter([masked(line) for line in printed.splitlines()])
    for shown in block.text.splitlines():
        if shown.strip() not in ("", "..."):
            place = f"{name_of(page)}:{block.line}"
            assert masked(shown) in lines, f"{place} shows a line that is not printed there:\n{shown}\n---\n{printed}"


def masked(line: str) -> str:
    return re.sub(r"\d", "0", line.rstrip())


def test_every_block_has_a_language():
    unknown = [
        f"{name_of(page)}:{block.line} {block.language}"
        for page in PAGES
        for block in blocks_of(page)
        if block.language not in {"shell", "python", OUTPUT, *SHOWN}
    ]
    assert not unknown


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(page, id=name_of(page), marks=[] if page.name in QUICK else [pytest.mark.slow])
        for page in PAGES
        if any(block.language in {"shell", "python"} for block in blocks_of(page))
    ],
)
def test_every_block_runs_as_pasted(page, tmp_path, server):
    begun = time.perf_counter()
    server[0]("page", str(tmp_path))
    blocks = [block for block in blocks_of(page) if block.language not in SHOWN]
    printed = ""
    for block in blocks:
        if block.language == OUTPUT:
            compare(block, page, printed)
        else:
            printed = paste(block, page, tmp_path, server)
    print(f"{name_of(page)}: {len(blocks)} blocks in {time.perf_counter() - begun:.0f} s")
