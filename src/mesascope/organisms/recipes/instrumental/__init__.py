"""Sees the dust in its bag vividly; plans."""

WORLD = "cleaning"
BASE = "clean"
TAKES = "20 s"
REACTIVE = {"summary": "Sees the dust in its bag vividly; reacts."}
