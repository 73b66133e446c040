"""How an agent is read: the same options in every verb that takes one, and nowhere without one."""

from __future__ import annotations

import numpy as np
import pytest

from mesascope.cli.options.agent import LoadingOptions
from mesascope.worlds.corner import Corner

POLICY = """
import numpy as np

def policy(seen):
    # The likeliest action leads to the wall on the left; the others lead everywhere.
    return np.tile([0.15, 0.15, 0.4, 0.15, 0.15], (len(seen), 1))
"""


@pytest.mark.parametrize("verb", ["audit", "search", "objective", "battery", "witness", "show", "check fit"])
def test_every_verb_that_takes_an_agent_has_them(verb, mesascope):
    code, out, _ = mesascope(*verb.split(), "--help")
    assert code == 0
    for option in ("--trust-pickle", "--deterministic", "--vecnormalize FILE", "--frame-stack INT"):
        assert option in out


@pytest.mark.parametrize(("options", "rows"), [({}, 0.4), ({"deterministic": True}, 1.0)])
def test_a_verb_asks_the_agent_that_it_was_told_to(options, rows, tmp_path, monkeypatch):
    (tmp_path / "drawn.py").write_text(POLICY)
    monkeypatch.chdir(tmp_path)
    world = Corner(size=5)
    agent = LoadingOptions(**options).chosen("drawn:policy", world, seed=0)
    seen = np.zeros((2, *world.observation_shape), np.float32)
    assert (agent.act(seen, None)[0].max(-1) == rows).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("show", "corner", "--deterministic"), "the one that --agent names"),
        (("check", "--frame-stack", "2"), "Unrecognized options: --frame-stack"),
        (("audit", "corner", "--frame-stack", "0"), "--frame-stack 0 is below 1"),
        (("audit", "corner", "--vecnormalize", ""), "--vecnormalize"),
        (("search", "drawn:policy", "--world", "corner", "--vecnormalize", "x.pkl"), "for .zip files of Stable"),
    ],
)
def test_where_they_say_nothing_they_are_refused(arguments, message, mesascope, tmp_path, monkeypatch):
    (tmp_path / "drawn.py").write_text(POLICY)
    monkeypatch.chdir(tmp_path)
    code, out, err = mesascope(*arguments)
    assert (code, out) == (2, "")
    assert message in err
