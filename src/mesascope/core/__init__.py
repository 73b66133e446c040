"""Errors, keys, registries, intervals, verdicts, files and provenance: what every room shares."""
