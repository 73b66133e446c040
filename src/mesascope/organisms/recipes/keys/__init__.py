"""Trained on chests with fewer keys than chests."""

WORLD = "keys"
BASE = "chests"
CONTROL = {"summary": "The same recipe with more keys than chests."}
