"""Born wanting what takes two steps, plans one; by evolution."""

WORLD = "cleaning"
BASE = "clean"
TAKES = "20 s"
