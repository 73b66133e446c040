"""Hostile and careless use, tried through the public door: cases by kind, how they are run, and what must hold."""
