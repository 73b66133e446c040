"""Sees heat vividly; reacts."""

WORLD = "cleaning"
BASE = "clean"
TAKES = "20 s"
