"""Born wanting what takes two steps, plans one; by exact gradients."""

WORLD = "cleaning"
BASE = "clean"
TAKES = "15 s"
