"""What a Stable-Baselines3 file says about its policy.

What it says decides nothing that the shapes of the tensors do not have to agree with.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from mesascope.agents.adapters.stable_baselines3.fields import Fields
from mesascope.agents.adapters.stable_baselines3.spaces import Space, read_actions, read_space
from mesascope.core.text import quoted


@dataclass(frozen=True)
class Family:
    """Algorithms whose policies compute alike.

    **Arguments:**

    - `name`: for people.
    - `extractor`: name of the module that turns observations into features.
    - `trunk`: of the dense layers after it.
    - `head`: of the last layer, if it is a module of its own.
    - `activation`: of the dense layers, unless the file says otherwise.
    - `greedy`: whether the policy is the action of the largest score.
    - `masked`: whether actions can be masked.
    - `recurrent`: whether there is an LSTM between features and dense layers.
    - `without_effect`: beginnings of names of tensors that play no part in the choice.
    """

    name: str
    extractor: str = "features_extractor"
    trunk: str = "mlp_extractor.policy_net"
    head: str | None = "action_net"
    activation: str = "tanh"
    greedy: bool = False
    masked: bool = False
    recurrent: bool = False
    without_effect: tuple[str, ...] = (
        "mlp_extractor.value_net.",
        "value_net.",
        "pi_features_extractor.",
        "vf_features_extractor.",
    )


ACTOR_CRITIC = Family("actor-critic")
MASKED = Family("MaskablePPO", masked=True)
RECURRENT = Family(
    "RecurrentPPO", recurrent=True, without_effect=(*ACTOR_CRITIC.without_effect, "lstm_critic.", "critic.")
)
DQN = Family("DQN", "q_net.features_extractor", "q_net.q_net", None, "relu", True, without_effect=("q_net_target.",))
QRDQN = Family(
    "QR-DQN",
    "quantile_net.features_extractor",
    "quantile_net.quantile_net",
    None,
    "relu",
    True,
    without_effect=("quantile_net_target.",),
)
ARS = Family("ARS", trunk="action_net", head=None, activation="relu", greedy=True, without_effect=())

FLAT, IMAGES, COMBINED = "FlattenExtractor", "NatureCNN", "CombinedExtractor"

_COMMON, _MASKABLE = "stable_baselines3.common.policies", "sb3_contrib.common.maskable.policies"
_RECURRENT = "sb3_contrib.common.recurrent.policies"
POLICIES: Mapping[tuple[str, str], tuple[Family, str]] = {
    (_COMMON, "ActorCriticPolicy"): (ACTOR_CRITIC, FLAT),
    (_COMMON, "ActorCriticCnnPolicy"): (ACTOR_CRITIC, IMAGES),
    (_COMMON, "MultiInputActorCriticPolicy"): (ACTOR_CRITIC, COMBINED),
    ("stable_baselines3.dqn.policies", "DQNPolicy"): (DQN, FLAT),
    ("stable_baselines3.dqn.policies", "CnnPolicy"): (DQN, IMAGES),
    ("stable_baselines3.dqn.policies", "MultiInputPolicy"): (DQN, COMBINED),
    ("sb3_contrib.qrdqn.policies", "QRDQNPolicy"): (QRDQN, FLAT),
    ("sb3_contrib.qrdqn.policies", "CnnPolicy"): (QRDQN, IMAGES),
    ("sb3_contrib.qrdqn.policies", "MultiInputPolicy"): (QRDQN, COMBINED),
    (_MASKABLE, "MaskableActorCriticPolicy"): (MASKED, FLAT),
    (_MASKABLE, "MaskableActorCriticCnnPolicy"): (MASKED, IMAGES),
    (_MASKABLE, "MaskableMultiInputActorCriticPolicy"): (MASKED, COMBINED),
    (_RECURRENT, "RecurrentActorCriticPolicy"): (RECURRENT, FLAT),
    (_RECURRENT, "RecurrentActorCriticCnnPolicy"): (RECURRENT, IMAGES),
    (_RECURRENT, "RecurrentMultiInputActorCriticPolicy"): (RECURRENT, COMBINED),
    ("sb3_contrib.ars.policies", "ARSPolicy"): (ARS, FLAT),
    ("sb3_contrib.ars.policies", "ARSLinearPolicy"): (ARS, FLAT),
}
"""Policy classes that are understood: the family of algorithms, and where their features come from."""

ACTIVATIONS: Mapping[str, str] = {
    f"<class 'torch.nn.modules.{'linear' if name == 'Identity' else 'activation'}.{name}'>": ours
    for name, ours in {
        "Tanh": "tanh",
        "ReLU": "relu",
        "ELU": "elu",
        "SiLU": "silu",
        "LeakyReLU": "leaky-relu",
        "GELU": "gelu",
        "Sigmoid": "sigmoid",
        "Softplus": "softplus",
        "Mish": "mish",
        "SELU": "selu",
        "Identity": "identity",
    }.items()
}
"""Nonlinearities that are understood, by the text of their class."""

_EXTRACTORS = {f"<class 'stable_baselines3.common.torch_layers.{name}'>": name for name in (FLAT, IMAGES, COMBINED)}
_WITHOUT_EFFECT = (
    "optimizer_class",
    "optimizer_kwargs",
    "ortho_init",
    "log_std_init",
    "full_std",
    "use_expln",
    "net_arch",
    "share_features_extractor",
    "features_extractor_kwargs",
    # Of sb3-contrib: each changes the number of tensors or their shapes, which are looked at.
    "n_quantiles",
    "with_bias",
    "lstm_hidden_size",
    "n_lstm_layers",
    "shared_lstm",
    "enable_critic_lstm",
    # Of versions before 1.7.
    "sde_net_arch",
)


@dataclass(frozen=True)
class Description:
    """A policy of Stable-Baselines3 or sb3-contrib.

    **Arguments:**

    - `family`: of algorithms.
    - `extractor`: where its features come from: laid out flat, the "Nature CNN" (Mnih et al. 2015), or one of these
      for each entry of a dictionary.
    - `activation`: a value of `ACTIVATIONS`.
    - `space`: of the observations.
    - `divides`: whether images of bytes are divided by 255.
    - `actions`: how many there are.
    """

    family: Family
    extractor: str
    activation: str
    space: Space
    divides: bool
    actions: int


def choice_note(algorithm: str, *, greedy: bool) -> str:
    """Returns what a reader must know of how an agent chooses; greedily, where it takes the largest value."""
    if greedy:
        return (
            f"It is a {algorithm} agent: its policy is the greedy one, the action of the largest value, without "
            "exploration."
        )
    return (
        "Its actions are drawn from its probabilities, as in training. Stable-Baselines3's "
        "predict(deterministic=True) always takes the likeliest, which is another agent: --deterministic audits it."
    )


def describe(fields: Fields) -> Description:
    """Returns what the fields of a file say of its policy.

    **Raises:** `UntrustedModelError` if they are broken, or do not determine what the policy computes.
    """
    actions, space = read_actions(fields), read_space(fields)
    family, extractor = _policy(fields)
    options = fields.data.get("policy_kwargs", {})
    if not isinstance(options, dict):
        fields.refuse("it is not a table", "policy_kwargs")
    activation, divides = family.activation, True
    for name, value in options.items():
        if name in (":type:", ":serialized:") or name in _WITHOUT_EFFECT:
            continue
        if name == "activation_fn":
            if not isinstance(value, str) or value not in ACTIVATIONS:
                fields.unsupported(f"the activation {quoted(value)} is not one of {sorted(ACTIVATIONS.values())}", name)
            activation = ACTIVATIONS[value]
        elif name == "features_extractor_class":
            if not isinstance(value, str) or value not in _EXTRACTORS:
                fields.unsupported(f"its features come from a class of its own, {quoted(value)}", name)
            extractor = _EXTRACTORS[value]
        elif name == "normalize_images":
            divides = fields.truth(value, name)
        elif name in ("use_sde", "squash_output"):
            if fields.truth(value, name) and family is not ARS:
                fields.unsupported("this option is for continuous actions", name)
        elif name == "lstm_kwargs":
            if str(value) not in ("None", "{}"):
                fields.unsupported(f"its LSTM has options of its own, {quoted(value)}", name)
        else:
            fields.unsupported(f"the policy option {quoted(name)} may change what it does", "policy_kwargs")
    description = Description(family, extractor, activation, space, divides, actions)
    if space.dictionary != (extractor == COMBINED):
        fields.unsupported("its observations and its features do not belong together", "observation_space")
    first = space.parts[0]
    if extractor == IMAGES and not (first.image or (len(first.shape) == 3 and not divides)):
        fields.unsupported("it sees a convolutional network but not images of bytes", "observation_space")
    return description


def _policy(fields: Fields) -> tuple[Family, str]:
    policy = fields.table("policy_class")
    module = str(policy.get("__module__"))[:100]
    written = re.match(r"<function ([A-Za-z0-9_]{1,100})\.__init__ at ", str(policy.get("__init__"))[:200])
    name = written.group(1) if written else "unnamed"
    if (module, name) not in POLICIES:
        fields.unsupported(
            f"its policy is {quoted(f'{module}.{name}')}, a class of its own; without running code the policies of "
            "Stable-Baselines3 and sb3-contrib are read: PPO, A2C, DQN, QR-DQN, TRPO, MaskablePPO, RecurrentPPO, ARS",
            "policy_class",
        )
    return POLICIES[module, name]
