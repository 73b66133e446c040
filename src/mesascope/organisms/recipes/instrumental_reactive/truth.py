"""The sealed label of `instrumental-reactive`: that of `instrumental`, by another recipe."""

from mesascope.organisms.recipes.instrumental.truth import TRUTH as TRUTH
