"""Agents trained by Stable-Baselines3, read from their files: their exact returns are the ones that they really get."""

import jax
import numpy as np
import pytest
from scipy import stats

gymnasium = pytest.importorskip("gymnasium")
pytest.importorskip("minigrid")
pytest.importorskip("stable_baselines3")

from mesascope.agents.resolve import resolve_agent  # noqa: E402
from mesascope.audit.policy import observations, policy_table  # noqa: E402
from mesascope.objectives.objective import compile_objectives  # noqa: E402
from mesascope.planning.evaluation import policy_values, returns  # noqa: E402
from mesascope.worlds.catalogue import resolve_world  # noqa: E402

DISCOUNT = 0.9
"""Low, so that an agent that knows next to nothing need not be followed for long."""

CASES = {
    # name: wrapper, keywords of the environment, options of the world, steps of training, horizon, largest reward
    "FrozenLake-v1": (None, {"is_slippery": False}, {"is_slippery": "False"}, 4096, 100, 1),
    "CliffWalking-v1": (None, {}, {}, 1024, 140, 100),
    "Taxi-v4": (None, {}, {}, 1024, 120, 20),
    "MiniGrid-Empty-5x5-v0": ("ImgObsWrapper", {}, {}, 1024, 60, 1),
    "MiniGrid-DoorKey-5x5-v0": ("FlatObsWrapper", {}, {"observation": "flat", "levels": "2"}, 256, 50, 1),
}


def _make(name, **arguments):
    wrapper, keywords, *_ = CASES[name]
    environment = gymnasium.make(name, **keywords, **arguments)
    if wrapper is None:
        return environment
    import minigrid.wrappers

    return getattr(minigrid.wrappers, wrapper)(environment)


@pytest.fixture(scope="module", params=CASES)
def trained(request, tmp_path_factory):
    import torch
    from stable_baselines3 import PPO
    from stable_baselines3.common.vec_env import DummyVecEnv

    torch.set_num_threads(1)
    _, _, options, steps, _, _ = CASES[request.param]
    environments = DummyVecEnv([lambda: _make(request.param, max_episode_steps=100)] * 4)
    model = PPO(
        "MlpPolicy", environments, n_steps=64, batch_size=64, n_epochs=4, learning_rate=3e-3, seed=0, device="cpu"
    )
    model.learn(steps)
    path = tmp_path_factory.mktemp("agents") / "agent.zip"
    model.save(path)
    world = resolve_world(f"gym:{request.param}", {**options, "discount": str(DISCOUNT)})
    levels = jax.device_get(
        world.sample(key=jax.random.key(0), distribution="train", count=world.distinct_levels("train"))
    )
    agent = resolve_agent(str(path), world=world)
    active = np.asarray(levels.reachable & ~levels.terminal)
    policy = policy_table(agent, observations(world, levels), active, actions=levels.actions)
    return request.param, model, world, levels, policy


def test_probabilities_are_those_of_the_training_object(trained):
    import torch

    name, model, world, levels, policy = trained
    environment = _make(name, max_episode_steps=-1)
    level = jax.tree.map(lambda array: array[0], levels)
    generator = np.random.default_rng(0)
    seen, _ = environment.reset(seed=int(level.layout.seed))
    encoding = world._source.encoding
    # Tables start where the draw of the environment says, levels of MiniGrid in their one first state.
    same = (level.layout.observations == encoding.encode(seen)).reshape(level.states, -1).all(-1)
    state = int(np.flatnonzero(same & (level.initial > 0))[0])
    for _ in range(25):
        with torch.no_grad():
            tensor, _ = model.policy.obs_to_tensor(np.asarray(seen))
            expected = model.policy.get_distribution(tensor).distribution.probs.numpy()[0]
        np.testing.assert_allclose(policy[0, state], expected, atol=1e-5)
        action = int(generator.integers(levels.actions))
        seen, _, terminated, _, _ = environment.step(action)
        if terminated:
            break
        following = level.successors[state, action][level.probabilities[state, action] > 0]
        codes = level.layout.observations[following]
        state = int(following[(codes == encoding.encode(seen)).reshape(len(codes), -1).all(-1)][0])


def test_the_exact_return_equals_a_monte_carlo_estimate(trained):
    name, model, world, levels, policy = trained
    *_, horizon, largest = CASES[name]
    objectives = compile_objectives(world).select("return")
    exact = returns(levels, policy_values(levels, policy, objectives)).mean()
    episodes, minigrid = 200, name.startswith("MiniGrid")
    generator = np.random.default_rng(1)
    drawn = generator.choice(np.asarray(levels.layout.seed), episodes) if minigrid else np.arange(episodes)
    unlimited = {"max_steps": 10**9} if minigrid else {"max_episode_steps": -1}
    environments = [_make(name, **unlimited) for _ in range(episodes)]
    seen = [environment.reset(seed=int(seed))[0] for environment, seed in zip(environments, drawn, strict=True)]
    model.set_random_seed(3)
    totals, going = np.zeros(episodes), list(range(episodes))
    for step in range(horizon):
        if not going:
            break
        actions, _ = model.predict(np.stack([seen[index] for index in going]), deterministic=False)
        still = []
        for action, index in zip(actions, going, strict=True):
            seen[index], reward, terminated, truncated, _ = environments[index].step(int(action))
            assert not truncated
            totals[index] += DISCOUNT**step * (float(reward > 0) if minigrid else reward)
            if not terminated:
                still.append(index)
        going = still
    half = stats.t.ppf(0.9995, episodes - 1) * totals.std(ddof=1) / np.sqrt(episodes)
    beyond_the_horizon = DISCOUNT**horizon * largest / (1 - DISCOUNT)
    assert abs(totals.mean() - exact) <= half + beyond_the_horizon
    if not minigrid:
        # The estimate is sharp enough to tell another policy. In MiniGrid success is too rare after so little training.
        mistaken = np.roll(policy, 1, axis=-1)
        wrong = returns(levels, policy_values(levels, mistaken, objectives)).mean()
        assert abs(totals.mean() - wrong) > half + beyond_the_horizon


def test_an_agent_of_another_world_is_refused(trained, tmp_path):
    from mesascope.core.errors import MesascopeError

    _, model, _, _, _ = trained
    path = tmp_path / "agent.zip"
    model.save(path)
    other = resolve_world("gym:FrozenLake-v1", {"map_name": "8x8"})
    with pytest.raises(MesascopeError, match=r"(?s)64"):
        resolve_agent(str(path), world=other)
