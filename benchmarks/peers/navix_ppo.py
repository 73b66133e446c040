"""PPO of navix on its empty room of 8x8, fully observed (192 numbers), with its own defaults."""

from __future__ import annotations

import sys

from protocol import serve

UPDATES = int(sys.argv[1])


def prepare():
    import jax
    import jax.numpy as jnp
    import navix
    from navix.agents import PPO, ActorCritic, PPOHparams

    room = navix.make("Navix-Empty-8x8-v0", observation_fn=navix.observations.symbolic)
    see = room.observation_fn
    shape = (room.observation_space.shape[0] * room.observation_space.shape[1] * room.observation_space.shape[2],)
    room = room.replace(
        observation_fn=lambda state: jnp.ravel(see(state)),
        observation_space=room.observation_space.replace(shape=shape),
    )
    settings = PPOHparams(budget=UPDATES * 16 * 128)
    agent = PPO(hparams=settings, network=ActorCritic(action_dim=len(room.action_set)), env=room)
    train = jax.jit(agent.train)
    seeds = iter(range(1_000_000))

    def measure():
        state, _ = jax.block_until_ready(train(jax.random.PRNGKey(next(seeds))))
        return {"steps": int(state.frames)}

    return measure


if __name__ == "__main__":
    serve(prepare, ("navix", "jax", "flax", "optax"))
