"""Ways to align: one remedy a file, and the comparison before and after."""
