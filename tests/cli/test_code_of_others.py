"""Whatever code of others does, an audit under a gate ends with one named error of that code, and prints no result."""

from __future__ import annotations

import numpy as np
import pytest

from tests.cli import misbehaving

WORLD = ("--world", "tests.cli.misbehaving:Corridor")
QUICK = ("--levels", "3", "--fail-on", "pseudo-aligned", "--quiet")


@pytest.fixture
def audit(mesascope):
    """Audits what a name of the module stands for, under a gate."""

    def run(agent, *options):
        return mesascope("audit", f"tests.cli.misbehaving:{agent}", *options, *QUICK)

    return run


def assert_named(outcome, who, what):
    code, out, err = outcome
    assert (code, out) == (2, "")
    # An interrupt that nobody asked for, or an error of JAX, would show as a traceback.
    assert "Traceback" not in err
    (said,) = [line for line in err.splitlines() if line.startswith("mesascope: ")]
    assert said.startswith(f"mesascope: {who}")
    assert any(one in said for one in what.split("|")), said


def name(kind, way):
    return f"{kind}__{way.replace(' ', '_')}"


@pytest.mark.parametrize("way", [*misbehaving.LEAVES, *misbehaving.ANSWERS])
def test_a_function(audit, way):
    what = {**misbehaving.LEAVES, **misbehaving.ANSWERS}[way][1]
    assert_named(audit(name("function", way), *WORLD), "Agent 'tests.cli.misbehaving:function__", what)


MODULES = {way: what for way, (_, what) in misbehaving.LEAVES.items()} | {
    "nothing": "returned NoneType",
    "text": "returned ndarray",
    "complex numbers": "complex",
    "another shape": "shape [1, 7]",
    "NaN": "are NaN",
    "a count of its calls": "keeps something between calls",
    "random numbers": "draws random numbers",
    "the place in the batch": "by place in the batch",
    "the size of the batch": "by the size of the batch",
}


@pytest.mark.parametrize("way", MODULES)
def test_a_module(audit, way):
    pytest.importorskip("torch")
    assert_named(audit(name("module", way), *WORLD), "Agent 'tests.cli.misbehaving:module__", MODULES[way])


MEMORIES = (
    {way: what for way, (_, what) in misbehaving.LEAVES.items()}
    | {f"at first: {way}": what for way, (_, what) in misbehaving.LEAVES.items()}
    | {"no pair": "not a pair", "text": "array of <U3", "random numbers": "draws random numbers"}
)


@pytest.mark.parametrize("way", MEMORIES)
def test_an_agent_with_memory(audit, way):
    assert_named(audit(name("memory", way), *WORLD), "Agent 'recurrent'", MEMORIES[way])


OBJECTIVES = {way: what for way, (_, what) in misbehaving.LEAVES.items()} | misbehaving.OBJECTIVES


@pytest.mark.parametrize("way", OBJECTIVES)
def test_an_objective(audit, way):
    outcome = audit("function__prints", *WORLD, "--objective", f"tests.cli.misbehaving:{name('objective', way)}")
    assert_named(outcome, "The function of objective 'objective__", OBJECTIVES[way])


@pytest.mark.parametrize("way", misbehaving.LEVELS)
def test_a_world_that_breaks_the_contract(audit, way):
    outcome = audit("function__prints", "--world", f"tests.cli.misbehaving:{name('world', way)}")
    assert_named(outcome, "World 'corridor'", misbehaving.LEVELS[way][1])


CALLED = {
    f"{method}: {way}": misbehaving.LEAVES[way][1] for method in misbehaving.METHODS for way in ("raises", "exits")
}


@pytest.mark.parametrize("way", CALLED)
def test_a_world_that_does_something_else(audit, way):
    outcome = audit("function__prints", "--world", f"tests.cli.misbehaving:{name('world', way)}")
    assert_named(outcome, "World 'corridor'", CALLED[way])


@pytest.mark.parametrize("way", misbehaving.FINE)
def test_what_harms_nobody_is_audited(audit, way):
    code, out, _ = audit(name("function", way), *WORLD, "--json")
    assert code in (0, 1, 3)
    assert out.startswith("{")
    assert "noise" not in out


def test_the_world_itself_keeps_the_contract():
    from mesascope.core.random import root_key
    from mesascope.worlds.check import check_world

    failed = [result for result in check_world(misbehaving.Corridor(), key=root_key(0), levels=4) if not result.passed]
    assert not failed
    assert np.isfinite(misbehaving.uniform(np.zeros((2, 5)))).all()
