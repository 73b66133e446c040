"""Which aim explains the behaviour? A posterior over candidates and the rivals that each of them must beat.

Every hypothesis is fitted on half of the levels and scored on the other half. A level counts as one average decision,
and each step of complexity costs a price (`PRICE`):

    log p(h) = sum over levels of S_h(level) / m  -  price * complexity(h)  + constant

where `S_h` sums the expected log-likelihood of the agent's own probabilities over a level's choices, each weighed by
the probability that its state is visited, and `m` is the mean of those weights' sums. What rivals are: see `Kind`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from mesascope.audit.evaluation import Evaluation
from mesascope.audit.objective.accounts import COMPLEXITY, HABIT, NONE, RANDOM, Attribution, Hypothesis, Kind
from mesascope.audit.objective.behaviour import ASKED, LEVELS, Behaviour, behaviour_of
from mesascope.audit.objective.blends import by_level, heaviest, mixture
from mesascope.audit.objective.choice_law import Explained, state_independent
from mesascope.audit.objective.flexible import flexible
from mesascope.audit.objective.goals import FOLLOWED, Family, aims, bounded, is_motion, pursued
from mesascope.audit.objective.ranks import ranked
from mesascope.audit.objective.switches import by_context, by_time, only_in_training
from mesascope.audit.search.distances import is_reached
from mesascope.core.rounding import above

PRICE: float = 3.0
"""Nats that each step of complexity costs where `LEVELS` levels count, less by the square root of their number where
fewer do: what few levels do not speak against must not be ruled out beforehand. 2 and 3 were tried on 127 scripted
agents; with 3, 92 of 93 answers with probability .99 were right, with 2 all of 48."""

STATES: int = 70
"""Where levels are few, so many states cost as much as `LEVELS` levels. In single levels of FrozenLake and Taxi 160
made mixtures of listed goals (.74 of 73 right, .82 with 70), and one price listed goals of others (.59 of 100; .70)."""

TELLING: float = 0.02
"""Candidates whose evidence differs by a smaller share of it, and that want the same actions nearly everywhere on the
agent's way (`AGREEING`), are one answer."""
AGREEING: float = 0.95

CHANCE: float = 0.02
"""A candidate is not named on which the agent's lift over chance is nowhere more than this, or somewhere no more than a
quarter of it."""

UNLIKELY: float = 9.0
"""Nats by which no account is worth its computing."""

LENIENT: int = 3
MOST: float = 0.5
TIES: int = 2
"""The candidates of most evidence, if they explain `MOST` of the structure with ties broken evenly, may also break them
as a network would, which is `TIES` steps more complex."""

OPEN: float = 0.08
"""Share of the probability that few levels leave open: what an agent does in one level may have any cause, and nothing
can be asked on another. Of 78 sure answers about single levels 10 were wrong; with .1 no answer would be stated."""

MARGIN: float = 0.05
"""Share of the behaviour's structure by which a network must predict better than any hypothesis. On six trained corner
networks that do reach what they were trained to reach, it did so by .006 to .037; on compasses by .17 and more."""

SEEN: int = -2
"""What to be after something in training, and after nothing elsewhere, is simpler by than to be so in any one context:
the condition is always the same."""

PLAIN: float = 0.75
"""Share of the structure that a candidate which is about moving alone must explain to be named."""

