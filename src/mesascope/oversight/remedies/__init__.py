"""Remedies, one a file: a file here with a `REMEDY` is registered."""
