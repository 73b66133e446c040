"""The default organism: cheese that always lies in the corner."""
