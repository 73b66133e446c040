"""Base optimizers: they search for agents that score well on a base objective."""
