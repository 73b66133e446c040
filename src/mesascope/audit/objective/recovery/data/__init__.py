"""What recovery starts from: choices of an agent in levels, however they were come by."""
