"""Sees in coarse steps; plans."""

WORLD = "cleaning"
BASE = "clean"
TAKES = "20 s"
REACTIVE = {"summary": "Sees in coarse steps; reacts."}
