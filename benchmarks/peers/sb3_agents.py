"""Trains agents of Stable-Baselines3 and sb3-contrib small, and says what each answers to a thousand observations.

Runs in an environment of its own; arguments: a folder to write into, a folder of the zoo's files or `-`, and how many
observations. Each case becomes a folder with the `.zip` that the library saved, `vecnormalize.pkl` where there is one,
and `answers.npz`: what a world shows (`shown`), which actions are allowed (`masks`), and the library's own
probabilities or one-hot choices (`expected`, and `likeliest` of `predict(deterministic=True)`). Agents with a memory
are shown sequences, `[T, B, ...]`. Standard output is one JSON object: what the cases are.
"""

from __future__ import annotations

import json
import os
import sys
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
import gymnasium
import numpy as np
import sb3_contrib
import stable_baselines3
import torch
from gymnasium import spaces
from stable_baselines3.common.save_util import load_from_zip_file
from stable_baselines3.common.vec_env import DummyVecEnv, VecFrameStack, VecNormalize

warnings.simplefilter("ignore")
torch.set_num_threads(1)

VECTOR = spaces.Box(-2, 2, (5,), np.float32)
IMAGE = spaces.Box(0, 255, (36, 40, 3), np.uint8)
WHOLE = spaces.MultiDiscrete([4, 3, 2])
DICTIONARY = spaces.Dict(
    {"place": VECTOR, "room": spaces.Discrete(4), "view": IMAGE, "bag": spaces.MultiBinary(3), "marks": WHOLE}
)
LENGTH: int = 25
"""Steps of a sequence for agents with a memory."""
FRAMES: int = 3


class Guess(gymnasium.Env):
    """Pays for the action that the mean of the observation names; some actions are not allowed."""

    def __init__(self, space: spaces.Space):
        self.observation_space, self.action_space = space, spaces.Discrete(4)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        if seed is not None:
            self.observation_space.seed(seed)
        return self._shown(), {}

    def step(self, action):
        right = int(1000 * np.asarray(spaces.flatten(self.observation_space, self.seen), np.float64).mean()) % 4
        return self._shown(), float(action == right), bool(self.np_random.random() < 0.05), False, {}

    def action_masks(self):
        allowed = self.np_random.random(4) < 0.6
        allowed[self.np_random.integers(4)] = True
        return allowed

    def _shown(self):
        self.seen = self.observation_space.sample()
        return self.seen


@dataclass(frozen=True)
class Case:
    """How one agent is trained.

    **Arguments:**

    - `algorithm`, `policy`: of the library.
    - `environment`: an id of Gymnasium, or a space for `Guess`.
    - `normalized`, `stacked`: whether it is trained behind `VecNormalize` and `VecFrameStack`.
    - `options`: of the policy.
    """

    algorithm: str
    policy: str
    environment: str | spaces.Space
    normalized: bool = False
    stacked: bool = False
    options: dict[str, Any] = field(default_factory=dict)


