"""Debate (Irving et al. 2018): two sides show a judge who sees little what speaks for them."""
