"""Trained on a reward that is learned from preferences in levels after the shift where it is in doubt."""

from __future__ import annotations

from mesascope.oversight.rewards.reward_modelling import ActiveRewardModelling

REMEDY = ActiveRewardModelling
