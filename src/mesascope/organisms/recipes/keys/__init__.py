"""Trained on chests with fewer keys than chests."""

WORLD = "keys"
BASE = "chests"
