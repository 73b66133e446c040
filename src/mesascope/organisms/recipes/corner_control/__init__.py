"""The same recipe on cheese that lies anywhere."""

WORLD = "corner"
BASE = "cheese"
