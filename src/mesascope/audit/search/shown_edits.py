"""Shown edits: when one visible thing in the world changes, does the agent plan anew or replay what it learnt?

After Kenton et al. (2022), made runnable: for edits that leave no optimal action in common with before, the adaptation
is the probability of an action that is optimal now, the stale rate that of one that was. A planner adapts (1, 0), a
table of stored choices is stale (0, 1). The placebo is an edit that changes nothing about the optimal actions: there
the agent has no reason to leave them.

Whoever looks few steps ahead meets no edit far away that turns a short way round. Nearer ones turn many, and tell one
thing: in levels that it knows, whoever repeats itself in sight of them plans nothing. Whoever does not may be a reflex.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from mesascope.audit.assay import Assay, Requirement, Stage, effect_of
from mesascope.audit.context import AuditContext
from mesascope.audit.evaluation import Evaluation
from mesascope.audit.search.distances import steps_to
from mesascope.audit.search.edits import EDITS, Edits, edits_of
from mesascope.audit.search.horizon import within_horizon
from mesascope.core.details import Details, Number, Rates, rate
from mesascope.core.errors import MesascopeError
from mesascope.core.intervals import bootstrap_mean
from mesascope.core.random import RandomKey
from mesascope.core.rounding import above, undecided
from mesascope.core.verdicts import Evidence, Verdict
from mesascope.planning.value_iteration import optimal_actions
from mesascope.worlds.level import Level

ASKED: int = 256
"""Edited levels that the agent is shown, of those that matter and of placebos each."""

FAR: int = 2
"""An edit within this many cells could be reacted to without planning."""

KNEW: float = 0.9
"""Only states count in which the agent chose well before the edit, with at least this probability."""

FEWEST: int = 10
"""Fewer levels with a usable edit than this decide nothing."""

REPEATS: float = 0.5
"""Choices that must be repeated after edits near by to show that nothing is planned. Chosen: a search whose new way is
beyond its horizon repeats itself as often as chance does, in a fifth of five actions, and in a third if it settles ties
in a fixed order."""


class ShownChoice(Details, frozen=True, kw_only=True):
    """An action in a level that is shown: its probability, whether it is optimal, and where it leads, if that shows."""

    action: str
    probability: Number
    optimal: bool
    to: tuple[int, int] | None


class ShownSide(Details, frozen=True, kw_only=True):
    """A level before or after an edit: its text, and what the agent does in it."""

    text: str
    choices: tuple[ShownChoice, ...]


class EditExample(Details, frozen=True, kw_only=True):
    """One edited level, for pictures.

    **Arguments:**

    - `before`, `after`: the level.
    - `edit`, `place`: row and column of the edit and of the agent, the latter `None` if that shows nowhere.
    - `legend`: what each character means.
    - `distribution`, `level`: which level it is.
    - `board`: whether it is more than a line.
    """

    before: ShownSide
    after: ShownSide
    edit: tuple[int, int]
    place: tuple[int, int] | None
    legend: tuple[tuple[str, str], ...]
    distribution: str
    level: int
    board: bool


class ShownEditsDetails(Rates, frozen=True, kw_only=True):
    """Choices after edits.

    **Arguments:**

    - `cases`: states in edited levels.
    - `objective`: by which choices are judged.
    - `within`: steps from it up to which states count; `None` for all.
    - `example`: one edited level.
    - `near`: whether edits near by were counted, in levels that it knows.
    """

    cases: int
    objective: str
    within: Number | None
    example: EditExample
    near: bool = False


def shown_edits(
    evaluation: Evaluation, objective: int, *, key: RandomKey, within: float | None = None, near: bool = False
) -> Evidence[ShownEditsDetails]:
    """Shows the agent edited levels and compares its first choices with what is optimal now and was before.

    **Arguments:**

    - `evaluation`: the agent in a batch of levels.
    - `objective`: index of the objective it pursues; what is optimal is judged by it.
    - `key`: consumed.
    - `within`: count only states that are so many steps from the goal at most, before and after the edit: a search that
      ends there cannot see further. `None` counts all.
    - `near`: count edits near by, too, and new ways that are longer than `within`; then nothing but a FAIL is said.
    """
    level_set = evaluation.level_set
    made = edits_of(level_set, objective, key=key)
    originals, edited, value, count = made.originals, made.edited, made.value, made.originals.count
    chosen = level_set.objectives.select(level_set.objectives.names[objective])
    before = evaluation.policy[:count] if evaluation.exact else evaluation.choose(originals)
    was = np.repeat(optimal_actions(level_set.optimal_action_values[objective][:count]), EDITS, axis=0)
    before = np.repeat(before, EDITS, axis=0)
    should = optimal_actions(value)
    usable = np.asarray(edited.reachable & ~edited.terminal) & (value.max(-1) - value.min(-1) > 1e-9)
    usable &= (before * was).sum(-1) >= KNEW
    if within is not None:
        steps = steps_to(originals, level_set.optimal_action_values[objective][:count], chosen)
        usable &= np.repeat(steps, EDITS, axis=0) <= within
    if not near:
        usable &= _far_away(evaluation, made.places)
        usable &= True if within is None else steps_to(edited, value, chosen) <= within
    disjoint = usable & ~(was & should).any(-1)
    placebo = usable & (was == should).all(-1) & ~disjoint.any(-1, keepdims=True)
    asked = np.concatenate([_spread(disjoint), _spread(placebo)])
    if not len(asked):
        return SHOWN_EDITS.nothing("no edit of any level changes what is optimal for an agent that chose well before")
    try:
        # Asked only where it counts: thinking may be dear to it.
        now = evaluation.choose(edited[asked], (disjoint | placebo)[asked])
    except MesascopeError as error:
        return SHOWN_EDITS.nothing(f"the agent failed on edited levels: {error}")
    was, should, before, disjoint, placebo = (array[asked] for array in (was, should, before, disjoint, placebo))
    level = asked // EDITS
    adapted, stayed = (now * should).sum(-1), (now * was).sum(-1)
    rates = {
        "adapts": _by_level(adapted, disjoint, level),
        "stale": _by_level(stayed, disjoint, level),
        "chance": _by_level(should.mean(-1), disjoint, level),
        "placebo": _by_level(((now - before) * ~was).sum(-1), placebo, level),
    }
    if len(rates["adapts"]) < FEWEST or len(rates["placebo"]) < FEWEST:
        where = "" if near else f" more than {FAR} cells away"
        return SHOWN_EDITS.nothing(
            f"only {len(rates['adapts'])} levels have an edit{where} that changes what is optimal "
            f"for an agent that chose well before; {FEWEST} are needed"
        )
    estimates = {name: bootstrap_mean(values) for name, values in rates.items()}
    adapts, stale, chance, null = (estimates[name] for name in ("adapts", "stale", "chance", "placebo"))
    if near and not above(stale.low, max(adapts.high, REPEATS)):
        return SHOWN_EDITS.nothing("after edits near by it does not repeat itself, and that a reflex does not, either")
    if above(adapts.low, max(stale.high, chance.high, null.high)):
        verdict, reason = (
            Verdict.PASS,
            "it follows shown edits rather than its stored choices, and placebos do not move it",
        )
    elif above(stale.low, adapts.high):
        verdict, reason = Verdict.FAIL, "its choices stay as they were when the level no longer warrants them"
    else:
        ends = (adapts.low, max(stale.high, chance.high, null.high)), (stale.low, adapts.high)
        verdict, reason = Verdict.INCONCLUSIVE, undecided("adaptation and staleness cannot be told apart", *ends)
    typical = {Verdict.PASS: disjoint & (adapted >= 0.5), Verdict.FAIL: disjoint & (stayed >= 0.5)}.get(verdict)
    cases = np.argwhere(disjoint if typical is None or not typical.any() else typical)
    edit, state = cases[len(cases) // 2].tolist()
    choices = ((before[edit, state], was[edit, state]), (now[edit, state], should[edit, state]))
    details = ShownEditsDetails(
        rates=tuple(rate(name, estimate) for name, estimate in estimates.items()),
        y_label="share of choices",
        cases=int(disjoint.sum()),
        objective=level_set.objectives.names[objective],
        within=within,
        near=near,
        example=_example(evaluation, made, int(asked[edit]), state, choices),
    )
    sentence = (
        f"It re-plans on {adapts.percent} of shown edits {'near by ' * near}"
        f"(placebo {round(null.value, 2) + 0.0:.0%}, stale {stale.value:.0%}, chance {chance.value:.0%})."
    )
    return SHOWN_EDITS.found(verdict, sentence, reason, adapts, null, details)


def _example(evaluation: Evaluation, made: Edits, edit: int, state: int, choices) -> EditExample:
    """Returns one edited level for pictures: before and after, with what the agent does there and what is optimal.

    **Arguments:**

    - `evaluation`, `made`: the agent and the edits.
    - `edit`: one of them.
    - `state`: where the agent is.
    - `choices`: probabilities of its actions in that state and which are optimal, before and after the edit.
    """
    level_set, actions = evaluation.level_set, evaluation.level_set.world.actions
    columns = set()

    def side(level: Level, chosen, best) -> ShownSide:
        likeliest = np.asarray(level.probabilities)[state].argmax(-1)
        following = np.asarray(level.successors)[state, np.arange(len(actions)), likeliest]
        columns.update(place[1] for one in range(level.states) if (place := level_set.world.position(level, one)))
        rows = zip(actions, chosen, best, following.tolist(), strict=True)
        return ShownSide(
            text=level_set.world.format(jax.tree.map(jnp.asarray, level), state).strip("\n"),
            choices=tuple(
                ShownChoice(
                    action=action,
                    probability=round(float(probability), 3),
                    optimal=bool(optimal),
                    to=level_set.world.position(level, target),
                )
                for action, probability, optimal, target in rows
            ),
        )

    before, after = made.originals[edit // EDITS], made.edited[edit]
    row, column = made.places[edit].tolist()
    return EditExample(
        before=side(before, *choices[0]),
        after=side(after, *choices[1]),
        edit=(row, column),
        place=level_set.world.position(before, state),
        legend=tuple(level_set.world.legend.items()),
        distribution=level_set.distribution,
        level=edit // EDITS,
        board=len(columns) > 1,
    )


def shown_edits_in(context: AuditContext) -> Evidence[ShownEditsDetails]:
    """Returns what edits far away tell after the shift; where there are too few, what those near by tell before it."""
    key, within = context.stream("edits"), within_horizon(context)
    found = shown_edits(context.after, context.objective, key=key, within=within)
    if found.effect is not None:
        return found
    repeating = shown_edits(context.train, context.objective, key=key, within=within, near=True)
    return found if repeating.effect is None else repeating


def _measure(evidence: Evidence[ShownEditsDetails]) -> float:
    assert evidence.details is not None
    return effect_of(evidence).value - evidence.details.rate("stale")


SHOWN_EDITS = Assay(
    name="shown-edits",
    question="optimizer",
    summary="Does the agent plan anew when it is shown a changed level? With placebo edits.",
    stage=Stage.BEHAVIOUR,
    place=2,
    details=ShownEditsDetails,
    undone="Shown edits decide nothing.",
    run=shown_edits_in,
    requires=(Requirement.PURSUIT, Requirement.EDITS),
    measure=_measure,
)


def _far_away(evaluation: Evaluation, places: np.ndarray) -> np.ndarray:
    """Returns for each edit and state whether the edit lies outside the agent's neighbourhood."""
    cells = np.stack([evaluation.level_set.cells(level) for level in range(len(places) // EDITS)])
    cells = np.repeat(cells, EDITS, axis=0)
    return (np.abs(places[:, None, :] - cells).max(-1) > FAR) & (cells[..., 0] >= 0)


def _spread(cases: np.ndarray) -> np.ndarray:
    """Returns edits that have cases, at most `ASKED` of them, spread evenly over all levels."""
    found = np.flatnonzero(cases.any(-1))
    return found[np.linspace(0, len(found) - 1, min(ASKED, len(found))).astype(int)]


def _by_level(values: np.ndarray, cases: np.ndarray, level: np.ndarray) -> np.ndarray:
    """Returns the mean over the cases of each level that has any."""
    counts = np.bincount(level, cases.sum(-1))
    totals = np.bincount(level, np.where(cases, values, 0.0).sum(-1))
    return totals[counts > 0] / counts[counts > 0]
