"""The behavioral objective: recovered from behaviour, with what behaviour leaves open."""
