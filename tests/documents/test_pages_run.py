"""Every block of every page is pasted, in order, into one empty folder a page, as a newcomer would."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest

from tests.documents.conftest import ROOT
from tests.documents.pages import Block, blocks_of

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
QUICK = {"continuous-integration.md", "deception.md", "known-answers.md"}
"""Pages of a few seconds; the others are for `python -m pytest -m slow`."""
SHOWN = {"text", "json", "yaml", "diff"}
"""Languages of what is there to be read."""


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def paste(block: Block, page: Path, folder: Path, server) -> None:
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


def test_every_block_has_a_language():
    unknown = [
        f"{name_of(page)}:{block.line} {block.language}"
        for page in PAGES
        for block in blocks_of(page)
        if block.language not in {"shell", "python", *SHOWN}
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
    for block in blocks:
        paste(block, page, tmp_path, server)
    print(f"{name_of(page)}: {len(blocks)} blocks in {time.perf_counter() - begun:.0f} s")
