"""Sees its sweeps vividly; reacts."""

WORLD = "cleaning"
BASE = "clean"
TAKES = "20 s"
