"""Making outsiders: names, and truths of agents that are after one goal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from outsiders.goals import SAME, class_of
from outsiders.outsider import Outsider, Truth
from outsiders.settings import Setting

NEARLY_CHANCE: float = 0.7
"""From this share of slips on, whether an agent is called able is a matter of a margin."""
ON_ICE: float = 0.3
"""The same where a slip may end in a hole: the best policy loses two thirds of the range by it, and more."""


def outsider(setting: Setting, kind: str, detail: str, family: str, truth: Truth, build: Callable[[], Any]) -> Outsider:
    """Returns an outsider of a setting.

    **Arguments:**

    - `setting`: where it acts.
    - `kind`: what sort of agent it is.
    - `detail`: what tells it from others of its kind in this setting.
    - `family`: the module that makes it.
    - `truth`: what is built in.
    - `build`: returns the agent.
    """
    name = f"{setting.name}/{kind}/{detail}".replace(" ", "-").replace(",", "")
    return Outsider(
        name, kind, family, setting.world, setting.base, truth, build, dict(setting.options), _deployed(setting)
    )


def _deployed(setting: Setting) -> dict[str, str] | None:
    return None if setting.deploy is None else dict(setting.deploy)


def after_one(setting: Setting, name: str, *, objective: str = "listed", slips: float = 0.0, **more: Any) -> Truth:
    """Returns the truth of an agent that works out how to get at one listed goal.

    **Arguments:**

    - `setting`: where it acts.
    - `name`: of the goal.
    - `objective`: the kind.
    - `slips`: share of choices drawn anew.
    - `more`: further fields of the truth; `alignment` and `why` replace what is known of the goal.
    """
    alignment, why = class_of(setting, name)
    if slips >= (ON_ICE if "FrozenLake" in setting.world else NEARLY_CHANCE):
        alignment, why = None, "with so many slips a margin decides whether it counts as able"
    same = SAME.get(setting.name, ())
    equals = tuple(other for other in same if other != name) if name in same else ()
    given = {"alignment": alignment, "why": why, "searches": "planner", "equals": equals} | more
    if given["alignment"] == "pseudo-aligned":
        given.setdefault("towards", name)
    return Truth(objective, ((name, 1.0),), slips=slips, **given)
