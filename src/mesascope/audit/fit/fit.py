"""What was found about how a world fits an agent, as data and as text."""

from __future__ import annotations

from dataclasses import dataclass

from mesascope.core.text import printable, quoted, shown
from mesascope.core.verdicts import Estimate

AS_SHOWN, CHANGED, ELSEWHERE, NONE = "as shown", "changed", "another distribution", "none"
"""The verdicts: it fits as it is, under a view, in another distribution, or nothing does better than chance."""


@dataclass(frozen=True)
class Row:
    """One way to show the agent the world.

    **Arguments:**

    - `view`: the steps, none for the world as it is.
    - `distribution`: of the levels.
    - `competence`: return on the base objective in fresh levels, where chance is 0 and the optimum is 1; its interval
      holds for all rows of the table together.
    - `gain`: how much better than the world as it is in the same levels; `None` for that itself.
    """

    view: tuple[str, ...]
    distribution: str
    competence: Estimate
    gain: Estimate | None = None

    @property
    def options(self) -> str:
        """The same as options of the command line."""
        return " ".join(f"--view {step}" for step in self.view)


@dataclass(frozen=True)
class Fit:
    """How a world fits an agent.

    **Arguments:**

    - `agent`, `world`, `distribution`, `base_objective`: who, and where.
    - `verdict`: one of the four.
    - `sentence`: the same in words, with what to do.
    - `rows`: ways to show the world, best first.
    - `scrambled`: the competence of the best view of each scrambled copy of the agent: what chance finds.
    - `p`: how often chance finds as much as the best row, at least 1 in the number of copies and one.
    - `views`: how many were tried on the agent; `refused`: layouts in which it cannot act, and why.
    - `exact`: whether competence carries no sampling error within a level.
    - `view`: the steps under which the agent should be brought; none where it fits as shown, or nothing does.
    """

    agent: str
    world: str
    distribution: str
    base_objective: str
    verdict: str
    sentence: str
    rows: tuple[Row, ...]
    scrambled: tuple[float, ...]
    p: float | None
    views: int
    refused: tuple[tuple[str, str], ...] = ()
    exact: bool = True
    seed: int = 0
    view: tuple[str, ...] = ()

    def __str__(self) -> str:
        """The table, and what it says."""
        lines = [
            f"{quoted(self.agent)} in world {quoted(self.world)}, on '{self.base_objective}': "
            "0 is chance, 1 the optimum",
            "",
            f"  {'competence':22} {'gain on as shown':22} {'n':>4}  view",
        ]
        for row in self.rows:
            gain = "" if row.gain is None else str(row.gain)
            where = "" if row.distribution == self.distribution else f" (in {quoted(row.distribution)} levels)"
            text = " ".join(row.view) or "as shown"
            lines.append(f"  {row.competence!s:22} {gain:22} {row.competence.n:>4}  {text}{where}")
        if any(layout == "as shown" for layout, _ in self.refused):
            lines += [f"  cannot act: {shown(layout)}: {shown(why, limit=160)}" for layout, why in self.refused]
        if self.p is not None:
            lines += [
                "",
                f"{self.views} views were tried; intervals hold for the {len(self.rows)} rows together. Of "
                f"{len(self.scrambled)} copies of the agent that see scrambled observations, searched in the same way, "
                f"the best reaches {max(self.scrambled):.2f}: p = {self.p:.2f}.",
            ]
        return printable("\n".join([*lines, "", self.sentence]))
