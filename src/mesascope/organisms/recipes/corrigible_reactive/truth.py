"""The sealed label of `corrigible-reactive`: that of `corrigible`, by another recipe."""

from mesascope.organisms.recipes.corrigible.truth import TRUTH as TRUTH
