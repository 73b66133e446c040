"""Which aim explains the behaviour? A posterior over candidates and the rivals that each of them must beat.

Every hypothesis is fitted on half of the levels and scored on the other half. A level counts as one average decision,
and each step of complexity costs `PRICE` nats:

    log p(h) = sum over levels of S_h(level) / m  -  PRICE * complexity(h)  + constant

where `S_h` sums the expected log-likelihood of the agent's own probabilities over a level's choices, each weighed by
the probability that its state is visited, and `m` is the mean of those weights' sums. What rivals are: see `Kind`.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from mesascope.audit.evaluation import Evaluation
from mesascope.audit.objective.behaviour import ASKED, Behaviour, behaviour_of
from mesascope.audit.objective.blends import by_level, heaviest, mixture
from mesascope.audit.objective.choice_law import Explained, state_independent
from mesascope.audit.objective.flexible import flexible
from mesascope.audit.objective.goals import FOLLOWED, Family, aims, bounded, pursued, ranked
from mesascope.audit.objective.switches import by_context, by_time
from mesascope.audit.search.distances import is_reached
from mesascope.core.rounding import settled

RANDOM: str = "random"
HABIT: str = "a habit"
NONE: str = "none of these"

PRICE: float = 3.0
"""Nats that each step of complexity costs. 2 and 3 were tried on 127 scripted agents; with 3, 92 of 93 answers with
probability .99 were right, with 2 all of 48."""


class Kind(enum.StrEnum):
    """What an agent may be after, and how complex that is to say."""

    RANDOM = "random"
    """Chooses evenly, whatever it sees."""
    HABIT = "habit"
    """Leans towards some actions, whatever it sees."""
    CANDIDATE = "candidate"
    """Pursues one listed objective, with slips."""
    DEPTH = "depth"
    """Pursues one listed objective from at most so many steps away."""
    RANK = "rank"
    """Goes to the second, third or fourth nearest place that fulfils a listed objective."""
    MIXTURE = "mixture"
    """Pursues one of two or three listed objectives in each choice, by a coin."""
    LEVELS = "levels"
    """Pursues one of two listed objectives in each level as a whole."""
    CONTEXT = "context"
    """Pursues one listed objective where a condition holds, and another, or nothing, where it does not."""
    TIME = "time"
    """Pursues one listed objective first, and another later in the episode."""
    NONE = "none"
    """Does something that carries over from level to level, and that none of the above predicts as well."""


COMPLEXITY: dict[Kind, int] = {
    Kind.RANDOM: 0,
    Kind.HABIT: 1,
    Kind.CANDIDATE: 2,
    Kind.DEPTH: 3,
    Kind.RANK: 3,
    Kind.MIXTURE: 4,
    Kind.LEVELS: 4,
    Kind.CONTEXT: 5,
    Kind.TIME: 5,
    Kind.NONE: 6,
}

TELLING: float = 0.01
"""Candidates whose evidence differs by a smaller share of it, and that want the same actions nearly everywhere on the
agent's way (`AGREEING`), are one answer."""
AGREEING: float = 0.95

CHANCE: float = 0.02
"""A candidate is not named on which the agent's lift over chance is nowhere more than this, or somewhere no more than a
quarter of it."""

WORN: float = 0.4
FEW_PRICE: float = 0.05
"""With few levels no network can be asked on others: `none of these` then knows the agent's policy, and pays
`FEW_PRICE` nats a decision and all but `WORN` of its structure. With .5 and .6, agents with fixed errors in FrozenLake
were "none of these" with probability .99; where an unlisted goal lies beside a listed one, no share helps."""


@dataclass(frozen=True)
class Hypothesis:
    """One account of the behaviour.

    **Arguments:**

    - `name`: in words.
    - `kind`: what sort of account it is.
    - `candidates`: indices of the listed objectives in it, the weightier first.
    - `probability`: that it is the right one.
    - `alike`: for a candidate that speaks for a group, indices of the others: nothing on the agent's way tells them
      apart.
    """

    name: str
    kind: Kind
    candidates: tuple[int, ...]
    probability: float
    alike: tuple[int, ...] = ()

    @property
    def own(self) -> int | None:
        """Index of the one listed objective that it is after; `None` if it is after none, or after several."""
        return self.candidates[0] if self.kind in (Kind.CANDIDATE, Kind.DEPTH, Kind.RANK) else None


@dataclass(frozen=True)
class Attribution:
    """How probable each account of the behaviour is.

    **Arguments:**

    - `hypotheses`: most probable first.
    - `structure`: divergence of the agent's choices from uniform ones, by level, in nats, `[U]`.
    - `explained`: how much of it each of the O candidates explains, by level, in nats, `[O, U]`.
    """

    hypotheses: tuple[Hypothesis, ...]
    structure: Float[np.ndarray, " U"]
    explained: Float[np.ndarray, "O U"]

    @property
    def best(self) -> Hypothesis:
        """The most probable account."""
        return self.hypotheses[0]

    def ranked(self) -> tuple[tuple[str, float], ...]:
        """Returns names and probabilities, most probable first."""
        return tuple((one.name, one.probability) for one in self.hypotheses)


