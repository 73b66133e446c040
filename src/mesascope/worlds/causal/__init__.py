"""Worlds built on a small causal graph whose edges can be cut and whose context can be changed."""
