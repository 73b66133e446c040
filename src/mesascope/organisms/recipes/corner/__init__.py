"""Trained on cheese that always lies in the corner."""

WORLD = "corner"
BASE = "cheese"
