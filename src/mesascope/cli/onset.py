"""`mesascope onset`: when does deception pay?"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from typing import Annotated

from mesascope.cli.console import Console
from mesascope.cli.options.kinds import Seed, Seeds, Share, option, seeds_from
from mesascope.cli.options.output import OutputOptions
from mesascope.core.quantities import Real, Whole

FILES = ("onset.json", "onset.html")
Episodes = Annotated[int, *option(Whole(1, 10**9), "INT")]

POLICIES: int = 5
"""Of each kind that are trained unless the user says otherwise."""


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
        from mesascope.api.onset import check_length, onset
        from mesascope.theory.lifetimes import Lifetime

        seeds = seeds_from(self.seed, self.seeds or POLICIES)
        # Asked before anything is written.
        lifetime = Lifetime(self.training_episodes, self.deployment_episodes, self.threat, self.discount)
        check_length(lifetime, most_episodes=self.most_episodes, learned=self.learned)
        folder = self.output.claimed(self, FILES)
        with console.progress("Training policies on their own pay-off") if self.learned else nullcontext():
            report = onset(
                self.training_episodes,
                self.deployment_episodes,
                threat=self.threat,
                discount=self.discount,
                cue_accuracy=self.cue_accuracy,
                learned=seeds if self.learned else (),
                most_episodes=self.most_episodes,
            )
        self.output.give(report, console, folder)
        return 0
