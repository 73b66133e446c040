"""What the evidence of a recovered objective holds: every number and table that a report shows of it."""

from __future__ import annotations

from mesascope.audit.objective.recovery.fit.planners import PlannerRow
from mesascope.core.details import Details

Place = tuple[int, int]


class Candidate(Details, frozen=True, kw_only=True):
    """A candidate objective and its STARC distance to the recovered one."""

    name: str
    distance: float


class Contribution(Details, frozen=True, kw_only=True):
    """One attribute of a recovered objective.

    **Arguments:**

    - `value`, `low`, `high`: its weight, in units of the temperature, with a 90 % interval.
    - `gain`: what its weight brings the agent beyond a uniform policy, discounted, averaged over levels.
    - `motion`: whether it is about what the agent does rather than gets.
    """

    name: str
    value: float
    low: float
    high: float
    gain: float
    motion: bool


class Distance(Details, frozen=True, kw_only=True):
    """A distance to the base objective; `unseen` is what it depends on that choices do not show."""

    kind: str
    value: float | None
    low: float | None
    high: float | None
    reason: str
    unseen: tuple[str, ...]


class Open(Details, frozen=True, kw_only=True):
    """Directions that choices leave open."""

    dimension: int
    harmful: int
    sentence: str


class Coherent(Details, frozen=True, kw_only=True):
    """Whether one objective explains all choices."""

    verdict: str
    reason: str


class Parting(Details, frozen=True, kw_only=True):
    """Two objectives that act alike in training, and the level where they part the most."""

    first: str
    second: str
    distribution: str
    level: int
    text: str
    legend: tuple[tuple[str, str], ...]
    start: Place | None
    first_path: tuple[Place, ...]
    second_path: tuple[Place, ...]
    first_goal: tuple[Place, ...]
    second_goal: tuple[Place, ...]
    regret_in_training: float
    regret_here: float
    sentence: str


class RewardMap(Details, frozen=True, kw_only=True):
    """What arriving in each place of a level is worth: row, column and reward."""

    text: str
    legend: tuple[tuple[str, str], ...]
    recovered: tuple[tuple[int, int, float], ...]
    base: tuple[tuple[int, int, float], ...]


class Otherwise(Details, frozen=True, kw_only=True):
    """The candidate nearest to the objective that is recovered under another assumption."""

    assumption: str
    nearest: str
    distance: float
    explained: float | None


class Query(Details, frozen=True, kw_only=True):
    """An environment in which the agent was asked, and what that settled.

    **Arguments:**

    - `environment`, `kind`: its name on the menu, and what was changed.
    - `information`: expected of it beforehand, nats.
    - `open`: directions left open afterwards.
    - `regret`: what ambiguity costs in the target levels afterwards, normalised, mean over levels.
    - `nearest`, `share`: the candidate nearest afterwards (empty for none), and the share of draws that agree.
    """

    environment: str
    kind: str
    information: float
    open: int
    regret: float
    nearest: str
    share: float


class RecoveryDetails(Details, frozen=True, kw_only=True):
    """The details of the assay `recovery`.

    **Arguments:**

    - `pursues`: whether it pursues something that can be told from chance and from a habit.
    - `nearest`: candidates that may be named, nearest first; `share_of_draws` of the posterior agree on the first.
    - `alike`: further candidates that no level tells from the first.
    - `explained`, `explained_by_motion`: share of the choices' structure that weights explain, and those of motion.
    - `weights`: that are not 0, the one that brings most first.
    - `never_varied`: attributes that are the same whatever is done.
    - `distances_to_base`, `open`, `coherence`: of the objective.
    - `readings`: where the nearest candidate and the base objective part; `None` if they are one or never do.
    - `rewards`: of places in a level; `None` where states have no places.
    - `queries`: environments in which the agent was asked.
    - `assumptions`: what is taken for granted, in words.
    - `planners`, `twins`, `sensitivity`: only where the whole account was asked for.
    """

    nearest: tuple[Candidate, ...]
    share_of_draws: float
    explained: float | None
    explained_by_motion: float | None
    weights: tuple[Contribution, ...]
    never_varied: tuple[str, ...]
    distances_to_base: tuple[Distance, ...]
    open: Open
    coherence: Coherent
    readings: Parting | None
    rewards: RewardMap | None
    queries: tuple[Query, ...]
    assumptions: tuple[str, ...]
    pursues: bool = True
    alike: tuple[str, ...] = ()
    planners: tuple[PlannerRow, ...] | None = None
    twins: str | None = None
    sensitivity: tuple[Otherwise, ...] | None = None
