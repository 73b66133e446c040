"""What choices leave open, and what a recovered objective is nearest to."""
