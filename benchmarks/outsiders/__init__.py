"""Agents whose truth is known, written from README and docs alone, and demonstrators whose rewards are known.

`catalogue.OUTSIDERS` yields the agents and `planted.DEMONSTRATORS` the demonstrators, and neither builds any. What
judges them is elsewhere, and was not read by whoever wrote these.
"""
