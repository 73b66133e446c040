"""PPO of Stable-Baselines3 on MiniGrid-Empty-8x8 as MiniGrid shows it (7x7x3, 147 numbers), with navix's settings."""

from __future__ import annotations

import sys

from protocol import serve

UPDATES = int(sys.argv[1])


def prepare():
    import gymnasium
    import minigrid
    import torch
    from minigrid.wrappers import ImgObsWrapper
    from stable_baselines3 import PPO
    from stable_baselines3.common.vec_env import DummyVecEnv

    minigrid.register_minigrid_envs()
    torch.set_num_threads(1)

    def room():
        return gymnasium.wrappers.FlattenObservation(ImgObsWrapper(gymnasium.make("MiniGrid-Empty-8x8-v0")))

    agent = PPO(
        "MlpPolicy",
        DummyVecEnv([room] * 16),
        n_steps=128,
        batch_size=256,
        n_epochs=1,
        learning_rate=2.5e-4,
        clip_range=0.2,
        clip_range_vf=0.2,
        ent_coef=0.01,
        vf_coef=0.5,
        max_grad_norm=0.5,
        gae_lambda=0.95,
        gamma=0.99,
        policy_kwargs={"net_arch": {"pi": [64, 64], "vf": [64, 64]}},
        device="cpu",
        seed=0,
    )

    def measure():
        before = agent.num_timesteps
        agent.learn(UPDATES * 16 * 128, reset_num_timesteps=False)
        return {"steps": agent.num_timesteps - before}

    return measure


if __name__ == "__main__":
    serve(prepare, ("stable-baselines3", "torch", "minigrid", "gymnasium"))
