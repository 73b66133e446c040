"""The sealed label of `common-cause-reactive`: that of `common-cause`, by another recipe."""

from mesascope.organisms.recipes.common_cause.truth import TRUTH as TRUTH
