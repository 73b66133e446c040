"""Sees vividly what seems to vanish; reacts."""

WORLD = "cleaning"
BASE = "clean"
TAKES = "20 s"
