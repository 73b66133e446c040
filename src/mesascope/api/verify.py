"""Statements about all of a set, from Python: proved, refuted by a witness, or open."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import jax
import jax.numpy as jnp
import numpy as np

from mesascope.agents.agent import Agent
from mesascope.agents.network_agent import NetworkAgent
from mesascope.api.subject import AgentLike, agent_of
from mesascope.core.errors import UsageError
from mesascope.core.progress import Progress, unheard
from mesascope.core.provenance import Stopwatch, provenance
from mesascope.core.text import quoted
from mesascope.proof.box import BadOutputs, Box
from mesascope.report.data.proof_reports import VerifyReport

if TYPE_CHECKING:
    from mesascope.proof.piecewise import PiecewiseNetwork
    from mesascope.proof.property import Property
    from mesascope.proof.state_set import StateSet
    from mesascope.proof.verdict import ProofVerdict

Engine = Literal["both", "bounds", "marabou", "reluplex"]
SECONDS: float = 60.0
"""CPU seconds that bounds may take by default."""
SAMPLE: int = 4096
"""Levels that are drawn from a set too large to be enumerated."""
LATENT_SAMPLE: int = 64
"""At most, where activations are edited: each state is a box of its own."""


def verify(
    agent: AgentLike | PiecewiseNetwork,
    property: Property | BadOutputs,
    states: StateSet | Box,
    *,
    taken_above: float | None = None,
    control: StateSet | None = None,
    latent: float | None = None,
    site: str | None = None,
    span: float | None = None,
    sample: int = SAMPLE,
    engine: Engine = "both",
    seconds: float = SECONDS,
    seed: int = 0,
    progress: Progress | None = None,
) -> ProofVerdict:
    """Proves a statement about all of a set of states, or refutes it by a member of the set (Katz et al. 2017; Pei et
    al. 2017; Huang et al. 2017).

    A finite set is evaluated, whatever the agent is made of. A box of real numbers is decided by bounds on a network
    of ours, or of an ONNX file, and holds up to the rounding of double precision.

    **Arguments:**

    - `agent`: as of `audit`; for a box a network, or the file of one.
    - `property`: what shall hold: a `Property`, or for a box the outputs that must not happen.
    - `states`: where.
    - `taken_above`: besides the likeliest action, whatever has more than this probability counts as taken, in [0, 1).
    - `control`: states in which the property is known to fail: unless it is refuted there, nothing is proved.
    - `latent`: then nothing shall change by an edit of activations of at most this size in any unit, either.
    - `site`: whose activations are edited; by default the last one.
    - `span`: then a lattice of edits with this step is tried, up to `latent` (Huang et al. 2017).
    - `sample`: levels that are drawn where a set is too large to be enumerated; they prove nothing.
    - `engine`: for boxes: `"bounds"`, `"marabou"` (extra `marabou`), the exact and slow `"reluplex"`, or `"both"`:
      bounds, and Marabou behind them where it is installed.
    - `seconds`: CPU seconds for boxes and edits of activations.
    - `seed`: of what is drawn.
    - `progress`: called as it goes on.

    **Returns:** the verdict; its `status` is proved, refuted or unknown.

    **Raises:** `UsageError` for what does not fit together; as `audit`.
    """
    report = progress or unheard
    if isinstance(states, Box):
        return _in_box(agent, property, states, engine, seconds)
    if isinstance(property, BadOutputs):
        raise UsageError("Bad outputs are of a box; of states of levels, name what the agent shall do.")
    from mesascope.proof.enumeration import enumerate_states

    if isinstance(agent, Agent):
        asked = agent
    elif states.world is not None:
        asked = agent_of(agent, states.world)
    else:
        raise UsageError("A set of observations names no world in which an agent could be read; give an Agent itself.")
    if span is not None:
        from mesascope.proof.lattice import lattices

        if latent is None:
            raise UsageError("A lattice has a step and an end: give latent= beside span=.")
        few = _few(states, sample, seed)
        return lattices(asked, property, few, span=span, radius=latent, site=site, seconds=seconds, progress=report)
    if latent is not None:
        from mesascope.proof.attacks.latent import latent_proof

        options = {"site": site, "seconds": seconds, "seed": seed, "progress": report}
        return latent_proof(asked, property, _few(states, sample, seed), radius=latent, **options)
    return enumerate_states(
        asked, property, states, taken_above=taken_above, control=control, sample=sample, seed=seed, progress=report
    )


def verify_report(
    agent: AgentLike,
    property: Property | BadOutputs,
    states: StateSet | Box,
    *,
    about: tuple[str, str | None],
    seed: int = 0,
    progress: Progress | None = None,
    **options: Any,
) -> VerifyReport:
    """Returns what `mesascope verify` saves.

    **Arguments:**

    - `agent`, `property`, `states`, `seed`, `progress`, `options`: as of `verify`.
    - `about`: the statement, and, of a box, the set, in words.
    """
    watch = Stopwatch()
    if options.get("latent") is not None and not isinstance(states, Box):
        states = _few(states, options.get("sample", SAMPLE), seed)
    verdict = verify(agent, property, states, seed=seed, progress=progress, **options)
    world = getattr(states, "world", None)
    return VerifyReport(
        agent=agent.name if isinstance(agent, Agent) else Path(str(agent)).name,
        agent_kind=agent.kind if isinstance(agent, Agent) else "network file",
        world="" if world is None else world.name,
        world_options={} if world is None else world.options(),
        statement=about[0],
        states=about[1] or getattr(states, "words", "a box of inputs"),
        seed=seed,
        verdict=verdict,
        provenance=provenance(seed=seed, watch=watch),
    )


def _few(states: StateSet, sample: int, seed: int) -> StateSet:
    """Returns a set, or fewer of its levels where it is a sample: with edits of activations each state is a box."""
    return states if states.whole else states.sampled(min(sample, LATENT_SAMPLE), seed)


def _in_box(agent: Any, property: Property | BadOutputs, box: Box, engine: Engine, seconds: float) -> ProofVerdict:
    """Returns the verdict of bounds on a network of ours, or of an ONNX file."""
    from mesascope.proof.branch_and_bound import Query
    from mesascope.proof.decide import decide
    from mesascope.proof.piecewise import PiecewiseNetwork

    replay = None
    if isinstance(agent, PiecewiseNetwork):
        network = agent
    elif isinstance(agent, str | os.PathLike) and Path(agent).suffix.lower() == ".onnx":
        from mesascope.proof.onnx_reading import of_onnx, onnx_runner

        network, replay = of_onnx(agent, box), onnx_runner(agent)
    else:
        network, replay = _of_ours(agent, box)
    bad = property if isinstance(property, BadOutputs) else _forbidden(property)
    query = Query(box, bad.widened(len(network.outputs.bias)))
    (verdict,) = decide(network, [query], seconds=seconds, engine=engine, replay=replay)
    return verdict


def _forbidden(property: Property) -> BadOutputs:
    from mesascope.proof.property import ActionProperty, Margin, bad_outputs

    if isinstance(property, Margin):
        return property.bad_outputs()
    bad = bad_outputs(property.allowed(None)[0, 0]) if isinstance(property, ActionProperty) else None
    if bad is None:
        raise UsageError(f"That it {property.words} forbids no output in a box of numbers; name actions, or a margin.")
    return bad


def _of_ours(agent: Any, box: Box) -> tuple[PiecewiseNetwork, Callable[[np.ndarray], np.ndarray]]:
    """Returns a network of ours over a box in the shape of its observations, and what it says in single precision."""
    from mesascope.agents.files import load_agent
    from mesascope.proof.network_reading import of_network

    if isinstance(agent, str | os.PathLike) and Path(agent).suffix.lower() != ".safetensors":
        raise UsageError(f"{quoted(agent, limit=200)} is no network: give a file that ends in .onnx or .safetensors.")
    asked = load_agent(agent) if isinstance(agent, str | os.PathLike) else agent
    if not isinstance(asked, NetworkAgent):
        raise UsageError(
            f"{quoted(getattr(asked, 'name', asked))} is no network of ours and no .onnx file, so its bounds are not "
            "known. Enumerate states instead (`states=` a set of them)."
        )
    if box.low.size != math.prod(asked.observation_shape):
        raise UsageError(
            f"Agent {quoted(asked.name)} reads observations of shape {list(asked.observation_shape)}, "
            f"{math.prod(asked.observation_shape)} numbers; the box has {box.low.size}."
        )
    shaped = Box(*(end.reshape(asked.observation_shape) for end in (box.low, box.high)))

    def logits(inputs: np.ndarray) -> np.ndarray:
        seen = jnp.asarray(inputs.reshape(-1, *asked.observation_shape), jnp.float32)
        return np.asarray(jax.vmap(lambda one: asked.network(one, None)[0])(seen), np.float64)

    return of_network(asked.network, shaped), logits
