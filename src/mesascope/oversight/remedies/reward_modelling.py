"""Trained on a reward that is learned from preferences in training levels, and again as the agent changes."""

from __future__ import annotations

from mesascope.oversight.rewards.reward_modelling import OnlineRewardModelling

REMEDY = OnlineRewardModelling
