"""Cases of the public names of Python: calls that cannot be, whose error must be one of Mesascope's."""

from __future__ import annotations

import random
from collections.abc import Iterable
from pathlib import Path

from hostile.case import USAGE, Case, words
from hostile.strangers import bring

PROGRAM = """
import sys

import numpy as np
from tiny_world import Tiny

import broken_worlds
import mesascope
import policies
from mesascope import Demonstrations, Episode, Report, audit, recover, resolve_agent, resolve_world

tables = np.full((1, 4, 2), 0.5)


def levels(world=None, count=1):
    import jax

    return jax.device_get((world or Tiny()).sample(key=jax.random.key(0), distribution="train", count=count))


def exits(seen):
    sys.exit(0)


try:
    {call}
except {errors} as error:
    print("refused:", error, file=sys.stderr)
    sys.exit(2)
print("ran")
"""
"""A call by somebody who catches Mesascope's errors and no others."""

CALLS: dict[str, str] = {
    "audit-unknown-world": 'audit(policies.right, "nowhere")',
    "audit-unknown-base": 'audit(policies.right, Tiny(), base_objective="gaol", levels=4)',
    "audit-unknown-train": 'audit(policies.right, Tiny(), train="school", levels=4)',
    "audit-unknown-deploy": 'audit(policies.right, Tiny(), deploy="life", levels=4)',
    "audit-seed-minus": "audit(policies.right, Tiny(), seed=-1, levels=4)",
    "audit-seed-vast": "audit(policies.right, Tiny(), seed=10**20, levels=4)",
    "audit-levels-zero": "audit(policies.right, Tiny(), levels=0)",
    "audit-levels-minus": "audit(policies.right, Tiny(), levels=-4)",
    "audit-levels-vast": "audit(policies.right, broken_worlds.sum_seven(), levels=10**20)",
    "audit-none": "audit(None, Tiny(), levels=4)",
    "audit-number": "audit(7, Tiny(), levels=4)",
    "audit-class": "audit(policies.Policy, Tiny(), levels=4)",
    "audit-missing-file": 'audit("missing.safetensors", Tiny(), levels=4)',
    "audit-empty-text": 'audit("", Tiny(), levels=4)',
    "audit-world-class": "audit(policies.right, broken_worlds.NotAWorld(), levels=4)",
    "audit-world-none": "audit(policies.right, None, levels=4)",
    "audit-exits": "audit(exits, Tiny(), levels=4)",
    "audit-own": "audit(policies.leaves_own, Tiny(), levels=4)",
    "audit-late": "audit(policies.leaves_late_exit, Tiny(), levels=4)",
    "audit-draws": "audit(policies.draws, Tiny(), levels=4)",
    "audit-counts": "audit(policies.counts_calls, Tiny(), levels=4)",
    "audit-nan": "audit(policies.returns_nan, Tiny(), levels=4)",
    "audit-world-exits": "audit(policies.right, broken_worlds.observe_exit(), levels=4)",
    "audit-world-sums": "audit(policies.right, broken_worlds.sum_seven(), levels=4)",
    "audit-objective-exits": "audit(policies.right, Tiny(), objective=lambda *_: sys.exit(0), levels=4)",
    "audit-objective-text": 'audit(policies.right, Tiny(), objective=lambda *_: "good", levels=4)',
    "audit-objective-nan": "audit(policies.right, Tiny(), objective=lambda seen, *_: np.nan * seen[:, 0], levels=4)",
    "audit-objective-number": "audit(policies.right, Tiny(), objective=7, levels=4)",
    "audit-options-text": 'audit(policies.right, "tiny_world:Tiny", world_options={"discount": "wide"}, levels=4)',
    "world-empty": 'resolve_world("")',
    "world-colon": 'resolve_world(":")',
    "world-not-a-world": 'resolve_world("policies:right")',
    "world-escapes": 'resolve_world("\\x1b[31mcorner")',
    "agent-pickle": 'resolve_agent("tiny_world.pkl", world=Tiny())',
    "agent-colon": 'resolve_agent("policies:", world=Tiny())',
    "report-missing": 'Report.load("missing.json")',
    "report-folder": 'Report.load(".")',
    "report-not-json": 'Report.load("tiny_world.py")',
    "recover-nan": "recover(tables * np.nan, levels())",
    "recover-negative": "recover(tables - 2, levels())",
    "recover-sums": "recover(tables * 3, levels())",
    "recover-shape": "recover(np.full((1, 7, 2), 0.5), levels())",
    "recover-none": "recover(None, levels())",
    "recover-text": 'recover("policy", levels())',
    "recover-planner": 'recover(tables, levels(), planner="crystal ball")',
    "recover-discount": "recover(tables, levels(), discount=2.0)",
    "recover-temperature": "recover(tables, levels(), temperature=float('nan'))",
    "recover-temperature-minus": "recover(tables, levels(), temperature=-1.0)",
    "recover-no-levels": "recover(tables)",
    "recover-broken-levels": "recover(tables, levels(broken_worlds.sum_seven()))",
    "demonstrations-empty": "Demonstrations(levels(), ())",
    "demonstrations-text": 'Demonstrations(levels(), "episodes")',
    "demonstrations-beyond": "Demonstrations(levels(), (Episode(0, np.array([1, 9]), np.array([1])),))",
    "demonstrations-action": "Demonstrations(levels(), (Episode(0, np.array([1, 2]), np.array([5])),))",
    "demonstrations-level": "Demonstrations(levels(), (Episode(8, np.array([1, 2]), np.array([1])),))",
    "demonstrations-jump": "Demonstrations(levels(), (Episode(0, np.array([1, 3]), np.array([1])),))",
    "distance-unknown": 'recover(tables, levels(), world=Tiny()).distance("gaol")',
}


WRONG_TYPES = words(
    "audit-none audit-number audit-world-class audit-world-none audit-objective-number recover-none recover-text "
    "demonstrations-text"
)
"""Python's own error is as good where a value is not of the type that the signature says."""


def cases() -> Iterable[Case]:
    """Every case of this module."""
    given = bring("tiny_world", "broken_worlds", "policies")
    for name, call in CALLS.items():
        errors = "(mesascope.MesascopeError, TypeError)" if name in WRONG_TYPES else "mesascope.MesascopeError"

        def build(folder: Path, material: Path, rng: random.Random, call: str = call, errors: str = errors) -> None:
            given(folder, material, rng)
            (folder / "program.py").write_text(PROGRAM.replace("{call}", call).replace("{errors}", errors))

        # An agent that leaves in the middle may have been asked enough; the report says so then.
        exits = USAGE | {0} if name == "audit-late" else USAGE
        yield Case("python", name, (), build, exits, says="refused", script="program.py")
