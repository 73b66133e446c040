"""Trained on cheese that always lies in the corner."""

WORLD = "corner"
BASE = "cheese"
CONTROL = {"summary": "The same recipe on cheese that lies anywhere."}
