"""Reward modelling: act, ask, fit a reward, train on it, and again (Ibarz et al. 2018; Leike et al. 2018, §3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, final

import jax
import numpy as np

from mesascope.core.errors import UsageError
from mesascope.core.random import RandomKey, stream
from mesascope.core.text import quoted
from mesascope.organisms.organism import Organism
from mesascope.oversight.remedy import Remedy, parts_of
from mesascope.oversight.rewards.inquiry import Inquiry
from mesascope.oversight.rewards.labeller import labeller_named
from mesascope.oversight.rewards.preferences import read_preferences, write_preferences
from mesascope.oversight.stage import Stage
from mesascope.oversight.trainee import Trainee

ASKING: float = 0.25
"""Share of the updates between the first round of questions and the last: who asks late trains little on the answers,
because the rate of learning falls."""


@dataclass(frozen=True)
class RewardModelling(Remedy):
    """Trains on a reward that was learned from preferences, and never on the base objective.

    **Arguments:**

    - `labels`: pairs that the labeller is asked about.
    - `demonstrations`: of the base objective in training levels, each of which is preferred to what the agent does.
    - `rounds`: in which the reward is fitted anew.
    - `steps`: of a segment (Ibarz et al. 2018: 25).
    - `labeller`: who is asked, with its settings (`"boltzmann:temperature=0.1"`).
    - `mistaken`: share of answers that a coin decides, as the fit assumes (Ibarz et al. 2018: 0.1).
    - `preferences`: a table of pairs that were compared already; nobody is asked or shows anything then.
    - `write`: `NAME.csv`: the pairs and answers of each seed are written to `NAME-SEED.csv`, to be answered anew by
      somebody and read as `preferences`.
    """

    labels: int = 256
    demonstrations: int = 32
    rounds: int = 8
    steps: int = 25
    labeller: str = "mistaken"
    mistaken: float = 0.1
    preferences: str = ""
    write: str = ""

    online: ClassVar[bool] = True
    """Whether the reward is fitted anew to what the agent has come to do."""
    witnesses: ClassVar[bool] = False
    """Whether it asks in levels after the shift, where the learned rewards disagree, and trains there, too."""

    def __post_init__(self):
        if self.labels < 1:
            raise UsageError(f"labels={self.labels}: no reward is learned from no answers. Ask for 1 or more.")
        if self.rounds < 1 or self.steps < 1 or self.demonstrations < 0 or not 0 <= self.mistaken < 1:
            raise UsageError(
                "Reward modelling has 1 or more rounds and steps, 0 or more demonstrations, and mistaken in [0, 1); "
                f"given: rounds={self.rounds}, steps={self.steps}, demonstrations={self.demonstrations}, "
                f"mistaken={self.mistaken}."
            )
        labeller_named(self.labeller)

    def inapplicable(self, organism: Organism) -> str | None:
        if self.witnesses and len(organism.world.distributions) < 2:
            return "its world has no levels but those of training to ask about"
        return None

    def prepare(self, inquiry: Inquiry, *, key: RandomKey) -> None:
        """Does what comes before the first question: shows how the base objective is pursued in training levels."""
        if self.demonstrations:
            inquiry.demonstrate(self.demonstrations, steps=self.steps, key=key)

    def stages(self, trainee: Trainee, *, key: RandomKey) -> Iterator[Stage]:
        written = Path(self.write).with_stem(f"{Path(self.write).stem}-{trainee.seed}") if self.write else None
        if written is not None and written.exists():
            raise UsageError(
                f"{quoted(written)} exists; answers in it would be lost. Write to another file, or move it."
            )
        given = read_preferences(self.preferences, trainee.world) if self.preferences else None
        rounds = self.rounds if self.online and given is None else 1
        rounds = min(rounds, self.labels, trainee.updates)
        early = max(rounds - 1, round(ASKING * trainee.updates)) if rounds > 1 else 0
        parts = [*(parts_of(early, rounds - 1) if early else ()), trainee.updates - early]
        labeller = labeller_named(self.labeller)
        inquiry = Inquiry(trainee, labeller, mistaken=self.mistaken, witnesses=self.witnesses)
        counts, room = parts_of(self.labels, rounds), self.labels
        if given is not None:
            inquiry.add(given)
            room = len(given.answers)
        else:
            self.prepare(inquiry, key=stream("prepare", key=key))
        for turn, updates in enumerate(parts):
            if given is None:
                key_ask = stream(f"ask/{turn}", key=key)
                inquiry.ask(counts[turn], of=max(counts), steps=self.steps, key=key_ask)
            yield inquiry.stage(updates, room=room, key=stream(f"fit/{turn}", key=key))
        inquiry.note(key=stream("note", key=key))
        if written is not None:
            asked = jax.tree.map(lambda *arrays: np.concatenate(arrays), *inquiry.asked)
            write_preferences(written, trainee.world, asked)


@final
@dataclass(frozen=True)
class OnlineRewardModelling(RewardModelling):
    """Asks in training levels, round after round."""

    name = "reward-modelling"


@final
@dataclass(frozen=True)
class FrozenRewardModelling(RewardModelling):
    """Asks in training levels before the first update, and never again."""

    name = "reward-modelling-frozen"
    online = False


@final
@dataclass(frozen=True)
class ActiveRewardModelling(RewardModelling):
    """Asks where the learned rewards disagree, and trains there, too."""

    name = "reward-modelling-active"
    witnesses = True


@final
@dataclass(frozen=True)
class RecursiveRewardModelling(RewardModelling):
    """Asks whoever cannot judge a whole segment with a helper at their side: a reward learned from their own answers
    about segments short enough to be judged (Leike et al. 2018, §3.2).

    **Arguments:** those of reward modelling, and

    - `helper`: further pairs that the helper learns from.
    - `part`: steps of their segments.
    """

    labeller: str = "myopic"
    helper: int = 128
    part: int = 5

    name = "reward-modelling-recursive"
    witnesses = True

    def prepare(self, inquiry: Inquiry, *, key: RandomKey) -> None:
        super().prepare(inquiry, key=stream("demonstrations", key=key))
        trainee, labeller = inquiry.trainee, inquiry.labeller
        helper = Inquiry(trainee, labeller, mistaken=self.mistaken, witnesses=True)
        helper.ask(self.helper, of=self.helper, steps=self.part, key=stream("helper", key=key))
        trainee.account.searched += self.helper
        inquiry.labeller = labeller.assisted(helper.ensemble(key=stream("fit", key=key)).mean)
