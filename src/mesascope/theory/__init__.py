"""What paper and pencil say: known answers, the onset of deception, shields, incentives, Goodhart's law."""
