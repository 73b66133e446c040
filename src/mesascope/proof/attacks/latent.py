"""No edit of its plan smaller than this: proofs about everything that a site of a network might hold (Christiano 2019).

The relaxation: in a state, the activations at a site may be anything in a box around what they are. An attack by
gradients looks for a bad choice there, and bounds prove that there is none. What is proved holds for whatever input
brings such activations about; what is refuted need not be brought about by any.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import jax
import numpy as np
from jax.interpreters import partial_eval
from jaxtyping import Bool, Float

from mesascope.agents.agent import Agent
from mesascope.core.progress import Progress, unheard
from mesascope.core.random import RandomKey, root_key
from mesascope.proof.attacks.gradient import BoxAttack, box_attack, logits_with, network_of
from mesascope.proof.box import Box
from mesascope.proof.branch_and_bound import Query
from mesascope.proof.decide import decide
from mesascope.proof.network_reading import of_network
from mesascope.proof.property import ActionProperty, AlwaysHappens, Property, bad_outputs
from mesascope.proof.state_set import StateSet
from mesascope.proof.verdict import Counterexample, ProofVerdict, Status, proved, refuted, unknown

SECONDS: float = 60.0


@dataclass(frozen=True, eq=False)
class Relaxed:
    """What is known of all that a site might hold in some states.

    **Arguments:**

    - `attack`: what gradients and chance found.
    - `verified`: states in which a proof says that nothing in the box makes a choice bad.
    """

    attack: BoxAttack
    verified: Bool[np.ndarray, " R"]


def relaxed(
    agent: Agent,
    seen: Float[np.ndarray, "R ..."],
    allowed: Bool[np.ndarray, "R A"],
    radius: float,
    *,
    site: str,
    seconds: float = SECONDS,
    key: RandomKey,
) -> Relaxed:
    """Attacks what a site holds in some states, and proves of the others that nothing in the box is bad.

    **Arguments:** as of `gradient.box_attack`, and

    - `seconds`: of search for proofs, all together; 0 for bounds alone, which hang on no clock.
    """
    attack = box_attack(agent, seen, allowed, radius, site=site, key=key)
    network = network_of(agent)
    verified = allowed.all(-1) & ~attack.succeeded
    left = np.flatnonzero(~verified & ~attack.succeeded)
    if not len(left):
        return Relaxed(attack, verified)
    held = np.asarray(network.step(seen[left], None).activations[site], np.float64)
    # What follows from the site is most often the same whatever was seen; else each state is a problem of its own.
    parts = np.arange(len(left))
    parts = parts[:, None] if _looks_again(network.network, seen[0], held[0], site) else parts[None]
    for part in parts:
        rows = left[part]
        boxes = [Box(held[place] - radius, held[place] + radius) for place in part]
        function = of_network(network.network, boxes[0], site, seen[rows[0]])
        bad = [bad_outputs(choices) for choices in allowed[rows]]
        queries = [Query(box, one) for box, one in zip(boxes, bad, strict=True) if one]
        found = decide(function, queries, seconds=seconds / len(left))
        verified[rows] = [one.status is Status.PROVED for one in found]
    return Relaxed(attack, verified)


def _looks_again(network, seen: np.ndarray, held: np.ndarray, site: str) -> bool:
    """Returns whether what a network does behind a site hangs on what it sees otherwise, too."""
    traced = jax.make_jaxpr(lambda shown, value: logits_with(network, shown, value, site))(seen, held)
    return partial_eval.dce_jaxpr(traced.jaxpr, [True])[1][0]


def latent_proof(
    agent: Agent,
    wanted: Property,
    states: StateSet,
    radius: float,
    *,
    site: str | None = None,
    seconds: float = SECONDS,
    seed: int = 0,
    progress: Progress = unheard,
) -> ProofVerdict:
    """Returns whether a property of actions holds in all states of a set, whatever a site holds within a radius.

    **Arguments:**

    - `agent`: a network of Mesascope's without memory.
    - `wanted`: a property of actions.
    - `states`: the set.
    - `radius`: the most by which each activation may be off, above 0.
    - `site`: by default the last one.
    - `seconds`: of proofs, roughly and in all.
    - `seed`: of the attack.
    - `progress`: called with what is being done and its share.

    **Returns:** a verdict whose counterexample has been replayed through the agent with those activations.

    **Raises:** `UsageError` for an agent that shows no gradients, `UnknownNameError` for a site that it does not have.
    """
    network = network_of(agent)
    site = network.sites()[-1] if site is None else site
    # What no action in any state brings about never happens; that something does happen hangs on the whole way.
    if not isinstance(wanted, ActionProperty) or isinstance(wanted, AlwaysHappens) or getattr(wanted, "at_most", 0) > 0:
        return unknown("nothing was tried", f"that it {wanted.words} is not about single actions")
    checked, left, testable, held = 0, 0, False, []
    for number in range(states.parts):
        progress(f"attacking '{site}' in {states.words}", number / states.parts)
        part = states.part(number)
        counted = wanted.counted(part)
        allowed = np.broadcast_to(wanted.allowed(part.levels), (*counted.shape, network.actions))[counted]
        seen = part.seen[counted]
        # What looks alike is one state as long as the same is allowed in it.
        both = np.concatenate([seen.reshape(len(seen), -1), allowed], axis=-1)
        first = np.unique(both, axis=0, return_index=True)[1]
        seen, allowed = seen[first], allowed[first]
        if not len(seen):
            continue
        testable = testable or not bool(allowed.all())
        key = jax.random.fold_in(root_key(seed), number)
        found = relaxed(agent, seen, allowed, radius, site=site, seconds=seconds / states.parts, key=key)
        held.append(network.step(seen, None).activations[site].std(0).mean())
        checked, left = checked + len(seen), left + int((~found.verified & ~found.attack.succeeded).sum())
        if found.attack.succeeded.any():
            names = range(network.actions) if part.world is None else part.world.actions
            how = f"{checked:,} states ({states.words}), each activation at '{site}' up to {radius:g} off; by gradients"
            return refuted(how, _example(agent, wanted, found.attack, seen, allowed, names), checked=checked)
    spread = f"from state to state they vary by {np.mean(held):.2g}" if held else "there are none"
    how = f"{checked:,} states ({states.words}), each activation at '{site}' up to {radius:g} off; {spread}"
    if not testable:
        return unknown(how, "nothing that could be done here would violate it", checked=checked)
    if left:
        return unknown(
            how, f"{left:,} states were neither proved nor refuted", checked=checked, budget=f"{seconds:g} s"
        )
    if not states.whole:
        return unknown(how, "a sample proves nothing about the rest", checked=checked)
    return proved(how, checked=checked, size=checked, exact=False)


def _example(
    agent: Agent, wanted: Property, attack: BoxAttack, seen: np.ndarray, allowed: np.ndarray, actions: Sequence
) -> Counterexample:
    # One that needs the edit says more than one in which the choice is bad anyway.
    needs = attack.succeeded & ~attack.clean
    row = int(np.argmax(needs if needs.any() else attack.succeeded))
    network, values = network_of(agent), attack.values[[row]]
    before = network.step(seen[[row]], None)
    after = network.step(seen[[row]], None, {attack.site: values}).probabilities[0]
    action = int(np.where(allowed[row], -1, after).argmax())
    moved = np.abs(values - before.activations[attack.site]).max()
    how = f"With activations at '{attack.site}' up to {moved:.3g} off" if needs.any() else "Without any edit"
    change = f"goes from {before.probabilities[0, action]:.3g} to {after[action]:.3g}"
    sentence = f"{how}, the probability of '{actions[action]}' {change}: it ought to be that it {wanted.words}."
    return Counterexample(sentence, tuple(values.ravel().tolist()), tuple(after.tolist()))
