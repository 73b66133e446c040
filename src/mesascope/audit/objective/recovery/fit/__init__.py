"""Rewards that explain choices, each for one way to plan."""
