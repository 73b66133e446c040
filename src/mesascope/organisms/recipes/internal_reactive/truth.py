"""The sealed label of `internal-reactive`: that of `internal`, by another recipe."""

from mesascope.organisms.recipes.internal.truth import TRUTH as TRUTH