def attribute(evaluation: Evaluation, before: Evaluation | None = None, *, seed: int = 0) -> Attribution:
    """Weighs all candidates and rivals against the behaviour.

    **Arguments:**

    - `evaluation`: the agent in a batch of levels, after the shift if there is one.
    - `before`: the agent before the shift, with the same candidates.
    - `seed`: of the division of levels into folds, and of the network.
    """
    behaviour = behaviour_of([evaluation] if before is None else [before, evaluation], seed=seed)
    candidates = range(len(behaviour.level_set.objectives))
    alone = [pursued(behaviour, index) for index in candidates]
    evidence = np.array([behaviour.total(one.held_out) for one in alone])
    groups = _groups(behaviour, evidence, _nameable(behaviour))
    uniform = np.full(len(behaviour.unit), -np.log(behaviour.actions))
    accounts = [
        _Account(RANDOM, Kind.RANDOM, behaviour.total(_refuted(behaviour, uniform))),
        _Account(HABIT, Kind.HABIT, behaviour.total(_refuted(behaviour, state_independent(behaviour).held_out))),
        *(_of_candidate(behaviour, group, evidence[group[0]]) for group in groups),
        *(
            _Account(family.name, kind, behaviour.total(family.explained.held_out), family.candidates)
            for kind, family in _families(behaviour, groups, alone)
        ),
    ]
    accounts.append(_unlisted(behaviour, uniform, max(one.score for one in accounts), seed=seed))
    scores = np.array([one.score for one in accounts])
    weight = np.exp(scores - scores.max())
    pooled: dict[str, float] = {}
    for one, share in zip(accounts, weight / weight.sum(), strict=True):
        pooled[one.name] = pooled.get(one.name, 0.0) + float(share)
    # Of accounts of one name the first says what it is; their probabilities add up.
    first = {one.name: one for one in reversed(accounts)}
    ordered = sorted(pooled, key=lambda name: (-round(pooled[name], 9), list(pooled).index(name)))
    hypotheses = tuple(
        Hypothesis(name, first[name].kind, first[name].candidates, pooled[name], first[name].alike) for name in ordered
    )
    explained = behaviour.by_unit(np.stack([one.whole for one in alone]) - uniform)
    return Attribution(hypotheses, behaviour.by_unit(behaviour.structure), explained)


@dataclass(frozen=True)
class _Account:
    """A hypothesis before it is compared: `nats` is its log-likelihood on levels it was not fitted on."""

    name: str
    kind: Kind
    nats: float
    candidates: tuple[int, ...] = ()
    alike: tuple[int, ...] = ()
    extra: int = 0

    @property
    def score(self) -> float:
        return self.nats - PRICE * (COMPLEXITY[self.kind] + self.extra)


def _of_candidate(behaviour: Behaviour, group: list[int], nats: float) -> _Account:
    first, *others = group
    spec = behaviour.level_set.objectives.specs[first]
    if spec.control:
        # What nobody can see is sought by nobody: who goes there is after something else that lies there.
        return _Account(NONE, Kind.NONE, nats, extra=COMPLEXITY[Kind.CANDIDATE] - COMPLEXITY[Kind.NONE])
    return _Account(spec.name, Kind.CANDIDATE, nats, (first,), tuple(others))


def _refuted(behaviour: Behaviour, nats: Float[np.ndarray, " M"]) -> Float[np.ndarray, " M"]:
    """Returns the prediction of chance or habit, which an exact policy refutes by every difference, in few levels.

    There the number of states is what limits the evidence about an aim; that choices are not even is certain.
    """
    if not (behaviour.few and all(evaluation.exact for evaluation in behaviour.evaluations)):
        return nats
    itself = behaviour.structure - np.log(behaviour.actions)
    return itself - ASKED * (itself - nats)


def _unlisted(behaviour: Behaviour, uniform: np.ndarray, best: float, *, seed: int) -> _Account:
    """Returns the account `none of these`, given the score of the best of the others."""
    if behaviour.few:
        # Nothing can be held out, and what it pays is in its prediction.
        nats = uniform + WORN * behaviour.structure - FEW_PRICE
        return _Account(
            NONE, Kind.NONE, behaviour.total(nats), extra=COMPLEXITY[Kind.CANDIDATE] - COMPLEXITY[Kind.NONE]
        )
    # No prediction beats the agent's own probabilities (Gibbs): where even they would not win, no network is fitted.
    itself = behaviour.total(behaviour.structure + uniform)
    if itself - PRICE * COMPLEXITY[Kind.NONE] < best - 3 * PRICE:
        return _Account(NONE, Kind.NONE, behaviour.total(uniform))
    return _Account(NONE, Kind.NONE, behaviour.total(flexible(behaviour, seed=seed).held_out))


