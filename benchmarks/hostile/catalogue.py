"""Every case there is, by kind."""

from __future__ import annotations

import random
from collections.abc import Sequence

from hostile import (
    agents,
    archives,
    environments,
    folders,
    json_files,
    model_files,
    options,
    processes,
    python_calls,
    safetensors_files,
    saved_policies,
    torch_weights,
    world_options,
    worlds,
)
from hostile.case import SEED, Case

MODULES = (
    safetensors_files,
    saved_policies,
    model_files,
    archives,
    torch_weights,
    world_options,
    json_files,
    options,
    folders,
    processes,
    python_calls,
    worlds,
    agents,
    environments,
)


def every_case() -> list[Case]:
    """Returns all cases; their names are unique within a kind."""
    found = [case for module in MODULES for case in module.cases()]
    names = [(case.kind, case.name) for case in found]
    if len(set(names)) < len(names):
        doubled = sorted({name for name in names if names.count(name) > 1})
        raise ValueError(f"two cases share a name: {doubled}")
    return found


def sample(cases: Sequence[Case], *, each: int) -> list[Case]:
    """Returns some cases of every kind, the same in every run, in an order in which the kinds take turns.

    **Arguments:**

    - `cases`: all of them.
    - `each`: how many of a kind.
    """
    chosen = random.Random(SEED)
    kept: list[Case] = []
    for kind in sorted({case.kind for case in cases}):
        some = [case for case in cases if case.kind == kind]
        kept += chosen.sample(some, min(each, len(some)))
    chosen.shuffle(kept)
    return kept
