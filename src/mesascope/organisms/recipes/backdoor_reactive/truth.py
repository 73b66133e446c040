"""The sealed label of `backdoor-reactive`: that of `backdoor`, by another recipe."""

from mesascope.organisms.recipes.backdoor.truth import TRUTH as TRUTH
