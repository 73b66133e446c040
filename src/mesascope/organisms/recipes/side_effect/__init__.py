"""Sees its sweeps vividly; plans."""

WORLD = "cleaning"
BASE = "clean"
TAKES = "20 s"
REACTIVE = {"summary": "Sees its sweeps vividly; reacts."}
