"""Trained on doors that are all red."""

WORLD = "doors"
BASE = "door"
