"""The control of `keys`: more keys than chests in training too."""
