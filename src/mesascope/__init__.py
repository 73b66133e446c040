"""Mesascope: a laboratory and auditor for learned optimization."""
