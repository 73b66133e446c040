"""The same recipe with more keys than chests."""

WORLD = "keys"
BASE = "chests"
