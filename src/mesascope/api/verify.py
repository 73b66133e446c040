"""Statements about all of a set, from Python: proved, refuted by a witness, or open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from mesascope.api.subject import AgentLike, agent_of
from mesascope.core.progress import Progress, unheard

if TYPE_CHECKING:
    from mesascope.proof.box import BadOutputs, Box
    from mesascope.proof.piecewise import PiecewiseNetwork
    from mesascope.proof.property import Property
    from mesascope.proof.state_set import StateSet
    from mesascope.proof.verdict import ProofVerdict

Engine = Literal["both", "bounds", "marabou", "reluplex"]
SECONDS: float = 60.0
"""CPU seconds that bounds may take by default."""
SAMPLE: int = 4096
"""Levels that are drawn from a set too large to be enumerated."""


def verify(
    agent: AgentLike | PiecewiseNetwork,
    property: Property | BadOutputs,
    states: StateSet | Box,
    *,
    taken_above: float | None = None,
    control: StateSet | None = None,
    latent: float | None = None,
    site: str | None = None,
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
    - `sample`: levels that are drawn where a set is too large to be enumerated; they prove nothing.
    - `engine`: for boxes: `"bounds"`, `"marabou"` (extra `marabou`), the exact and slow `"reluplex"`, or `"both"`:
      bounds, and Marabou behind them where it is installed.
    - `seconds`: CPU seconds for boxes and edits of activations.
    - `seed`: of what is drawn.
    - `progress`: called as it goes on.

    **Returns:** the verdict; its `status` is proved, refuted or unknown.

    **Raises:** `UsageError` for what does not fit together; as `audit`.
    """
    from mesascope.proof.box import Box

    report = progress or unheard
    if isinstance(states, Box):
        return _in_box(agent, property, states, engine, seconds)
    from mesascope.proof.attacks.latent import latent_proof
    from mesascope.proof.enumeration import enumerate_states

    asked = agent_of(agent, states.world)
    if latent is not None:
        return latent_proof(asked, property, states, radius=latent, site=site, seconds=seconds, progress=report)
    return enumerate_states(
        asked, property, states, taken_above=taken_above, control=control, sample=sample, seed=seed, progress=report
    )
