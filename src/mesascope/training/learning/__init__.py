"""Base optimizers that search for algorithms which learn: what they train on is a stream, not levels of a world."""
