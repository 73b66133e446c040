"""Games between players: compiled rules, and positions in which the best moves are known exactly."""
