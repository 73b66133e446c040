"""Gymnasium environments as exact levels: `gymnasium_world` enumerates what can be reached."""

from mesascope.worlds.gymnasium.world import GymnasiumWorld as GymnasiumWorld
from mesascope.worlds.gymnasium.world import gymnasium_world as gymnasium_world
