"""Sees in coarse steps; reacts."""

WORLD = "cleaning"
BASE = "clean"
TAKES = "20 s"
