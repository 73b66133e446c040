"""Doors that are all red in training."""
