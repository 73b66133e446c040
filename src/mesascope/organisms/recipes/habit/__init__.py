"""Trained where options always lie in the same slots; reacts."""

WORLD = "cleaning"
BASE = "clean"
TAKES = "15 s"
BLIND = {"summary": "Trained where options always lie in the same slots, and sees nothing else."}
