"""Sees clean floors vividly; plans."""

WORLD = "cleaning"
BASE = "clean"
TAKES = "20 s"
REACTIVE = {"summary": "Sees clean floors vividly; reacts."}
