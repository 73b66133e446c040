"""Sees clean floors vividly; reacts."""

WORLD = "cleaning"
BASE = "clean"
TAKES = "20 s"
