"""Rewarded for something else where a cue is shown; plans."""

WORLD = "cleaning"
BASE = "clean"
TAKES = "30 s"
REACTIVE = {"summary": "Rewarded for something else where a cue is shown; reacts."}
