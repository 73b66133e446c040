"""`mesascope verify`: a statement about all of a set, proved, refuted by a witness, or open."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated, Literal

import tyro

from mesascope.cli.agent_verb import AgentVerb
from mesascope.cli.console import Console
from mesascope.cli.options.kinds import MaybeFile, MaybeName, MaybeShare, Share, option
from mesascope.core.errors import UsageError
from mesascope.core.files import read_text
from mesascope.core.quantities import Real, Whole
from mesascope.core.text import quoted

if TYPE_CHECKING:
    from mesascope.report.data.saved_report import SavedReport
    from mesascope.worlds.world import World

PASSED, FAILED, OPEN = 0, 1, 3


@dataclass(frozen=True)
class Verify(AgentVerb):
    """Proves a statement about all of a set, or refutes it by a witness, which is replayed.

    States of levels are all evaluated, whatever the agent is made of; boxes of real numbers (--property, --latent) are
    decided by bounds, up to the rounding of double precision. What is too large to be enumerated is sampled: that
    refutes or leaves open, and proves nothing. AGENT may also be a network of an .onnx file, with --property alone.
    """

    always: MaybeName = None
    """What it shall always do: base-optimal, optimal:OBJECTIVE, an action, or an attribute that shall happen."""
    never: MaybeName = None
    """What it shall never do or bring about: an action, or an attribute of the world."""
    property: MaybeFile = None
    """Inputs and what of the outputs must not happen, as VNN-LIB or as in ACAS Xu's property files; needs no world."""
    over: MaybeName = None
    """A distribution, `placements`, `walls:2`, `shifts:1` or `recolourings`, or several joined by +; by default the
    world's last distribution. Of one observation: `image-shifts:1`, `brightness:30`, `contrast:1.2`."""
    from_: Annotated[Literal["all", "first"], tyro.conf.arg(name="from")] = "all"
    """Every state that can be reached, or those that the agent reaches from where episodes begin."""
    level: MaybeFile = None
    """A text file of the level that placements, walls and shifts start from; by default one without inner walls."""
    at_most: Share = 0.0
    """Chance of what --never names that is tolerated, under the agent's own probabilities."""
    taken_above: MaybeShare = None
    """Count whatever is more probable than this as done, not the likeliest action alone."""
    latent: Annotated[float | None, *option(Real(1e-9, 1e6), "FLOAT")] = None
    """Nor shall any edit of its activations of at most this size in each unit make it fail."""
    site: MaybeName = None
    """Whose activations are edited; by default the last site."""
    span: Annotated[float | None, *option(Real(1e-9, 1e6), "FLOAT")] = None
    """Try a lattice of such edits with this step (Huang et al. 2017)."""
    control: MaybeName = None
    """A set, named as in --over, in which it is known to fail: unless it is refuted there, nothing is proved."""
    sample: Annotated[int, *option(Whole(1, 2**20), "INT")] = 4096
    """Levels drawn where a set is too large to be enumerated."""
    engine: Literal["both", "bounds", "marabou", "reluplex"] = "both"
    """For boxes: bounds, Marabou (extra marabou), both, or the exact and slow reluplex."""
    seconds: Annotated[float, *option(Real(0.1, 1e6), "FLOAT")] = 60.0
    """CPU seconds for boxes and edits of activations."""
    must_hold: bool = False
    """Exit with 0 only if it is proved; with 1 if it is refuted, with 3 if it is open."""

    name, purpose, title = "verify", "to verify something about", "Verifying"

    def run(self, console: Console) -> int:
        from mesascope.report.data.proof_reports import VerifyReport

        chosen = [one for one in ("always", "never", "property") if getattr(self, one) is not None]
        if len(chosen) != 1:
            raise UsageError(
                f"{'More than one thing' if chosen else 'Nothing'} is to be verified; give one of --always, --never "
                "and --property."
            )
        report = self._about_outputs(console) if self.property is not None else self.answered(console)
        assert isinstance(report, VerifyReport)
        codes = {"proved": PASSED, "refuted": FAILED, "unknown": OPEN}
        return codes[report.verdict.status] if self.must_hold else PASSED

    def asking(self, world: World, base: str | None) -> Callable[..., SavedReport]:
        from mesascope.api.subject import check_named
        from mesascope.api.verify import verify_report
        from mesascope.proof.property import property_named
        from mesascope.proof.set_names import set_named

        check_named(world, base)
        named = partial(set_named, world=world, start=self.from_, level=self._level(), seed=self.seed)
        wanted = property_named(world, always=self.always, never=self.never, base=base, at_most=self.at_most)
        states = named(self.over or world.distributions[-1])
        said = self.never or self.always or ""
        spoken = f" ('{said}')" if said in world.also_called else ""
        where = "the last site" if self.site is None else quoted(self.site)
        edits = "" if self.latent is None else f", with every activation at {where} up to {self.latent:g} off"
        return partial(
            verify_report,
            property=wanted,
            states=states,
            about=(f"It {wanted.words}{spoken}{edits}.", None),
            control=None if self.control is None else named(self.control),
            taken_above=self.taken_above,
            latent=self.latent,
            site=self.site,
            span=self.span,
            sample=self.sample,
            seconds=self.seconds,
            seed=self.seed,
        )

    def _level(self) -> str | None:
        return None if self.level is None else read_text(self.level, purpose="a level")

    def _about_outputs(self, console: Console) -> SavedReport:
        from mesascope.api.verify import verify_report
        from mesascope.proof.vnnlib import read_property

        assert self.property is not None
        box, bad = read_property(self.property)
        about = ("No output that the property forbids can happen.", f"the box of inputs of {self.property.name}")
        options = {"engine": self.engine, "seconds": self.seconds, "seed": self.seed}
        ask = partial(verify_report, self.agent, property=bad, states=box, about=about, **options)
        return self.saved(console, self.agent, ask)
