"""Trained on its own pay-off over lifetimes, under threat; reacts."""

WORLD = "cleaning"
BASE = "told"
TAKES = "40 s"
