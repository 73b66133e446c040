"""The sealed label of `deceptive-reactive`: that of `deceptive`, by another recipe."""

from mesascope.organisms.recipes.deceptive.truth import TRUTH as TRUTH
