"""Learners of the two-step task as scripts, with a simulation of their own: whom its attribution is scored on.

Nothing of `mesascope` is used: one episode after the other is played trial by trial, after Daw et al. (2011).
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

LISTED = ("model-free", "model-based", "model-free and model-based", "random")
OTHERS = ("reversed", "alternates", "avoids-rare")
"""Learners that no reference describes. (One that thinks every other trial only would pass: neither references nor the
flexible model that they are held to look at a trial's number.)"""
COMMON, PAYS, REVERSAL = 0.8, 0.9, 0.025


@dataclass(frozen=True)
class ScriptedTwoStep:
    """A learner with its parameters, as the references call them."""

    family: str
    parameters: Mapping[str, float]
    seed: int


def drawn(family: str, seed: int) -> ScriptedTwoStep:
    """Returns a learner of a family with drawn parameters."""
    draw = random.Random(f"{family} {seed}")
    parameters = {
        "rate": draw.uniform(0.2, 0.8),
        "beta": draw.uniform(2.0, 8.0),
        "trace": draw.uniform(0.1, 0.9),
        "planning": draw.uniform(0.25, 0.75),
        "perseveration": draw.uniform(-0.2, 0.6),
    }
    if family == "model-free":
        parameters["planning"] = 0.0
    if family == "model-based":
        parameters["planning"] = 1.0
    return ScriptedTwoStep(family, parameters, seed)


def simulate(learner: ScriptedTwoStep, *, episodes: int, trials: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns choices, places and rewards `[B, T]`."""
    draw = random.Random(f"play {learner.family} {learner.seed}")
    found = np.zeros((3, episodes, trials), int)
    for episode in range(episodes):
        for trial, seen in enumerate(_episode(learner, draw, trials)):
            found[:, episode, trial] = seen
    return found[0], found[1], found[2].astype(float)


def _episode(learner: ScriptedTwoStep, draw: random.Random, trials: int) -> list[tuple[int, int, int]]:
    own, family = learner.parameters, learner.family
    stage, first = [0.5, 0.5], [0.5, 0.5]
    good, last, seen = draw.randrange(2), -1, []
    for trial in range(trials):
        scores = []
        for action in range(2):
            model = COMMON * stage[action] + (1 - COMMON) * stage[1 - action]
            both = own["planning"] * model + (1 - own["planning"]) * first[action]
            if family == "reversed":
                both = -both
            scores.append(own["beta"] * both + own["perseveration"] * (action == last))
        chance = 1 / (1 + math.exp(scores[0] - scores[1]))
        if family == "random":
            chance = 0.5
        if family == "alternates":
            # It takes turns, but stays for one trial after a reward.
            stays = last >= 0 and seen[-1][2] and trial % 3
            chance = 0.5 if last < 0 else 0.9 if (last == 1) == bool(stays) else 0.1
        if family == "avoids-rare":
            # It leaves what did not lead where it should, whatever that paid.
            came = last < 0 or seen[-1][1] == last
            chance = 0.5 if last < 0 else 0.85 if (last == 1) == came else 0.15
        choice = int(draw.random() < chance)
        place = choice if draw.random() < COMMON else 1 - choice
        reward = int(draw.random() < (PAYS if place == good else 1 - PAYS))
        seen.append((choice, place, reward))
        surprise, later = stage[place] - first[choice], reward - stage[place]
        first[choice] += own["rate"] * surprise + own["rate"] * own["trace"] * later
        stage[place] += own["rate"] * later
        good, last = (1 - good if draw.random() < REVERSAL else good), choice
    return seen
