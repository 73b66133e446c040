"""Recipes of learners, one a file: its name is the file's, `LEARNER` the recipe, and its docstring says what it is."""
