"""Masks of actions reach an agent with its observations: what is not allowed is never chosen."""

import jax
import numpy as np
import pytest

gymnasium = pytest.importorskip("gymnasium")
sb3_contrib = pytest.importorskip("sb3_contrib", reason="masks are those of sb3-contrib's MaskablePPO")

from mesascope.agents.resolve import resolve_agent  # noqa: E402
from mesascope.audit.policy import observations, policy_table  # noqa: E402
from mesascope.core.errors import UsageError  # noqa: E402
from mesascope.worlds.catalogue import resolve_world  # noqa: E402


def trained(identifier, folder):
    import torch
    from sb3_contrib.common.wrappers import ActionMasker

    torch.set_num_threads(1)
    environment = gymnasium.make(identifier)
    masked = ActionMasker(environment, lambda env: np.ones(env.action_space.n, bool))
    model = sb3_contrib.MaskablePPO("MlpPolicy", masked, n_steps=8, batch_size=8, seed=0, device="cpu")
    with torch.no_grad():
        for parameter in model.policy.parameters():
            parameter.add_(0.3 * torch.randn(parameter.shape))
    model.save(folder / "agent")
    return model, str(folder / "agent.zip")


def level_of(world):
    return world.sample(key=jax.random.key(0), distribution="train", count=1)


def test_taxi_shows_its_masks(tmp_path):
    import torch

    model, path = trained("Taxi-v4", tmp_path)
    with pytest.raises(UsageError, match=r"allows only some actions.*--world-option action_masks=true"):
        resolve_agent(path, world=resolve_world("gym:Taxi-v4", {}))
    world = resolve_world("gym:Taxi-v4", {"action_masks": "true"})
    assert world.observation_shape == (506,)
    assert world.channels[-6:] == tuple(f"allows-{action}" for action in world.actions)
    level = level_of(world)
    legal, active = np.asarray(world.legal(level)), np.asarray(level.reachable & ~level.terminal)
    assert 0 < legal[active].mean() < 1
    seen = observations(world, level)
    policy = policy_table(resolve_agent(path, world=world), seen, active, actions=6)
    assert (policy[active][~legal[active]] == 0).all()
    with torch.no_grad():
        tensor, _ = model.policy.obs_to_tensor(seen[active][:, :500].argmax(-1))
        expected = model.policy.get_distribution(tensor, action_masks=legal[active]).distribution.probs.numpy()
    assert np.abs(policy[active] - expected).max() < 1e-5


def test_where_nothing_is_masked_everything_is_allowed(tmp_path):
    _, path = trained("FrozenLake-v1", tmp_path)
    agent = resolve_agent(path, world=resolve_world("gym:FrozenLake-v1", {}))
    assert any("every action is allowed" in note for note in agent.notes)
    world = resolve_world("gym:FrozenLake-v1", {"action_masks": "true"})
    seen = observations(world, level_of(world))
    assert (seen[..., -4:] == 1).all()
    shown = resolve_agent(path, world=world).act(seen[0], None)[0]
    np.testing.assert_allclose(shown, agent.act(seen[0][:, :-4], None)[0], atol=1e-7)
