"""The sealed label of `false-belief-reactive`: that of `false-belief`, by another recipe."""

from mesascope.organisms.recipes.false_belief.truth import TRUTH as TRUTH
