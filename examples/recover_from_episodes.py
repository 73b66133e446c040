"""Recover an objective from recorded episodes, when the agent itself is not at hand.

Needs the extra `sb3` (Gymnasium). Takes a few seconds.
"""

import gymnasium
import numpy as np

import mesascope

BEST = (0, 3, 3, 3, 0, 0, 0, 0, 3, 1, 0, 0, 0, 2, 1, 0)
"""An optimal policy of the frozen lake, by place."""


def record(count: int) -> list[dict]:
    """Returns episodes of somebody who walks well in four choices of five, as a data set would keep them."""
    lake, random, episodes = gymnasium.make("FrozenLake-v1"), np.random.default_rng(0), []
    for seed in range(count):
        place, _ = lake.reset(seed=seed)
        episode, over = {"observations": [place], "actions": [], "terminations": [], "truncations": []}, False
        while not over:
            action = BEST[place] if random.random() < 0.8 else int(random.integers(4))
            place, _, ended, cut, _ = lake.step(action)
            # One more observation than there are actions: where it ended counts.
            episode["observations"].append(place)
            episode["actions"].append(action)
            episode["terminations"].append(ended)
            episode["truncations"].append(cut)
            over = ended or cut
        episodes.append(episode)
    return episodes


if __name__ == "__main__":
    world = mesascope.resolve_world("gym:FrozenLake-v1")
    shown = mesascope.demonstrations(record(100), world)
    found = mesascope.recover(shown, world=world, planner="noisy")
    print(f"distance to the reward {found.distance('return')}")
    print(f"directions left open {len(found.unidentified.basis)}")
    print(f"one objective at all? {found.coherence.verdict}: {found.coherence.reason}")
