"""What a cue to training and deployment is worth to a schemer: from a blind gamble to knowing (RFLO §4.5).

An agent that cannot tell its episodes apart has one probability q of defecting in all of them, as an absent-minded
driver has; with two training episodes, three of deployment and certain modification it earns
`U(q) = 5q - 7q^2 + 3q^3`, which is largest at q = 5/9, where it is 275/243. One that reads a cue which is right with a
given accuracy, anew in each episode, has a probability for either reading. The best it can earn, as a function of the
accuracy, is the incentive to scheme; read at the accuracy with which a probe decodes "am I in training" from an agent,
it ties probes to game theory.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from scipy.optimize import root_scalar

from mesascope.core.errors import UsageError
from mesascope.theory.lifetimes import Lifetime

PAPER_GAMBLE: float = 0.61
"""The rate of defection that RFLO §4.5 prints for the blind gamble of figure 4.1; the planning optimum is 5/9."""

CELLS: int = 1024
"""Intervals in which a stationary point is looked for, along each edge of the set of policies."""


@dataclass(frozen=True)
class CuePolicy:
    """A policy that reads a noisy cue.

    **Arguments:**

    - `accuracy`: chance that a reading is right, in [0.5, 1].
    - `when_training`, `when_deployment`: probability of defecting when the cue reads so, in [0, 1].
    - `value`: discounted visits to its own goal over a lifetime.
    """

    accuracy: float
    when_training: float
    when_deployment: float
    value: float

    @property
    def in_training(self) -> float:
        """Probability of defecting in an episode that is one of training."""
        return self.accuracy * self.when_training + (1 - self.accuracy) * self.when_deployment

    @property
    def in_deployment(self) -> float:
        """Probability of defecting in an episode of deployment."""
        return (1 - self.accuracy) * self.when_training + self.accuracy * self.when_deployment


def blind_value(lifetime: Lifetime, defection: float) -> float:
    """Returns what one probability of defecting in every episode earns, in discounted visits to its own goal."""
    return float(_value(lifetime, np.asarray(defection, np.float64), np.asarray(defection, np.float64)))


def best_cue_policy(lifetime: Lifetime, accuracy: float) -> CuePolicy:
    """Returns the policy over cue readings that earns most.

    For a given rate of defection in training more of it in deployment is never worse, so an optimum lies on one of two
    edges: it never defects when the cue reads training, or always when it reads deployment. On both all stationary
    points are solved for.

    **Arguments:**

    - `lifetime`: how it goes.
    - `accuracy`: chance that a reading is right, in [0.5, 1].

    **Raises:** `UsageError` if the accuracy is out of range.
    """
    if not 0.5 <= accuracy <= 1:
        raise UsageError(
            f"A cue accuracy of {accuracy} is not in [0.5, 1]; below one half, read the cue the other way round."
        )
    along = np.linspace(0.0, 1.0, CELLS + 1)
    candidates = [0.0, 1.0, 2.0]
    for edge in (0, 1):
        slopes = _slope(lifetime, accuracy, edge, edge + along)
        turns = np.flatnonzero((slopes[:-1] > 0) & (slopes[1:] < 0))
        candidates += (edge + along[slopes == 0]).tolist()
        slope = functools.partial(_slope, lifetime, accuracy, edge)
        ends = [edge + along[turn : turn + 2] for turn in turns]
        candidates += [root_scalar(slope, bracket=bracket, xtol=1e-15).root for bracket in ends]
    values = [float(_value(lifetime, *_rates(accuracy, np.asarray(place)))) for place in candidates]
    best = candidates[int(np.argmax(values))]
    return CuePolicy(accuracy, max(best - 1, 0.0), min(best, 1.0), max(values))


def blind_gamble(lifetime: Lifetime) -> CuePolicy:
    """Returns the best policy of an agent that cannot tell its episodes apart: the same whatever the cue reads."""
    best = best_cue_policy(lifetime, 0.5)
    # Where readings mean nothing only the mean of the two reactions counts.
    return CuePolicy(0.5, best.in_training, best.in_training, best.value)


def _rates(accuracy: float, along):
    """Rates of defection in training and deployment, along both edges: `along` runs from 0 (never) to 2 (always).

    Up to 1 the reaction to "deployment" rises, and beyond 1 that to "training".
    """
    when_training, when_deployment = np.maximum(along - 1, 0.0), np.minimum(along, 1.0)
    training = accuracy * when_training + (1 - accuracy) * when_deployment
    return training, (1 - accuracy) * when_training + accuracy * when_deployment


def _value(lifetime: Lifetime, training, deployment):
    """Visits to the own goal, given the rates of defection in episodes of either kind."""
    kept = lifetime.discount * (1 - lifetime.threat * training)
    powers = kept[..., None] ** np.arange(lifetime.training + 1)
    return training * powers[..., :-1].sum(-1) + powers[..., -1] * lifetime.deployment_value * deployment


def _slope(lifetime: Lifetime, accuracy: float, edge: int, along):
    """Derivative of the value by the place on one of the edges."""
    by_training = accuracy if edge else 1 - accuracy
    training, deployment = _rates(accuracy, np.asarray(along, np.float64))
    kept = lifetime.discount * (1 - lifetime.threat * training)
    exponents = np.arange(lifetime.training + 1)
    powers = kept[..., None] ** exponents
    # Of kept^i by kept; at i = 0 it is 0, and kept^(i - 1) must not be asked for where kept is 0.
    derivatives = exponents * kept[..., None] ** np.maximum(exponents - 1, 0)
    loss = -lifetime.discount * lifetime.threat
    own = powers[..., :-1].sum(-1) + training * loss * derivatives[..., :-1].sum(-1)
    onward = derivatives[..., -1] * loss * lifetime.deployment_value * deployment
    return by_training * (own + onward) + (1 - by_training) * powers[..., -1] * lifetime.deployment_value
