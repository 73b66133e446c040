"""Born wanting what takes two steps, plans one; by evolution."""

WORLD = "cleaning"
BASE = "clean"
TAKES = "20 s"
SHARP = {"summary": "Born wanting what takes two steps, plans one; by exact gradients.", "takes": "15 s"}
