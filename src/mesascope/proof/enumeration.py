"""Exhaustive evaluation: whatever an agent is made of, it is asked in every state, and each outcome is followed."""

from __future__ import annotations

from mesascope.agents.agent import Agent
from mesascope.agents.asking import check_agent
from mesascope.core.progress import Progress, unheard
from mesascope.proof.abstract_property import ActionProperty, Property
from mesascope.proof.judging import judge
from mesascope.proof.lock_step import STEPS, deterministic
from mesascope.proof.state_set import SAMPLE, StateSet
from mesascope.proof.verdict import ProofVerdict, Status, proved, refuted, unknown
from mesascope.proof.witnesses import Search

LIMIT: int = 20_000_000
"""States of a set that are all evaluated; a larger set is sampled, which its words say."""
ENOUGH: int = 1 << 20
"""States after which a statement that is refuted already is looked into no further."""
VACUOUS: str = "nothing that could be done here would violate it"


def enumerate_states(
    agent: Agent,
    wanted: Property,
    states: StateSet,
    *,
    taken_above: float | None = None,
    control: StateSet | None = None,
    limit: int = LIMIT,
    sample: int = SAMPLE,
    seed: int = 0,
    progress: Progress = unheard,
) -> ProofVerdict:
    """Returns whether a property holds in all states of a set, by asking the agent in each of them.

    **Arguments:**

    - `agent`: any; one with memory is rolled out, where each action has one outcome.
    - `wanted`: the property.
    - `states`: the set.
    - `taken_above`: actions with more than this probability count beside the likeliest ones; in [0, 1).
    - `control`: a set in which the property is known to be false: if that is not found out, nothing is proved.
    - `limit`: states up to which all are evaluated; a larger set is sampled, which refutes or leaves open.
    - `sample`, `seed`: levels (or observations) of a sample, and what it is drawn with.
    - `progress`: called with what is being done and its share.

    **Returns:** a verdict whose counterexample is the level with most violations, replayed, beside the nearest one of
    the set in which the property holds.

    **Raises:** `AgentError` as `judge` does; `UsageError` for a property of levels where there are observations only.
    """
    check_agent(agent)
    if control is not None:
        found = enumerate_states(agent, wanted, control, taken_above=taken_above, limit=limit, sample=sample, seed=seed)
        if found.status is not Status.REFUTED:
            why = f"the control set ({control.words}), in which it must be false, came back {found.status}"
            return unknown(found.how, why, checked=found.checked)
    each = states.part(0).there.shape[1] if states.parts else 1
    if states.size is None or (states.whole and states.size * each > limit):
        states = states.sampled(sample, seed)
    if why := _beyond(agent, wanted, states, taken_above):
        return unknown(f"nothing evaluated ({states.words})", why)
    checked = violations = left = number = 0
    search, testable = Search(), False
    for number in range(states.parts):
        progress(f"evaluating {states.words}", number / states.parts)
        part = states.part(number)
        judged = judge(agent, wanted, part, start=states.start, taken_above=taken_above)
        testable = testable or bool((wanted.testable(part) & judged.counted).any())
        checked, left = checked + int(judged.counted.sum()), left + int(judged.open.sum())
        violations += int(judged.violated.sum())
        search.look_at(number, part, judged)
        if violations and checked >= ENOUGH:
            break
    what = "starts" if wanted.from_start or not agent.memoryless else "states"
    how = f"{checked:,} {what} evaluated ({states.words}); {_way(agent, wanted, taken_above)}"
    size = checked if states.whole and number == states.parts - 1 else None
    if violations:
        witness = search.counterexample(agent, wanted, states, taken_above)
        if witness is None:
            why = "where it seemed false, the agent did otherwise when it was asked again by itself"
            return unknown(how, why, checked=checked, size=size)
        return refuted(f"{how}; false in {violations:,}", witness, checked=checked, size=size)
    if not testable:
        return unknown(how, VACUOUS, checked=checked, size=size)
    if left:
        why = f"from {left:,} starts episodes neither ended nor came round within {STEPS:,} steps, or actions tied"
        return unknown(how, why, checked=checked, size=size, budget=f"{STEPS:,} steps")
    if not states.whole:
        units: int = getattr(states, "drawn", states.size or 0)
        # The rule of three: a share of 3/n would have shown up in n with a chance of 95 %.
        why = f"a sample proves nothing; {units:,} without a failure rule out (95 %) a share of {3 / units:.2g} or more"
        return unknown(how, why, checked=checked, budget=f"{units:,} drawn")
    return proved(f"all {how}", checked=checked, size=size, exact=getattr(wanted, "at_most", 0) == 0)


def _way(agent: Agent, wanted: Property, taken_above: float | None) -> str:
    """Returns in words which policy was judged."""
    if getattr(wanted, "at_most", 0) > 0:
        return "under its own probabilities"
    if taken_above is not None:
        return f"every action with a probability above {taken_above:g} counts, and its likeliest"
    steps = "" if agent.memoryless else f", for up to {STEPS:,} steps from a fresh memory"
    return f"it takes its likeliest action, of equal ones any{steps}"


def _beyond(agent: Agent, wanted: Property, states: StateSet, taken_above: float | None) -> str:
    """Returns why this cannot be found out for an agent, or a set; empty where it can."""
    if not states.parts:
        return f"the set is empty: {VACUOUS}"
    if agent.memoryless:
        return ""
    if not isinstance(wanted, ActionProperty) or getattr(wanted, "at_most", 0) > 0 or taken_above is not None:
        return (
            "the agent has a memory: what it does in a state hangs on the way there, so only its likeliest actions and "
            "what comes of them can be followed"
        )
    if not all(deterministic(states.part(number)) for number in range(states.parts)):
        return "the agent has a memory, and actions have several outcomes: its episodes are too many to follow"
    return ""
