"""Sees clean floors vividly; plans."""

WORLD = "cleaning"
BASE = "clean"
TAKES = "20 s"
