"""The sealed label of `approximate-reactive`: that of `approximate`, by another recipe."""

from mesascope.organisms.recipes.approximate.truth import TRUTH as TRUTH
