"""Attacks: the smallest change of what an agent sees, or holds in mind, that makes it choose badly."""