SMALL = {"features_extractor_kwargs": {"features_dim": 32}}
CASES: dict[str, Case] = {
    "ppo-vector": Case("PPO", "MlpPolicy", "CartPole-v1"),
    "ppo-discrete": Case("PPO", "MlpPolicy", "FrozenLake-v1"),
    "ppo-images": Case("PPO", "CnnPolicy", IMAGE, options=SMALL),
    "ppo-dictionary": Case("PPO", "MultiInputPolicy", DICTIONARY),
    "ppo-whole-numbers": Case("PPO", "MlpPolicy", WHOLE),
    "ppo-normalized": Case("PPO", "MlpPolicy", "MountainCar-v0", normalized=True),
    "ppo-frames": Case("PPO", "MlpPolicy", "CartPole-v1", stacked=True),
    "ppo-normalized-frames": Case("PPO", "MlpPolicy", "CartPole-v1", normalized=True, stacked=True),
    "ppo-image-frames": Case("PPO", "CnnPolicy", IMAGE, stacked=True, options=SMALL),
    "a2c-vector": Case("A2C", "MlpPolicy", "CartPole-v1"),
    "a2c-normalized-dictionary": Case(
        "A2C", "MultiInputPolicy", spaces.Dict({"goal": VECTOR, "place": VECTOR}), normalized=True
    ),
    "dqn-vector": Case("DQN", "MlpPolicy", "Acrobot-v1"),
    "dqn-normalized": Case("DQN", "MlpPolicy", "MountainCar-v0", normalized=True),
    "dqn-images": Case("DQN", "CnnPolicy", IMAGE, options=SMALL),
    "qrdqn-vector": Case("QRDQN", "MlpPolicy", "CartPole-v1", options={"n_quantiles": 25}),
    "qrdqn-dictionary": Case("QRDQN", "MultiInputPolicy", DICTIONARY),
    "trpo-vector": Case("TRPO", "MlpPolicy", "CartPole-v1"),
    "trpo-normalized": Case("TRPO", "MlpPolicy", "MountainCar-v0", normalized=True),
    "maskable-ppo-vector": Case("MaskablePPO", "MlpPolicy", VECTOR),
    "maskable-ppo-discrete": Case("MaskablePPO", "MlpPolicy", spaces.Discrete(9)),
    "maskable-ppo-images": Case("MaskablePPO", "CnnPolicy", IMAGE, options=SMALL),
    "ars-linear": Case("ARS", "LinearPolicy", "CartPole-v1"),
    "ars-normalized": Case("ARS", "MlpPolicy", "CartPole-v1", normalized=True),
    "recurrent-ppo-vector": Case("RecurrentPPO", "MlpLstmPolicy", "CartPole-v1", options={"lstm_hidden_size": 32}),
    "recurrent-ppo-shared": Case(
        "RecurrentPPO",
        "MlpLstmPolicy",
        "FrozenLake-v1",
        options={"lstm_hidden_size": 16, "n_lstm_layers": 2, "shared_lstm": True, "enable_critic_lstm": False},
    ),
    "recurrent-ppo-images": Case("RecurrentPPO", "CnnLstmPolicy", IMAGE, options={"lstm_hidden_size": 16, **SMALL}),
    "recurrent-ppo-normalized": Case(
        "RecurrentPPO", "MlpLstmPolicy", "MountainCar-v0", normalized=True, options={"lstm_hidden_size": 16}
    ),
}

ZOO: dict[str, tuple[str, str]] = {
    "zoo-a2c-cartpole": ("A2C", "a2c-CartPole-v1"),
    "zoo-ars-cartpole": ("ARS", "ars-CartPole-v1"),
    "zoo-qrdqn-cartpole": ("QRDQN", "qrdqn-CartPole-v1"),
    "zoo-ppo-mountaincar": ("PPO", "ppo-MountainCar-v0"),
    "zoo-dqn-acrobot": ("DQN", "dqn-Acrobot-v1"),
}


def class_of(algorithm: str) -> Any:
    return getattr(stable_baselines3, algorithm, None) or getattr(sb3_contrib, algorithm)


def made(environment: str | spaces.Space) -> gymnasium.Env:
    return gymnasium.make(environment) if isinstance(environment, str) else Guess(environment)


def trained(case: Case) -> tuple[Any, VecNormalize | None]:
    """Returns a model after little training, and its normalization."""
    environments: Any = DummyVecEnv([lambda: made(case.environment)] * 4)
    normalization = None
    if case.normalized:
        environments = normalization = VecNormalize(environments)
    if case.stacked:
        environments = VecFrameStack(environments, FRAMES)
    settings: dict[str, Any] = {
        "DQN": {"buffer_size": 1000, "learning_starts": 50},
        "QRDQN": {"buffer_size": 1000, "learning_starts": 50},
        "ARS": {"n_delta": 2},
        "A2C": {},
    }.get(case.algorithm, {"n_steps": 32, "batch_size": 32})
    model = class_of(case.algorithm)(
        case.policy, environments, policy_kwargs=dict(case.options), seed=0, device="cpu", **settings
    )
    model.learn(512)
    diversify(model)
    if normalization is not None:
        normalization.training = False
    return model, normalization


