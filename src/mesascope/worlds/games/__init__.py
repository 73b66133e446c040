"""Games between players: positions in which the best moves are known exactly."""
