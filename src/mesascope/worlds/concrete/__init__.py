"""Worlds after "Concrete problems in AI safety" (Amodei et al. 2016): a visible reward and a hidden performance."""
