"""What an attack found, as plain data: the edit that costs most, and how often one makes an agent choose badly."""

from __future__ import annotations

from dataclasses import dataclass

from mesascope.audit.findings import Witness
from mesascope.core.verdicts import Estimate
from mesascope.proof.verdict import ProofVerdict

SMALL: float = 0.1
"""By how much gradients change each number of what is seen."""

Words = tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class CellEdit:
    """What was put into one cell, by row and column as drawn; `before` is what it held in the state shown."""

    row: int
    column: int
    before: str
    after: str


@dataclass(frozen=True)
class Attack:
    """What the edits of some cells do to an agent.

    Costs are shares of what lies between chance and the optimum, as normalised regrets are: of the base objective that
    is lost; of the target that is gained, if there is one. An action that is the target is counted, each time
    discounted, against taking it for ever.

    **Arguments:**

    - `target`: what the agent shall be made to do; empty for nothing but loss.
    - `cells`: edited at once; `contents`: that a cell may hold; `edits`: tried in a level, at most.
    - `levels`, `states`: attacked; `evaluations`: observations that the agent was asked about.
    - `tried_all`: whether no edit was left out; else what is best was searched, and the truth may be worse.
    - `edit`, `level`: the worst edit of all, and the number of its level.
    - `clean_return`, `edited_return`, `optimum`, `chance`: of the base objective in that level.
    - `cost`: of the worst edit; `worst`: mean over levels of that of the worst in each; `random`: of a random one;
      `searched_at_random`: of the worst of equally many random ones, where not all were tried; `regret`: what the agent
      gives away of the base objective without an edit.
    - `states_changed`, `states_random`: of the states in which the agent chooses well, the shares in which some edit,
      and a random one, turns the choice into a bad one; `states_clean`: of all states, in which it is bad by itself.
    - `by_gradients`, `by_gradients_random`: of the states in which it chooses well, the shares in which a change of
      every number by at most `SMALL` makes it choose badly, found by gradients, and by equally many random changes of
      full size; `None` for agents that show no gradients.
    - `before`, `after`: the level without and with the edit, to be drawn.
    - `seen_before`, `seen_after`: rows of what each cell holds in the state in which the edit matters most, in words.
    - `verdict`: on the sentence that no edit turns a good choice in any of these states into a bad one.
    """

    agent: str
    world: str
    distribution: str
    objective: str
    target: str
    cells: int
    contents: int
    edits: int
    levels: int
    states: int
    evaluations: int
    tried_all: bool
    edit: tuple[CellEdit, ...]
    level: int
    clean_return: float
    edited_return: float
    optimum: float
    chance: float
    cost: float
    worst: Estimate
    random: Estimate
    searched_at_random: Estimate | None
    regret: Estimate
    states_changed: Estimate
    states_random: Estimate
    states_clean: Estimate
    before: Witness
    after: Witness
    seen_before: Words
    seen_after: Words
    verdict: ProofVerdict
    sentence: str
    by_gradients: Estimate | None = None
    by_gradients_random: Estimate | None = None
