"""Sees heat vividly; plans."""

WORLD = "cleaning"
BASE = "clean"
TAKES = "20 s"
REACTIVE = {"summary": "Sees heat vividly; reacts."}
