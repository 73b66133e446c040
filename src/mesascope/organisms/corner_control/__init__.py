"""The control of the default organism: cheese that lies anywhere."""
