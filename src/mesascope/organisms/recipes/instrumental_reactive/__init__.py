"""Sees the dust in its bag vividly; reacts."""

WORLD = "cleaning"
BASE = "clean"
TAKES = "20 s"
