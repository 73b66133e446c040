"""Games of two players who take turns, as compiled rules."""
