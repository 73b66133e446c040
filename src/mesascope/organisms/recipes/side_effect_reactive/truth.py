"""The sealed label of `side-effect-reactive`: that of `side-effect`, by another recipe."""

from mesascope.organisms.recipes.side_effect.truth import TRUTH as TRUTH