WORN: float = 0.4
FEW_PRICE: float = 0.05
"""With few levels no network can be asked on others: `none of these` then knows the agent's policy, and pays
`FEW_PRICE` nats a decision and all but `WORN` of its structure. With .5 and .6, agents with fixed errors in FrozenLake
were "none of these" with probability .99; where an unlisted goal lies beside a listed one, no share helps."""


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
    uniform = np.full(len(behaviour.unit), -np.log(behaviour.actions))
    structure = max(behaviour.total(behaviour.structure), 1e-12)
    shares = (evidence - behaviour.total(uniform)) / structure
    groups = _groups(behaviour, evidence, _nameable(behaviour, shares))
    habit = state_independent(behaviour, everywhere=True).held_out
    accounts = [
        _Account(RANDOM, Kind.RANDOM, _refuted(behaviour, uniform)),
        # Choices that are not even, and that nothing predicts elsewhere, are no chance and no aim either.
        _Account(NONE, Kind.NONE, behaviour.total(uniform), extra=COMPLEXITY[Kind.CANDIDATE] - COMPLEXITY[Kind.NONE]),
        # A leaning that predicts no better than even choices is none.
        *(
            [_Account(HABIT, Kind.HABIT, _refuted(behaviour, habit) if behaviour.few else behaviour.total(habit))]
            if above(behaviour.total(habit), behaviour.total(uniform))
            else []
        ),
        *(_of_candidate(behaviour, group, float(evidence[group].max())) for group in groups),
        *(
            _Account(family.name, kind, behaviour.total(family.explained.held_out), family.candidates)
            for kind, family in _families(behaviour, groups, alone)
        ),
    ]
    for family in only_in_training(behaviour, aims(behaviour), alone):
        nats = behaviour.total(family.explained.held_out)
        accounts.append(_Account(family.name, Kind.CONTEXT, nats, family.candidates, extra=SEEN))
    accounts += _unlisted(behaviour, uniform, accounts, groups, seed=seed)
    price = price_of(behaviour)
    scores = np.array([one.score(price) for one in accounts])
    weight = np.exp(scores - scores.max())
    pooled: dict[str, float] = {}
    for one, share in zip(accounts, weight / weight.sum(), strict=True):
        pooled[one.name] = pooled.get(one.name, 0.0) + float(share)
    if behaviour.few:
        pooled = _left_open(pooled)
    # Of accounts of one name the first says what it is; their probabilities add up.
    first = {one.name: one for one in reversed(accounts)}
    ordered = sorted(pooled, key=lambda name: (-round(pooled[name], 9), list(pooled).index(name)))
    hypotheses = tuple(
        Hypothesis(name, first[name].kind, first[name].candidates, pooled[name], first[name].alike) for name in ordered
    )
    explained = behaviour.by_unit(np.stack([one.whole for one in alone]) - uniform)
    best = max(accounts, key=lambda one: (one.name == ordered[0], one.score(price)))
    share = float(np.clip((best.nats - behaviour.total(uniform)) / structure, 0.0, 1.0))
    return Attribution(hypotheses, behaviour.by_unit(behaviour.structure), explained, share)


def _left_open(pooled: dict[str, float]) -> dict[str, float]:
    """Returns probabilities of which a share goes to `none of these`; to the next account if that is the likeliest."""
    ordered = sorted(pooled, key=lambda name: -round(pooled[name], 9))
    other = NONE if ordered[0] != NONE else ordered[1]
    return {name: (1 - OPEN) * share + (OPEN if name == other else 0.0) for name, share in pooled.items()}


@dataclass(frozen=True)
class _Account:
    """A hypothesis before it is compared: `nats` is its log-likelihood on levels it was not fitted on."""

    name: str
    kind: Kind
    nats: float
    candidates: tuple[int, ...] = ()
    alike: tuple[int, ...] = ()
    extra: int = 0

    def score(self, price: float) -> float:
        return self.nats - price * (COMPLEXITY[self.kind] + self.extra)


def price_of(behaviour: Behaviour) -> float:
    """Returns the nats that each step of complexity costs."""
    share = float((behaviour.weight * behaviour.credit).sum()) / STATES if behaviour.few else behaviour.units / LEVELS
    return PRICE * float(np.sqrt(min(1.0, share)))


def _of_candidate(behaviour: Behaviour, group: list[int], nats: float) -> _Account:
    first, *others = group
    spec = behaviour.level_set.objectives.specs[first]
    if spec.control:
        # What nobody can see is sought by nobody: who goes there is after something else that lies there.
        return _Account(NONE, Kind.NONE, nats, extra=COMPLEXITY[Kind.CANDIDATE] - COMPLEXITY[Kind.NONE])
    return _Account(spec.name, Kind.CANDIDATE, nats, (first,), tuple(others))


def _refuted(behaviour: Behaviour, nats: Float[np.ndarray, " M"]) -> float:
    """Returns the log-likelihood of chance or habit, which is refuted by every difference in what the agent answered.

    How many levels or states there are limits the evidence about an aim; that choices are not even is certain.
    """
    return behaviour.total(behaviour.certainty - ASKED / behaviour.asked * (behaviour.certainty - nats))


