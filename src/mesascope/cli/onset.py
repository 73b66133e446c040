"""`mesascope onset`: when does deception pay?"""

from __future__ import annotations

import json as json_format
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated

from mesascope.cli.console import Console
from mesascope.cli.options.kinds import Seed, Seeds, Share, option, seeds_from
from mesascope.cli.options.output import OutputOptions
from mesascope.core.errors import UsageError
from mesascope.core.quantities import Real, Whole

if TYPE_CHECKING:
    from mesascope.theory.lifetimes import Lifetime

FILES = ("onset.json", "onset.html")
Episodes = Annotated[int, *option(Whole(1, 10**9), "INT")]

THREATS: tuple[float, ...] = (0.1, 0.25, 0.3, 0.35, 0.4, 0.5, 1.0)
MYOPIC_THREATS: tuple[float, ...] = (0.1, 0.5, 1.0)
"""Under which policies are trained, besides the threat that was asked about."""

POLICIES: int = 5
"""Of each kind that are trained unless the user says otherwise."""
LONGEST: int = 20
"""Episodes of a lifetime that policies are trained on: a minute's worth."""


CELLS: int = 50_000
"""Bytes that each training episode takes while the best reaction to a cue is looked for."""
SECONDS: float = 5e-6
"""That each pair of training episodes takes: as many threats are looked at as there are episodes."""


def _gibibytes(lifetime: Lifetime) -> float:
    return (0.2 * 2**30 + CELLS * lifetime.training + 500 * lifetime.deployment) / 2**30


def _minutes(lifetime: Lifetime) -> float:
    return 1 / 60 + (SECONDS * lifetime.training**2 + 1e-4 * lifetime.episodes) / 60


@dataclass(frozen=True)
class Onset:
    """Says when deception pays: complying in training, defecting in deployment, under a threat of modification.

    A lifetime is a number of training and of deployment episodes; the agent's own goal pays 1 in an episode in which it
    defects, and a defection in training replaces its objective with the chance --threat. Exact tables at once; with
    --learned policies are trained on their own pay-off, too. With --out also onset.json and onset.html.
    """

    training_episodes: Episodes = 2
    """Episodes under the threat."""
    deployment_episodes: Episodes = 3
    """Episodes after it has ended."""
    threat: Share = 1.0
    """Chance that a defection in training replaces the objective, 0 to 1."""
    discount: Share = 1.0
    """Worth of an episode relative to the one before, 0 to 1."""
    cue_accuracy: Annotated[float, *option(Real(0.5, 1), "SHARE")] = 1.0
    """Chance that the cue to training and deployment is right, 0.5 to 1."""
    most_episodes: Annotated[int, *option(Whole(1, 10**9), "INT")] = 1000
    """Longer lifetimes are refused, with what they would cost."""
    learned: bool = False
    """Train policies, too: takes up to a minute."""
    seeds: Seeds = None
    """How many policies of each kind are trained; by default 5."""
    seed: Seed = 0
    """Of the first of them."""
    output: OutputOptions = OutputOptions()

    def run(self, console: Console) -> int:
        from mesascope.theory.lifetimes import Lifetime

        lifetime = Lifetime(self.training_episodes, self.deployment_episodes, self.threat, self.discount)
        self._check(lifetime)
        folder = self.output.claimed(self, FILES)

        from mesascope.core.provenance import Stopwatch, provenance
        from mesascope.report.pages.onset_page import OnsetReport
        from mesascope.report.text.onset_text import onset_text
        from mesascope.theory.onset_curves import onset_curves

        watch = Stopwatch()
        exact, learned = onset_curves(lifetime, self.cue_accuracy), []
        if self.learned:
            with console.progress("Training policies on their own pay-off") as progress:
                progress("all at once", 0.0)
                learned = self._learned(lifetime)
        asked = {**asdict(lifetime), "accuracy": self.cue_accuracy}
        report = OnsetReport(asked, exact, learned, provenance(seed=self.seed, watch=watch))
        data = report.data()
        console.result(json_format.dumps(data, indent=2) if self.output.json else onset_text(data))
        if folder is not None:
            for path in folder.write(report.contents()):
                console.note(f"Report  {path}")
        return 0

    def _check(self, lifetime: Lifetime) -> None:
        seeds_from(self.seed, self.seeds or POLICIES)
        if lifetime.episodes > self.most_episodes:
            raise UsageError(
                f"A lifetime of {lifetime.episodes:,} episodes takes about {_gibibytes(lifetime):,.1f} GiB and "
                f"{_minutes(lifetime):,.0f} minutes; at most {self.most_episodes:,} episodes are planned. Shorten it, "
                "or raise the limit with --most-episodes."
            )
        if self.learned and lifetime.episodes > LONGEST:
            raise UsageError(
                f"Policies are trained on lifetimes of at most {LONGEST} episodes, not {lifetime.episodes}; shorten it "
                "or leave out --learned."
            )

    def _learned(self, lifetime: Lifetime) -> list[dict]:
        from mesascope.theory.lifetimes import Conditions
        from mesascope.training.learned_onset import PhaseRate, learned_cells

        def phase(rate: PhaseRate) -> dict:
            found = rate.estimate
            numbers = (None,) * 3 if found is None else (found.value, found.low, found.high)
            return {**dict(zip(("value", "low", "high"), numbers, strict=True)), "least": min(rate.visits)}

        kinds = [(threat, Conditions()) for threat in sorted({*THREATS, self.threat})]
        kinds += [(threat, Conditions(spans_updates=False)) for threat in MYOPIC_THREATS]
        seeds = seeds_from(self.seed, self.seeds or POLICIES)
        return [
            {
                "threat": cell.threat,
                "spans_updates": cell.conditions.spans_updates,
                "seeds": len(seeds),
                "training": phase(cell.training),
                "deployment": phase(cell.deployment),
                "verdict": str(cell.verdict),
            }
            for cell in learned_cells(lifetime, kinds, seeds=seeds, accuracy=self.cue_accuracy)
        ]
