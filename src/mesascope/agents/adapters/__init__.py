"""Adapters: agents made elsewhere, seen through the agent protocol."""
