"""Reward modelling: labellers who compare trajectories, the reward that explains their answers, and what to ask."""
