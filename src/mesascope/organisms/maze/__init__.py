"""Goals in ever new mazes."""
