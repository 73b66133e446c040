"""What an audit found: answers to the three questions, the level where the agent comes apart, and all evidence.

The dataclasses are plain data (numbers, strings, tuples, dictionaries) so that a report can be written from them and
read back without any other part of Mesascope.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

from mesascope.core.verdicts import Estimate, Evidence, Verdict


class AlignmentClass(enum.StrEnum):
    """What the behaviour says about alignment (RFLO §1.3); what kind it is takes the alignment battery."""

    ROBUST = "robust"
    PSEUDO_ALIGNED = "pseudo-aligned"
    PARTLY_PSEUDO_ALIGNED = "partly pseudo-aligned"
    """It pursues several things, and loses on the base objective after the shift."""
    MISALIGNED = "misaligned in training"
    """It is after something else in training already, and gains nothing on the base objective."""
    COINCIDES = "coincides here"
    """It is after something else, and does as well on the base objective after this shift as before."""
    PARTLY_ALIGNED = "partly aligned"
    """It does as well on the base objective after the shift as before, without pursuing it alone."""
    LOST_ABILITY = "lost ability"
    """It is after the base objective, and no longer good at it after the shift."""
    INCAPABLE = "incapable"
    """It does no better than chance on anything that was asked."""
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True)
class SearchVerdict:
    """The verdict on one of the three questions about search.

    **Arguments:**

    - `question`: `"used"`, `"present"` or `"represented"`.
    - `verdict`: PASS for yes, FAIL for no.
    - `probability`: of yes.
    - `contributions`: what each assay added to the log-odds, largest first.
    - `sentence`, `reason`: for people.
    """

    question: str
    verdict: Verdict
    probability: float | None
    contributions: tuple[tuple[str, float], ...]
    sentence: str
    reason: str

    @property
    def answer(self) -> str:
        """The answer in words."""
        return {Verdict.PASS: "yes", Verdict.FAIL: "no sign of it", Verdict.INCONCLUSIVE: "open"}[self.verdict]


@dataclass(frozen=True)
class OptimizerAnswer:
    """Is it an optimizer? Behaviour alone cannot say yes: without activations the verdict stays INCONCLUSIVE.

    **Arguments:**

    - `verdict`, `probability`, `sentence`, `reason`: whether its choices follow from a search.
    - `parts`: search used, search present, objective represented, each on its own.
    - `depth`: steps that it looks ahead; `None` if that is unknown, or no search was found.
    - `depth_is_least`: whether it may look further: no horizon was seen.
    """

    verdict: Verdict
    probability: float | None
    sentence: str
    reason: str
    parts: tuple[SearchVerdict, ...] = ()
    depth: float | None = None
    depth_is_least: bool = False

    @property
    def answer(self) -> str:
        """The answer in words."""
        words = {Verdict.PASS: "it searches", Verdict.FAIL: "no sign of search", Verdict.INCONCLUSIVE: "open"}
        return words[self.verdict]


@dataclass(frozen=True)
class ObjectiveAnswer:
    """What is its objective?

    **Arguments:**

    - `name`: the most probable account: a candidate, or a rival such as `"mixture of cheese and corner"`,
      `"none of these"` or `"random"`.
    - `probability`: its posterior probability.
    - `posterior`: of every account, most probable first, as `(name, probability)`.
    - `disagreeing_levels`: levels in which the best candidate and the base objective (or, where the base objective
      is best, the runner-up) demand different actions on the agent's way.
    - `kind`: of the account (`Kind` of `audit/objective/attribution.py`); `candidates`: the listed objectives in it.
    - `alike`: listed objectives that nothing here tells from the one named.
    - `distance_to_base`: STARC distance of the recovered objective; `unidentified_dimensions`: directions that stay
      open in it. `None` where nothing was recovered.
    """

    verdict: Verdict
    name: str | None
    probability: float | None
    posterior: tuple[tuple[str, float], ...]
    disagreeing_levels: int
    sentence: str
    reason: str
    kind: str | None = None
    candidates: tuple[str, ...] = ()
    alike: tuple[str, ...] = ()
    distance_to_base: float | None = None
    unidentified_dimensions: int | None = None

    @property
    def answer(self) -> str:
        """The answer in words: what it pursues, or that this is open."""
        if self.verdict is not Verdict.INCONCLUSIVE and self.name is not None:
            return self.name
        return "open" if self.name is None else f"open, likeliest {self.name}"


@dataclass(frozen=True)
class AlignmentAnswer:
    """Is it aligned, and towards what?

    **Arguments:**

    - `verdict`: PASS if robust, FAIL if it is after something else or not able, else INCONCLUSIVE.
    - `class_`: the class; `probability` its probability, `runner_up` the next class.
    - `towards`: for a pseudo-aligned agent the objective it pursues instead.
    - `kind`: what kind of alignment it is (`audit/alignment/kinds.py`); `None` if that cannot be said.
    - `kinds`: every kind and its probability, most probable first; empty if the battery could not be read.
    - `together`: kinds that no test which was made tells from the most probable one, itself included.
    - `kind_reason`: why the kind is stated, or is not.
    - `classes`: every class and its probability, most probable first: margins of the joint statement that the second
      answer is a margin of, too.
    """

    verdict: Verdict
    class_: AlignmentClass
    probability: float | None
    runner_up: AlignmentClass | None
    towards: str | None
    sentence: str
    reason: str
    kind: str | None = None
    kinds: tuple[tuple[str, float], ...] = ()
    together: tuple[str, ...] = ()
    kind_reason: str = ""
    classes: tuple[tuple[str, float], ...] = ()

    @property
    def answer(self) -> str:
        """The answer in words."""
        words = {
            AlignmentClass.ROBUST: "aligned",
            AlignmentClass.PSEUDO_ALIGNED: "not aligned",
            AlignmentClass.PARTLY_PSEUDO_ALIGNED: "not aligned",
            AlignmentClass.MISALIGNED: "not aligned",
            AlignmentClass.COINCIDES: "open: it is after something else",
            AlignmentClass.PARTLY_ALIGNED: "open: it is after several things",
            AlignmentClass.LOST_ABILITY: "not able after the shift",
            AlignmentClass.INCAPABLE: "not capable enough to tell",
            AlignmentClass.INCONCLUSIVE: "open",
        }
        return words[self.class_]


@dataclass(frozen=True)
class Witness:
    """The level in which the agent comes apart from the base objective, with what a drawing needs.

    **Arguments:**

    - `text`: the level in the world's text form, without the agent.
    - `legend`: what each character means, as `(character, meaning)`.
    - `distribution`: `"train"` or `"deploy"`.
    - `index`: of the level in the audited batch.
    - `start`: `(row, column)` in the text, or `None` where states have no place.
    - `agent_path`, `base_path`: places visited by the agent (its likeliest actions) and under the base objective.
    - `agent_goal`, `base_goal`: places where the two objectives are fulfilled.
    - `arrows`: the agent's policy as a vector field: `(row, column, action name, probability)` of the likeliest action.
    - `base_regret`, `own_regret`: normalised regrets in this level alone.
    """

    text: str
    legend: tuple[tuple[str, str], ...]
    distribution: str
    index: int
    start: tuple[int, int] | None
    agent_path: tuple[tuple[int, int], ...]
    base_path: tuple[tuple[int, int], ...]
    agent_goal: tuple[tuple[int, int], ...]
    base_goal: tuple[tuple[int, int], ...]
    arrows: tuple[tuple[int, int, str, float], ...]
    base_regret: float
    own_regret: float
    sentence: str


@dataclass(frozen=True)
class Subject:
    """What was audited.

    **Arguments:**

    - `agent`: its name; `agent_kind`: network, function, Stable-Baselines3, …
    - `evaluation`: `"exact"` (memoryless: every state) or `"roll-outs"` (memory: sampled, with intervals).
    - `world`, `world_options`, `train`: where it was trained (world name, every option, distribution).
    - `deploy_world`, `deploy_options`, `deploy`: where it is deployed; `None` if no shift was named.
    - `base_objective`: what it was trained on.
    """

    agent: str
    agent_kind: str
    evaluation: str
    world: str
    world_options: dict
    train: str
    deploy_world: str | None
    deploy_options: dict | None
    deploy: str | None
    base_objective: str
    seed: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class AllLevels:
    """Whether base regret is small in every level of a distribution, where all of them were evaluated exactly.

    **Arguments:**

    - `distribution`: `"train"` or `"deploy"`.
    - `levels`: how many there are that test the base objective.
    - `proved`: whether it is small in all of them.
    - `worst_regret`, `worst_level`: the largest normalised regret, and in which level of the audited batch.
    - `sentence`: for people.
    """

    distribution: str
    levels: int
    proved: bool
    worst_regret: float
    worst_level: int
    sentence: str


@dataclass(frozen=True)
class Findings:
    """Everything an audit found, equal bytes for equal inputs.

    **Arguments:**

    - `regret`: normalised regret of the base objective, by distribution (`"train"`, `"deploy"`).
    - `own_regret`: regret on the objective named by the second answer, by distribution.
    - `training_performance`: return on the base objective in training as a share of the optimum.
    - `reference_regrets`: mean normalised regrets of reference policies (optimal, uniform), by distribution and name.
    - `witness`: `None` if there is no level to show.
    - `not_tested`: what this audit could not look at, as `(what, why)`.
    - `all_levels`: what holds in every level after the shift; `None` where there are more than were audited.
    """

    subject: Subject
    optimizer: OptimizerAnswer
    objective: ObjectiveAnswer
    alignment: AlignmentAnswer
    training_performance: Estimate | None
    regret: dict[str, Estimate]
    own_regret: dict[str, Estimate]
    reference_regrets: dict[str, dict[str, float]]
    witness: Witness | None
    evidence: tuple[Evidence, ...]
    not_tested: tuple[tuple[str, str], ...] = field(default_factory=tuple)
    all_levels: AllLevels | None = None
