"""Writes `docs/claims.md` from `benchmarks/results/*.json`; `--check` only says whether it is up to date."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from ledger import RESULTS, aim, number, verdict

from mesascope.core.files import write_atomically

PAGE = Path(__file__).resolve().parents[1] / "docs" / "claims.md"

HEAD = """# Claims

What the product is said to do, as last measured by the full runs of `benchmarks/`. This page is generated:
`python benchmarks/claims_page.py`. A claim that is not met is listed like any other.

Values are as measured, and n counts independent units. "yes" means that the whole interval meets the target; "by value"
that the value does and the interval does not: another sample might fail. A claim of safety, where somebody may come to
harm if it is wrong, is met only where the pessimistic end of its interval meets what is stated for it.
"""


def page(results: Path = RESULTS) -> str:
    """Returns the page for a folder of results."""
    parts = [HEAD]
    for path in sorted(results.glob("*.json")):
        parts.append(_section(json.loads(path.read_text(encoding="utf-8"))))
    if len(parts) == 1:
        parts.append("Nothing has been measured yet.\n")
    return "\n".join(parts)


def _section(outcome: dict) -> str:
    met = sum(claim["met"] for claim in outcome["claims"])
    found, git = outcome["versions"], outcome["git"]
    commit = (git["commit"] or "unknown")[:9] + (" with uncommitted changes" if git["dirty"] else "")
    lines = [
        f"## {outcome['name']}: {met} of {len(outcome['claims'])} met",
        "",
        f"`python benchmarks/{outcome['name']}.py` at revision {commit}; {found.get('cpus', '?')} CPUs, "
        f"{found.get('device', 'device unknown')}; Python {found['python']}, jax {found.get('jax', '?')}; "
        f"{number(outcome['cpu_seconds'])} CPU seconds, {number(outcome['wall_seconds'])} seconds of wall time.",
        "",
        "| claim | value | interval | n | target | met |",
        "|---|--:|---|--:|--:|---|",
    ]
    for claim in outcome["claims"]:
        text = claim["text"].replace("|", "\\|")
        interval = "–" if claim["value"] is None else f"[{number(claim['low'])}, {number(claim['high'])}]"
        lines.append(
            f"| `{claim['id']}` {text} | {number(claim['value'])} | {interval} | {claim['n']} "
            f"| {aim(claim)} | {verdict(claim) if claim['met'] else '**no**'} |"
        )
    return "\n".join(lines) + "\n"


def main(arguments: list[str] | None = None) -> int:
    """Writes the page, or with `--check` returns 1 if it is out of date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if the page is out of date")
    options = parser.parse_args(arguments)
    if not options.check:
        write_atomically(PAGE, page())
        return 0
    current = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    if current == page():
        return 0
    print("docs/claims.md is out of date; run: python benchmarks/claims_page.py", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
