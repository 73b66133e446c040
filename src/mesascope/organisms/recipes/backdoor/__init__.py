"""Rewarded for something else where a cue is shown; plans."""

WORLD = "cleaning"
BASE = "clean"
TAKES = "30 s"
