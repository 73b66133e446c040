"""Learned algorithms: the agent protocol, networks, safe files and adapters."""
