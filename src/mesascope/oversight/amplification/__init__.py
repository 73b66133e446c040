"""Amplification (Christiano et al. 2018): an overseer who answers hard questions by asking itself easier ones."""
