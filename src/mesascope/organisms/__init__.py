"""Model organisms: recipes for agents whose alignment is known, one folder each."""
