"""Trained on doors that are all red."""

WORLD = "doors"
BASE = "door"
CONTROL = {"summary": "The same recipe on doors and signs of any colour."}