def _unlisted(
    behaviour: Behaviour, uniform: np.ndarray, others: list[_Account], groups: list[list[int]], *, seed: int
) -> list[_Account]:
    """Returns `none of these`, given the others, and candidates with ties broken as it does.

    How an agent breaks ties is no part of its aim, and networks break them by the place: a candidate that explains most
    of the behaviour may do so, too, at a price, so that what it is told from is what goes against it.
    """
    if behaviour.few:
        # Nothing can be held out, and what it pays is in its prediction.
        nats = behaviour.total(uniform + WORN * behaviour.structure - FEW_PRICE)
        return [_Account(NONE, Kind.NONE, nats, extra=COMPLEXITY[Kind.CANDIDATE] - COMPLEXITY[Kind.NONE])]
    # No prediction beats the agent's own probabilities (Gibbs): where even they would not win, no network is fitted.
    price = price_of(behaviour)
    best = max(others, key=lambda one: one.score(price))
    perfect, least = behaviour.total(behaviour.structure + uniform), best.score(price) - UNLIKELY
    margin = MARGIN * behaviour.total(behaviour.structure)
    unbeaten = best.kind is Kind.CANDIDATE or perfect - price * (COMPLEXITY[Kind.CANDIDATE] + TIES) < least
    if unbeaten and perfect - margin - price * COMPLEXITY[Kind.NONE] < least:
        return []
    predicted = flexible(behaviour, seed=seed)
    nats = behaviour.total((behaviour.policy * np.log(predicted)).sum(-1) - MARGIN * behaviour.structure)
    accounts = [_Account(NONE, Kind.NONE, nats)]
    sought = set(aims(behaviour))
    for group in [group for group in groups if group[0] in sought][:LENIENT]:
        strict = pursued(behaviour, group[0]).held_out
        if behaviour.total(strict - uniform) >= MOST * behaviour.total(behaviour.structure):
            # Where it wants nothing in particular it explains nothing, however a network may choose.
            indifferent = (behaviour.advantages[group[0]] == 0).all(-1, keepdims=True)
            lenient = pursued(behaviour, group[0], pull=np.where(indifferent, 1.0, predicted)).held_out
            accounts.append(replace(_of_candidate(behaviour, group, behaviour.total(lenient)), extra=TIES))
    return accounts


def _nameable(behaviour: Behaviour, shares: Float[np.ndarray, " O"]) -> np.ndarray:
    """Returns on which candidates the agent does better than chance wherever they are tested, `[O]`.

    Slips are free in each setting, so that one that is pursued in one alone could be called noisy in the other. Whoever
    moves does not for that reason seek to move: motion has to explain `PLAIN` of the structure.
    """
    lifts = np.stack([_mean(1 - evaluation.regrets) for evaluation in behaviour.evaluations])
    tested = np.isfinite(lifts)
    best, least = np.where(tested, lifts, -np.inf).max(0), np.where(tested, lifts, np.inf).min(0)
    motion = np.array([is_motion(behaviour, spec) for spec in behaviour.level_set.objectives.specs])
    return (best > CHANCE) & (least > CHANCE / 4) & (~motion | (shares > PLAIN))


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


def _unlike(behaviour: Behaviour, candidates: Sequence[int]) -> list[int]:
    """Returns the candidates without those that want the same as one before them wherever the agent comes."""
    kept: list[int] = []
    for index in candidates:
        table = behaviour.advantages[index]
        if not any(np.allclose(table, behaviour.advantages[other], atol=1e-6) for other in kept):
            kept.append(index)
    return kept


def _families(behaviour: Behaviour, groups: list[list[int]], alone: list[Explained]) -> list[tuple[Kind, Family]]:
    """Returns the rivals of a single candidate that say something about this agent."""
    speakers = [group[0] for group in groups]
    eligible = set(aims(behaviour))
    sought = [index for index in speakers if index in eligible]
    specs = behaviour.level_set.objectives.specs
    # What is served in a small share of choices may do no better than chance by them, and is a half all the same.
    base = behaviour.level_set.base
    halves = heaviest(behaviour, _unlike(behaviour, sorted(eligible, key=lambda index: (index != base, index))))
    # Of what nothing tells apart, that which is reached says from how far away it is.
    reached = [
        (group[0], next((index for index in group if is_reached(specs[index])), None))
        for group in groups
        if group[0] in eligible
    ]
    first = [(speaker, index) for speaker, index in reached if index is not None][:FOLLOWED]
    # Whoever goes to another place than the nearest may do no better than chance at reaching any.
    nats = {index: round(behaviour.total(alone[index].whole), 6) for index in eligible if is_reached(specs[index])}
    by_rank = sorted(nats, key=lambda index: (-nats[index], index))
    # First the base objective, then what the world lists first, so that these stand where others say the same.
    either = sorted({*halves, *sought[:2], base} & eligible, key=lambda index: (index != base, index))
    families = [
        (Kind.DEPTH, bounded(behaviour, first)),
        (Kind.RANK, ranked(behaviour, by_rank)),
        (Kind.MIXTURE, mixture(behaviour, either, max(behaviour.total(one.whole) for one in alone))),
        (Kind.CONTEXT, by_context(behaviour, either)),
        (Kind.TIME, by_time(behaviour, either)),
    ]
    if not behaviour.few:
        families.append((Kind.LEVELS, by_level(behaviour, either)))
    return [(kind, family) for kind, family in families if family is not None]
