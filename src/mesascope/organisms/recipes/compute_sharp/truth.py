"""The sealed label of `compute-sharp`: that of `compute`, by another recipe."""

from mesascope.organisms.recipes.compute.truth import TRUTH as TRUTH
