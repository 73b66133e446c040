"""What a Stable-Baselines3 file says about its policy, as far as plain text tells it.

Beside each pickled object the file holds a textual view of it: the name of a class, the shape of a space. These
texts are all that is read. They decide nothing that the shapes of the tensors do not have to agree with.
"""

from __future__ import annotations

import ast
import math
import re
from dataclasses import dataclass
from typing import Any, NoReturn

from mesascope.agents.header import MAXIMUM_ACTIONS, MAXIMUM_OBSERVATION, parse_json
from mesascope.core.errors import UntrustedModelError

TRUST = "If the file is your own (PPO, A2C or DQN), load it with --trust-pickle, which runs code that is in the file."
"""What to do where plain text is not enough."""

POLICIES: dict[tuple[str, str], tuple[str, bool]] = {
    ("stable_baselines3.common.policies", "ActorCriticPolicy"): ("actor-critic", False),
    ("stable_baselines3.common.policies", "ActorCriticCnnPolicy"): ("actor-critic", True),
    ("stable_baselines3.dqn.policies", "DQNPolicy"): ("DQN", False),
    ("stable_baselines3.dqn.policies", "CnnPolicy"): ("DQN", True),
}
"""Policy classes that are understood: the family of algorithms, and whether images are convolved."""

ACTIVATIONS: dict[str, str] = {
    "<class 'torch.nn.modules.activation.Tanh'>": "tanh",
    "<class 'torch.nn.modules.activation.ReLU'>": "relu",
    "<class 'torch.nn.modules.activation.ELU'>": "elu",
    "<class 'torch.nn.modules.activation.SiLU'>": "silu",
    "<class 'torch.nn.modules.activation.LeakyReLU'>": "leaky-relu",
}
"""Nonlinearities that are understood, by the text of their class."""

_EXTRACTORS: dict[str, bool] = {
    "<class 'stable_baselines3.common.torch_layers.FlattenExtractor'>": False,
    "<class 'stable_baselines3.common.torch_layers.NatureCNN'>": True,
}
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
)
_MAXIMUM_DIGITS = 9


@dataclass(frozen=True)
class Description:
    """A policy of Stable-Baselines3.

    **Arguments:**

    - `family`: `"actor-critic"` (PPO, A2C) or `"DQN"`.
    - `convolutional`: whether its features are those of the "Nature CNN" (Mnih et al. 2015).
    - `activation`: a value of `ACTIVATIONS`.
    - `states`: number of values of a discrete observation, `None` for an array.
    - `shape`: of one observation, as the policy sees it: channels first for images; `()` if it is discrete.
    - `image`: whether Stable-Baselines3 takes it for an image of bytes.
    - `divides`: whether it divides images by 255.
    - `actions`: how many there are.
    - `notes`: what a reader must know.
    """

    family: str
    convolutional: bool
    activation: str
    states: int | None
    shape: tuple[int, ...]
    image: bool
    divides: bool
    actions: int
    notes: tuple[str, ...]

    @property
    def inputs(self) -> int:
        """How many numbers the flattened observation has."""
        return self.states if self.states is not None else math.prod(self.shape)


class _Fields:
    """The JSON of the file, read field by field with refusals that name the field."""

    def __init__(self, data: Any, path: object):
        self.path = path
        if not isinstance(data, dict):
            self.refuse("it is not a table", "data")
        self.data: dict[str, Any] = data

    def refuse(self, reason: str, field: str) -> NoReturn:
        raise UntrustedModelError(f"{reason}.", path=self.path, field=field)

    def unsupported(self, reason: str, field: str) -> NoReturn:
        raise UntrustedModelError(f"{reason}. {TRUST}", path=self.path, field=field)

    def table(self, name: str) -> dict[str, Any]:
        found = self.data.get(name)
        if not isinstance(found, dict):
            self.refuse("it is missing, or not a table", name)
        return found

    def count(self, table: dict[str, Any], field: str, name: str) -> int:
        text = str(table.get(name))[: _MAXIMUM_DIGITS + 2]
        if not re.fullmatch(rf"[0-9]{{1,{_MAXIMUM_DIGITS}}}", text):
            self.refuse(f"'{name}' is not a whole number", field)
        return int(text)


