"""Statements about all levels, or all numbers, of a set: proved, refuted by a witness, or left open."""