def diversify(model: Any) -> None:
    """Makes answers differ between observations: so little training leaves policies that agree with almost anything."""
    seen, policy = [model.env.reset()], model.policy
    for _ in range(20):
        seen.append(model.env.step(np.array([model.action_space.sample() for _ in range(model.env.num_envs)]))[0])
    raw = stacked_batches(seen)
    with torch.no_grad():
        for parameter in policy.parameters():
            parameter.add_(0.1 * torch.randn(parameter.shape))
        tensor, _ = policy.obs_to_tensor(raw)
        if hasattr(policy, "lstm_actor"):
            shape = (policy.lstm_actor.num_layers, len(seen) * model.env.num_envs, policy.lstm_actor.hidden_size)
            nothing = (torch.zeros(shape), torch.zeros(shape))
            distribution, _ = policy.get_distribution(tensor, nothing, torch.zeros(shape[1]))
            logits = distribution.distribution.logits
        elif hasattr(policy, "get_distribution"):
            logits = policy.get_distribution(tensor).distribution.logits
        else:
            network = next(
                getattr(policy, name) for name in ("q_net", "quantile_net", "action_net") if hasattr(policy, name)
            )
            last = [module for module in network.modules() if isinstance(module, torch.nn.Linear)][-1]
            if last.bias is not None:
                values = network(tensor).reshape(len(tensor) if torch.is_tensor(tensor) else shape_of(tensor), -1)
                last.bias.sub_(values.mean(0))
            return
        scale = 1.5 / logits.std(0).mean()
        policy.action_net.weight.mul_(scale)
        policy.action_net.bias.sub_(logits.mean(0) * scale)


def shape_of(tensors: dict[str, Any]) -> int:
    return len(next(iter(tensors.values())))


def stacked_batches(batches: list[Any]) -> Any:
    if isinstance(batches[0], dict):
        return {name: np.concatenate([batch[name] for batch in batches]) for name in batches[0]}
    return np.concatenate(batches)


def stacked(raw: list[Any]) -> Any:
    if isinstance(raw[0], dict):
        return {name: np.stack([one[name] for one in raw]) for name in raw[0]}
    return np.stack(raw)


def shown(space: spaces.Space, raw: list[Any]) -> np.ndarray:
    """Observations as a world shows them: arrays as they are, everything else laid out flat."""
    flat = raw if isinstance(space, spaces.Box) else [spaces.flatten(space, one) for one in raw]
    return np.stack([np.asarray(one, np.float32) for one in flat])


def visited(environment: gymnasium.Env, count: int, seed: int) -> list[Any]:
    """Observations of an agent that acts at random."""
    environment.action_space.seed(seed)
    seen, found = environment.reset(seed=seed)[0], []
    for _ in range(count):
        found.append(seen)
        seen, _, terminated, truncated, _ = environment.step(environment.action_space.sample())
        if terminated or truncated:
            seen = environment.reset()[0]
    return found


def answers(model: Any, raw: Any, **more: Any) -> np.ndarray:
    """The library's own probabilities, or its choices one-hot where its policy has none."""
    if hasattr(model.policy, "get_distribution"):
        tensor, _ = model.policy.obs_to_tensor(raw)
        with torch.no_grad():
            return model.policy.get_distribution(tensor, **more).distribution.probs.numpy()
    return likeliest(model, raw)


def likeliest(model: Any, raw: Any, **more: Any) -> np.ndarray:
    return np.eye(int(model.action_space.n))[model.predict(raw, deterministic=True, **more)[0]]


