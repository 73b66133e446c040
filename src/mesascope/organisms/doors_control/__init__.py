"""The control of `doors`: doors and signs of any colour."""
