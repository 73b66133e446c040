"""A shift may change how many states and outcomes a level has."""

from __future__ import annotations

import numpy as np
import pytest

from mesascope.agents.adapters.function import FunctionAgent
from mesascope.audit.audit import audit_agent
from mesascope.worlds.catalogue import resolve_world

pytest.importorskip("gymnasium", reason="needs the extra sb3")

SHIFTS = {
    "outcomes": ("gym:FrozenLake-v1", {}, "gym:FrozenLake-v1", {"is_slippery": "False"}),
    "states": ("gym:MiniGrid-Empty-5x5-v0", {}, "gym:MiniGrid-Empty-6x6-v0", {}),
}


@pytest.mark.parametrize("shift", SHIFTS.values(), ids=SHIFTS)
def test_levels_before_and_after_a_shift_may_differ_in_size(shift):
    pytest.importorskip("minigrid", reason="needs the extra sb3")
    name, options, other, changed = shift
    world, deploy = resolve_world(name, options), resolve_world(other, changed)
    actions = len(world.actions)
    rows = np.arange(1, actions + 1) / np.arange(1, actions + 1).sum()
    agent = FunctionAgent("leaning", lambda seen: np.tile(rows, (len(seen), 1)), actions)
    findings = audit_agent(agent, world, deploy_world=deploy)
    assert set(findings.regret) == {"train", "deploy"}
    recovered = next(found for found in findings.evidence if found.assay == "recovery")
    assert recovered.effect is not None, recovered.reason
