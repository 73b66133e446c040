"""Model organisms, a folder each: what it is, in one line; `recipe.py`, and the sealed `truth.py`."""
