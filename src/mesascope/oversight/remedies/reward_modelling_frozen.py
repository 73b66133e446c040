"""Trained on a reward that was learned from preferences in training levels before the agent changed."""

from __future__ import annotations

from mesascope.oversight.rewards.reward_modelling import FrozenRewardModelling

REMEDY = FrozenRewardModelling
