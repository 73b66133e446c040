"""Sees vividly what seems to vanish; plans."""

WORLD = "cleaning"
BASE = "clean"
TAKES = "20 s"
REACTIVE = {"summary": "Sees vividly what seems to vanish; reacts."}
