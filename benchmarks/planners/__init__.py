"""Networks that plan by construction and what they plan with: measured by `learned_planners.py`, reached by no verb."""
