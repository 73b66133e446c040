"""Known answers: results that the paper rests on, each small enough to be recomputed against its closed form."""
