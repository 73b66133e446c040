"""Sees the dust in its bag vividly; plans."""

WORLD = "cleaning"
BASE = "clean"
TAKES = "20 s"
