"""The same recipe on doors and signs of any colour."""

WORLD = "doors"
BASE = "door"