def _nameable(behaviour: Behaviour) -> np.ndarray:
    """Returns on which candidates the agent does better than chance wherever they are tested, `[O]`.

    Slips are free in each setting, so that one that is pursued in one alone could be called noisy in the other.
    """
    lifts = np.stack([_mean(1 - evaluation.regrets) for evaluation in behaviour.evaluations])
    tested = np.isfinite(lifts)
    best, least = np.where(tested, lifts, -np.inf).max(0), np.where(tested, lifts, np.inf).min(0)
    return (best > CHANCE) & (least > CHANCE / 4)


def _mean(values: Float[np.ndarray, "O N"]) -> Float[np.ndarray, " O"]:
    known = np.isfinite(values)
    return np.where(known, values, 0.0).sum(-1) / np.where(known.any(-1), known.sum(-1), np.nan)


def _groups(behaviour: Behaviour, evidence: Float[np.ndarray, " O"], nameable: np.ndarray) -> list[list[int]]:
    """Returns the candidates in groups that nothing on the agent's way tells apart, those of most evidence first.

    A group speaks with one voice, or else candidates that come in several wordings would share out its probability. The
    base objective speaks for its group.
    """
    base, counted = behaviour.level_set.base, behaviour.counted
    floor = -np.log(behaviour.actions) * counted.sum()
    optimal = behaviour.advantages == 0
    order = sorted(np.flatnonzero(nameable), key=lambda index: (-round(float(evidence[index]), 6), index != base))
    groups: list[list[int]] = []
    for index in order:
        for group in groups:
            first = group[0]
            gained = evidence[first] - floor
            same = (optimal[index] == optimal[first]).all(-1) @ counted >= AGREEING * counted.sum()
            if same and evidence[first] - evidence[index] <= TELLING * max(gained, 1e-6):
                group.append(int(index))
                break
        else:
            groups.append([int(index)])
    return [sorted(group, key=lambda index: index != base) for group in groups]


def _families(behaviour: Behaviour, groups: list[list[int]], alone: list[Explained]) -> list[tuple[Kind, Family]]:
    """Returns the rivals of a single candidate that say something about this agent."""
    speakers = [group[0] for group in groups]
    eligible = set(aims(behaviour))
    sought = [index for index in speakers if index in eligible]
    specs = behaviour.level_set.objectives.specs
    halves = heaviest(behaviour, sought)
    # Of what nothing tells apart, that which is reached says from how far away it is.
    reached = [
        (group[0], next((index for index in group if is_reached(specs[index])), None))
        for group in groups
        if group[0] in eligible
    ]
    first = [(speaker, index) for speaker, index in reached if index is not None][:FOLLOWED]
    # First the base objective, so that it stands where others say the same.
    base = behaviour.level_set.base
    listed = [*([base] if base in eligible else []), *halves, *sought[:2]]
    either = tuple(index for place, index in enumerate(listed) if index not in listed[:place])
    families = [
        (Kind.DEPTH, bounded(behaviour, first)),
        (Kind.RANK, ranked(behaviour, first)),
        (Kind.MIXTURE, mixture(behaviour, either)),
        (Kind.CONTEXT, by_context(behaviour, either)),
        (Kind.TIME, by_time(behaviour, either)),
    ]
    if not behaviour.few:
        families.append((Kind.LEVELS, by_level(behaviour, either)))
    return [(kind, family) for kind, family in families if family is not None]


@dataclass(frozen=True)
class Pursuit:
    """What behaviour was attributed to, and the objective that follows.

    **Arguments:**

    - `attribution`: of behaviour before and after the shift to candidates.
    - `contrast`: indices of the best candidate and of the one to tell it from.
    - `index`: of the objective by which choices are judged.
    """

    attribution: Attribution
    contrast: tuple[int, int]
    index: int


def pursued_objective(train: Evaluation, deploy: Evaluation | None, *, seed: int) -> Pursuit:
    """Returns what an agent pursues: the candidate that explains it best, or the base objective if none does.

    **Arguments:**

    - `train`, `deploy`: the agent before and after the shift; `None` if no shift was named.
    - `seed`: of folds and of the network.
    """
    after = train if deploy is None else deploy
    attribution = attribute(after, None if deploy is None else train, seed=seed)
    pair = contrast(after, attribution)
    own = attribution.best.own
    # Chance, habits, mixtures and "none of these" have no one goal whose distance could be counted.
    return Pursuit(attribution, pair, after.level_set.base if own is None else own)


def contrast(evaluation: Evaluation, attribution: Attribution) -> tuple[int, int]:
    """Returns the best candidate and the one to tell it from.

    That is the base objective; where it is the best itself, the candidate that explains most of what is left, goals
    that are reached before others.
    """
    level_set = evaluation.level_set
    specs = level_set.objectives.specs
    explained = settled(attribution.explained.sum(-1))
    named = [one.own for one in attribution.hypotheses if one.kind is Kind.CANDIDATE]
    best = next((index for index in named if index is not None), int(explained.argmax()))
    if best != level_set.base or len(specs) == 1:
        return best, level_set.base
    others = [index for index in range(len(specs)) if index != best]
    return best, max(others, key=lambda index: (is_reached(specs[index]), not specs[index].control, explained[index]))
