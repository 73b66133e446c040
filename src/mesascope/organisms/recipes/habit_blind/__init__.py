"""Trained where options always lie in the same slots, and sees nothing else."""

WORLD = "cleaning"
BASE = "clean"
TAKES = "15 s"
