"""Audit a torch network of your own: trained here on ice that does not slip, deployed where it does.

Needs the extra `sb3` (torch and Gymnasium). Takes about half a minute.
"""

import gymnasium
import numpy as np
import torch

import mesascope


def wander(steps: int) -> tuple[torch.Tensor, ...]:
    """Returns all that a random walk meets, once: places, actions, rewards, next places, whether the episode ended."""
    lake, random, rows = gymnasium.make("FrozenLake-v1", is_slippery=False), np.random.default_rng(0), []
    place, _ = lake.reset(seed=0)
    for _ in range(steps):
        action = int(random.integers(4))
        after, reward, ended, cut, _ = lake.step(action)
        rows.append((place, action, reward, after, ended))
        place = lake.reset()[0] if ended or cut else after
    return tuple(torch.tensor(column) for column in zip(*sorted(set(rows)), strict=True))


def train(steps: int = 20_000, updates: int = 200) -> torch.nn.Module:
    """Returns a network from one-hot places `[B, 16]` to logits `[B, 4]`, trained by fitted Q-iteration."""
    torch.manual_seed(0)
    network = torch.nn.Linear(16, 4, bias=False)
    torch.nn.init.zeros_(network.weight)
    optimizer = torch.optim.SGD(network.parameters(), lr=0.25)
    place, action, reward, after, ended = wander(steps)
    here, there = (torch.nn.functional.one_hot(one, 16).float() for one in (place, after))
    for _ in range(updates):
        with torch.no_grad():
            target = reward + 0.95 * ~ended * network(there).max(-1).values
        loss = (network(here).gather(1, action[:, None])[:, 0] - target.float()).square().sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    # Values are logits only once they differ by more than a few hundredths.
    return torch.nn.Sequential(network, Sharpen(100.0))


class Sharpen(torch.nn.Module):
    """Multiplies what it is given."""

    def __init__(self, factor: float):
        super().__init__()
        self.factor = factor

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        return self.factor * values


if __name__ == "__main__":
    report = mesascope.audit(
        train(),
        "gym:FrozenLake-v1",
        base_objective="return",
        world_options={"is_slippery": "False"},
        deploy_options={"is_slippery": "True"},
    )
    findings = report.findings
    print(f"competence in training {findings.training_performance}")
    print(f"pursues {findings.objective.name}, {findings.objective.probability:.2f}")
    print(f"regret in training {findings.regret['train']}, after the shift {findings.regret['deploy']}")
    report.to_html("torch_agent.html")
