"""Exact specimens: planners whose class is known because their objective, belief, depth and outlook are written in."""
