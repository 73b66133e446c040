"""Where to ask an agent next, and what it costs not to know."""
