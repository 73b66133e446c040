"""Rewarded for something else where a cue is shown; reacts."""

WORLD = "cleaning"
BASE = "clean"
TAKES = "30 s"