def describe(data: bytes, *, path: object) -> Description:
    """Returns what the member `data` of a Stable-Baselines3 file says in plain text.

    **Arguments:**

    - `data`: the member.
    - `path`: the file, for messages.

    **Raises:** `UntrustedModelError` if it is broken, or describes a policy that plain text does not determine.
    """
    fields = _Fields(parse_json(data, path=path, field="data"), path)
    family, convolutional = _policy(fields)
    options = fields.data.get("policy_kwargs", {})
    if not isinstance(options, dict):
        fields.refuse("it is not a table", "policy_kwargs")
    activation = "relu" if family == "DQN" else "tanh"
    divides = True
    for name, value in options.items():
        if name in (":type:", ":serialized:") or name in _WITHOUT_EFFECT:
            continue
        if name == "activation_fn":
            if not isinstance(value, str) or value not in ACTIVATIONS:
                fields.unsupported(
                    f"the activation {str(value)[:100]} is not one of {sorted(ACTIVATIONS.values())}", name
                )
            activation = ACTIVATIONS[value]
        elif name == "features_extractor_class":
            if not isinstance(value, str) or value not in _EXTRACTORS:
                fields.unsupported(f"its features come from a class of its own, {str(value)[:100]}", name)
            convolutional = _EXTRACTORS[value]
        elif name == "normalize_images":
            divides = _truth(value, fields, name)
        elif name in ("use_sde", "squash_output"):
            if _truth(value, fields, name):
                fields.unsupported("this option is for continuous actions", name)
        else:
            fields.unsupported(f"the policy option '{name[:100]}' may change what it does", "policy_kwargs")
    actions = fields.table("action_space")
    if _space(actions) != "Discrete":
        fields.refuse(f"its actions are a {_space(actions)} space; only Discrete can be audited", "action_space")
    count = fields.count(actions, "action_space", "n")
    if not 1 <= count <= MAXIMUM_ACTIONS or fields.count(actions, "action_space", "start") != 0:
        fields.refuse("it has an impossible number of actions, or does not begin at 0", "action_space")
    states, shape, image, notes = _observation(fields)
    if convolutional and not image:
        fields.unsupported("it sees a convolutional network but not images of bytes", "observation_space")
    return Description(family, convolutional, activation, states, shape, image, divides, count, notes)


def _policy(fields: _Fields) -> tuple[str, bool]:
    policy = fields.table("policy_class")
    module = str(policy.get("__module__"))[:100]
    written = re.match(r"<function ([A-Za-z0-9_]{1,100})\.__init__ at ", str(policy.get("__init__"))[:200])
    name = written.group(1) if written else "unnamed"
    if (module, name) not in POLICIES:
        known = ", ".join(f"{known_module}.{known_name}" for known_module, known_name in POLICIES)
        fields.unsupported(f"its policy is {module}.{name}; without running code only {known} are read", "policy_class")
    return POLICIES[module, name]


def _truth(value: object, fields: _Fields, name: str) -> bool:
    if value not in (True, False, "True", "False"):
        fields.refuse("it is neither true nor false", name)
    return value in (True, "True")


def _space(table: dict[str, Any]) -> str:
    found = re.fullmatch(r"<class 'gym(?:nasium)?\.spaces\.[a-z_]+\.([A-Za-z]{1,30})'>", str(table.get(":type:"))[:100])
    return found.group(1) if found else "unknown"


def _observation(fields: _Fields) -> tuple[int | None, tuple[int, ...], bool, tuple[str, ...]]:
    name = "observation_space"
    table = fields.table(name)
    kind = _space(table)
    if kind == "Discrete":
        states = fields.count(table, name, "n")
        if not 1 <= states <= MAXIMUM_OBSERVATION or fields.count(table, name, "start") != 0:
            fields.refuse("it has an impossible number of values, or does not begin at 0", name)
        return states, (), False, ()
    if kind != "Box":
        fields.refuse(f"its observations are a {kind} space; Box and Discrete are read", name)
    shape = table.get("_shape")
    if isinstance(shape, str) and len(shape) <= 100:
        try:
            shape = ast.literal_eval(shape)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            shape = None
    if not isinstance(shape, list | tuple) or not all(type(size) is int and size > 0 for size in shape):
        fields.refuse("its shape is not a list of whole numbers", name)
    if len(shape) > 8 or math.prod(shape) > MAXIMUM_OBSERVATION:
        fields.refuse(f"one observation has more than {MAXIMUM_OBSERVATION:,} numbers", name)
    image = len(shape) == 3 and table.get("dtype") == "uint8"
    notes: tuple[str, ...] = ()
    if image:
        image = _all(table.get("low"), "0") and _all(table.get("high"), "255")
        if image and "..." in str(table.get("low")):
            notes = (
                "The bounds of its image observations are abridged in the file; they are taken to be 0 and 255 "
                "throughout.",
            )
    return None, tuple(shape), image, notes


def _all(text: object, number: str) -> bool:
    """Says whether the text of an array shows nothing but one number."""
    return isinstance(text, str) and set(re.findall(r"[^\s\[\]]+", text)) - {"..."} == {number}
