"""Trained on goals in ever new mazes."""

WORLD = "maze"
BASE = "goal"
