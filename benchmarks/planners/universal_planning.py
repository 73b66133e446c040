"""Universal planning networks: a policy that is gradient descent on a plan in a learned space (Srinivas et al. 2018).

The most explicit optimizer that a network can contain: its objective (the distance of the imagined end of the plan from
the encoded goal), its candidates (plans) and each of its steps are activations.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from mesascope.agents.networks.layers import Dense, dense_layers
from mesascope.agents.networks.network import Memory, Network, NetworkSpec
from mesascope.agents.sites import at_site
from mesascope.core.errors import UsageError
from mesascope.core.random import RandomKey
from planners.gradient_descent import Descent, descend, huber, imagine

MAXIMUM_STEPS: int = 64
"""Of a plan, and of descent: each is computed for every observation."""
CONTROLS: tuple[str, ...] = ("discrete", "continuous")
"""What the model is fed with: a softmax of each step of the plan, or the step itself."""


@dataclass(frozen=True)
class UniversalPlanningSpec(NetworkSpec):
    """Size of a `UniversalPlanningNetwork`.

    **Arguments:**

    - `encoder`: widths of the hidden layers that read the flattened observation; an empty tuple is a linear encoder.
    - `latent`: width of an imagined state.
    - `dynamics`: widths of the hidden layers of the model; an empty tuple is a linear model.
    - `horizon`: actions in a plan.
    - `steps`: of gradient descent on the plan; 0 acts on the plan it would begin with.
    - `rate`: of a step of descent, above 0.
    - `threshold`: where Huber's loss turns from half a square into a line, above 0.
    - `penalty`: on the squares of the plan, at least 0; the loss is increased by half of it times their sum.
    - `controls`: one of `CONTROLS`.
    """

    architecture: ClassVar[str] = "universal-planning"

    encoder: tuple[int, ...] = (64,)
    latent: int = 32
    dynamics: tuple[int, ...] = (64,)
    horizon: int = 5
    steps: int = 3
    rate: float = 0.3
    threshold: float = 1.0
    penalty: float = 0.0
    controls: str = "discrete"

    def __post_init__(self):
        self.check_sizes("encoder", "dynamics")
        self.check_sizes("latent")
        self.check_sizes("horizon", maximum=MAXIMUM_STEPS)
        if type(self.steps) is not int or not 0 <= self.steps <= MAXIMUM_STEPS:
            raise UsageError(
                f"universal-planning: steps={self.steps!r} is not a whole number between 0 and {MAXIMUM_STEPS}."
            )
        for name in ("rate", "threshold", "penalty"):
            value = getattr(self, name)
            if not isinstance(value, float) or not 0 <= value < math.inf or (value == 0 and name != "penalty"):
                least = "at least 0" if name == "penalty" else "above 0"
                raise UsageError(f"universal-planning: {name}={value!r} is not a decimal number {least}.")
        self.check_named(controls=CONTROLS)


class Layers(eqx.Module):
    """Dense layers with hyperbolic tangents between them: smooth, for it is differentiated twice.

    **Arguments:**

    - `sizes`: of the input, the hidden layers and the output.
    - `key`: consumed.
    """

    layers: tuple[Dense, ...]

    def __init__(self, sizes: tuple[int, ...], *, key: RandomKey):
        self.layers = dense_layers(sizes, gain=1.0, keys=list(jax.random.split(key, len(sizes) - 1)))

    def __call__(self, vector: Float[Array, " inputs"]) -> Float[Array, " outputs"]:
        for layer in self.layers[:-1]:
            vector = jnp.tanh(layer(vector))
        return self.layers[-1](vector)


class UniversalPlanningNetwork(Network):
    """An encoder, a model of what actions do, and gradient descent on a plan with that model; memoryless.

    The model adds to a state what it predicts to change. A plan begins at zero. Called as a policy, the network reads
    the goal from the same observation with an encoder of its own, because worlds show the goal beside everything else;
    the paper is given an image of the goal, for which there is `plan`. Logits are the first step of the final plan.
    Sites: `encoded`, `goal`, then `plan-k` and `loss-k` for each step k of descent.
    """

    encoder: Layers
    goal_encoder: Layers
    dynamics: Layers
    critic: Dense
    actions: int = eqx.field(static=True)
    spec: UniversalPlanningSpec = eqx.field(static=True)

    def __init__(
        self, spec: UniversalPlanningSpec, observation_shape: tuple[int, ...], actions: int, *, key: RandomKey
    ):
        key_encoder, key_goal, key_dynamics, key_critic = jax.random.split(key, 4)
        reading = (math.prod(observation_shape), *spec.encoder, spec.latent)
        self.encoder = Layers(reading, key=key_encoder)
        self.goal_encoder = Layers(reading, key=key_goal)
        self.dynamics = Layers((spec.latent + actions, *spec.dynamics, spec.latent), key=key_dynamics)
        self.critic = Dense(2 * spec.latent, 1, key=key_critic)
        self.actions = actions
        self.spec = spec

    def __call__(
        self, observation: Float[Array, "..."], memory: Memory
    ) -> tuple[Float[Array, " A"], Float[Array, ""], Memory]:
        start = at_site("encoded", self.encoder(observation.reshape(-1)))
        goal = at_site("goal", self.goal_encoder(observation.reshape(-1)))
        value = self.critic(jnp.concatenate([start, goal]))[0]
        return self._descend(start, goal).plans[-1, 0], value, memory

    def plan(self, observation: Float[Array, "..."], goal: Float[Array, "..."]) -> Descent:
        """Returns the descent towards a goal that is shown as an observation, as in the paper; the last plan counts.

        **Arguments:**

        - `observation`: where the plan begins.
        - `goal`: an observation of where it should end, read by the same encoder.
        """
        start = at_site("encoded", self.encoder(observation.reshape(-1)))
        return self._descend(start, at_site("goal", self.encoder(goal.reshape(-1))))

    def distance(self, start: Float[Array, " Z"], goal: Float[Array, " Z"], plan: Float[Array, "T A"]) -> Array:
        """Returns the objective of the inner optimizer: Huber's loss between where a plan ends and the goal.

        **Arguments:**

        - `start`, `goal`: encoded.
        - `plan`: a step for each action.
        """
        fed = jax.nn.softmax(plan) if self.spec.controls == "discrete" else plan
        reached = imagine(self._following, start, fed)
        return huber(reached - goal, self.spec.threshold) + self.spec.penalty / 2 * (plan**2).sum()

    def _following(self, state: Float[Array, " Z"], action: Float[Array, " A"]) -> Float[Array, " Z"]:
        return state + self.dynamics(jnp.concatenate([state, action]))

    def _descend(self, start: Float[Array, " Z"], goal: Float[Array, " Z"]) -> Descent:
        nothing = jnp.zeros((self.spec.horizon, self.actions), start.dtype)
        return descend(
            lambda plan: self.distance(start, goal, plan),
            nothing,
            steps=self.spec.steps,
            rate=self.spec.rate,
            watch=at_site,
        )


UniversalPlanningSpec.network = UniversalPlanningNetwork
