"""Trained where evidence points to either of two objectives; reacts."""

WORLD = "cleaning"
BASE = "told"
TAKES = "20 s"