def asked(case: Case, model: Any, normalization: VecNormalize | None, count: int) -> dict[str, np.ndarray]:
    """What the library answers to `count` observations."""
    environment = made(case.environment)
    space = environment.observation_space
    normalize = normalization.normalize_obs if normalization is not None else lambda seen: seen
    if case.algorithm == "RecurrentPPO" or case.stacked:
        return asked_in_sequence(
            case, model, normalize, [visited(environment, LENGTH, seed) for seed in range(count // LENGTH)]
        )
    raw = visited(environment, count, seed=1)
    seen = normalize(stacked(raw))
    found = {"shown": shown(space, raw)}
    more = {}
    if case.algorithm == "MaskablePPO":
        found["masks"] = more["action_masks"] = np.stack([environment.action_masks() for _ in raw])
    found["expected"] = answers(model, seen, **more)
    found["likeliest"] = likeliest(model, seen, **more)
    return found


def asked_in_sequence(case: Case, model: Any, normalize: Any, episodes: list[list[Any]]) -> dict[str, np.ndarray]:
    """The same for an agent with a memory: all episodes side by side."""
    space, policy = made(case.environment).observation_space, model.policy
    count, expected, frames, states = len(episodes), [], None, None
    if case.stacked:
        frames = VecFrameStack(DummyVecEnv([lambda: made(case.environment)] * count), FRAMES).stacked_obs
    for step in range(LENGTH):
        raw = normalize(stacked([episode[step] for episode in episodes]))
        if frames is not None:
            none, infos = np.zeros(count, bool), [{}] * count
            raw = frames.reset(raw) if step == 0 else frames.update(raw, none, infos)[0]
            tensor, _ = policy.obs_to_tensor(transposed(raw) if raw.ndim == 4 else raw)
            with torch.no_grad():
                expected.append(policy.get_distribution(tensor).distribution.probs.numpy())
            continue
        tensor, _ = policy.obs_to_tensor(raw)
        if states is None:
            shape = (policy.lstm_actor.num_layers, count, policy.lstm_actor.hidden_size)
            states = (torch.zeros(shape), torch.zeros(shape))
        with torch.no_grad():
            distribution, states = policy.get_distribution(tensor, states, torch.zeros(count))
        expected.append(distribution.distribution.probs.numpy())
    return {
        "shown": np.stack([shown(space, [episode[step] for episode in episodes]) for step in range(LENGTH)]),
        "expected": np.stack(expected),
    }


def transposed(images: np.ndarray) -> np.ndarray:
    return images.transpose(0, 3, 1, 2)


def of_zoo(algorithm: str, folder: Path, count: int) -> dict[str, np.ndarray]:
    """What the library answers with one of the zoo's files, which are of versions that saved spaces of Gym."""
    sys.modules.setdefault("gym", gymnasium)
    identity = folder.name.split("-", 1)[1]
    path, environment = folder / f"{identity}.zip", gymnasium.make(identity)
    schedules = dict.fromkeys(("lr_schedule", "clip_range", "exploration_schedule"), lambda _: 0.0)
    custom = {"observation_space": environment.observation_space, "action_space": environment.action_space}
    if algorithm == "ARS":
        # The current policy has this layer under another name.
        _, parameters, _ = load_from_zip_file(
            path, custom_objects={**custom, "lr_schedule": None, "delta_std_schedule": None}
        )
        model = sb3_contrib.ARS("LinearPolicy", environment, device="cpu")
        model.policy.load_state_dict({"action_net.0.weight": parameters["policy"]["action_net.weight"]})
    else:
        model = class_of(algorithm).load(
            path, device="cpu", custom_objects={**custom, **schedules, "learning_rate": 0.0}
        )
    raw = visited(environment, count, seed=1)
    seen = stacked(raw)
    if (folder / "vecnormalize.pkl").exists():
        seen = VecNormalize.load(str(folder / "vecnormalize.pkl"), DummyVecEnv([lambda: environment])).normalize_obs(
            seen
        )
    return {
        "shown": shown(environment.observation_space, raw),
        "expected": answers(model, seen),
        "likeliest": likeliest(model, seen),
    }


def main() -> None:
    # What libraries print goes to standard error; the answer has standard output for itself.
    answer = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    target, zoo, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    told: dict[str, Any] = {}
    for name, case in CASES.items():
        model, normalization = trained(case)
        folder = target / name
        folder.mkdir(parents=True)
        model.save(folder / "agent.zip")
        if normalization is not None:
            normalization.save(str(folder / "vecnormalize.pkl"))
        np.savez(folder / "answers.npz", **asked(case, model, normalization, count))
        told[name] = {
            "file": str(folder / "agent.zip"),
            "normalized": case.normalized,
            "frames": FRAMES if case.stacked else 1,
        }
        print(name, file=sys.stderr, flush=True)
    if zoo != "-":
        for name, (algorithm, source) in ZOO.items():
            (target / name).mkdir()
            np.savez(target / name / "answers.npz", **of_zoo(algorithm, Path(zoo) / source, count))
            file = Path(zoo) / source / f"{source.split('-', 1)[1]}.zip"
            told[name] = {"file": str(file), "normalized": (file.parent / "vecnormalize.pkl").exists(), "frames": 1}
    json.dump(told, answer)
    answer.close()


if __name__ == "__main__":
    main()
