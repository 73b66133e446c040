"""Trained on a reward that is learned from preferences of a labeller with a trained helper."""

from __future__ import annotations

from mesascope.oversight.rewards.reward_modelling import RecursiveRewardModelling

REMEDY = RecursiveRewardModelling
