"""Explicit search: exact values, optimal and soft-optimal policies."""
