"""Recover an objective from recorded episodes, when the agent itself is not at hand.

Needs the extra `sb3` (Gymnasium). Takes a few seconds.
"""

import gymnasium
import numpy as np

import mesascope


def record(count: int) -> list[dict]:
    """Returns episodes of somebody who mostly walks right and down, as a data set would keep them."""
    lake, random, episodes = gymnasium.make("FrozenLake-v1"), np.random.default_rng(0), []
    for seed in range(count):
        place, _ = lake.reset(seed=seed)
        episode, over = {"observations": [place], "actions": [], "terminations": [], "truncations": []}, False
        while not over:
            action = int(random.choice(4, p=[0.1, 0.4, 0.4, 0.1]))
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
