"""Sees vividly what seems to vanish; plans."""

WORLD = "cleaning"
BASE = "clean"
TAKES = "20 s"
