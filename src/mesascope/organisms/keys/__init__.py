"""Fewer keys than chests in training."""
