"""The JSON of a Stable-Baselines3 file, read field by field with refusals that name the field.

Beside each pickled object the file holds a textual view of it: the name of a class, the shape of a space. These texts
are read where they say enough; else the instructions of the pickle are followed without running any, see
`pickled_arrays`.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any, NoReturn

from mesascope.agents.adapters.pickled_arrays import ANY_CLASS, read_pickled_arrays
from mesascope.agents.header import parse_json
from mesascope.core.errors import UntrustedModelError

TRUSTED: Mapping[str, str] = {
    "PPO": "stable_baselines3",
    "A2C": "stable_baselines3",
    "DQN": "stable_baselines3",
    "TRPO": "sb3_contrib",
    "QRDQN": "sb3_contrib",
    "MaskablePPO": "sb3_contrib",
}
"""Algorithms that their own package can load for an audit, and the package."""

_MAXIMUM_DIGITS = 9


class Fields:
    """The JSON of a file, and what of it is pickled.

    **Arguments:**

    - `data`: the member `data`.
    - `path`: the file, for messages.

    **Raises:** `UntrustedModelError` if it is no table.
    """

    def __init__(self, data: bytes, path: object):
        self.path = path
        found = parse_json(data, path=path, field="data")
        if not isinstance(found, dict):
            self.refuse("it is not a table", "data")
        self.data: dict[str, Any] = found

    def refuse(self, reason: str, field: str) -> NoReturn:
        """Raises the refusal of the file for what one of its fields says."""
        raise UntrustedModelError(f"{reason}.", path=self.path, field=field)

    def unsupported(self, reason: str, field: str) -> NoReturn:
        """Raises a refusal that says what else can be done, where something can."""
        raise UntrustedModelError(f"{reason}.{self.advice}", path=self.path, field=field)

    @property
    def advice(self) -> str:
        """What to do where the file does not determine what the policy computes; empty where nothing helps."""
        algorithm = self.algorithm
        if algorithm not in TRUSTED:
            return ""
        return (
            f" If the file is your own, load it with --trust-pickle: {TRUSTED[algorithm]}'s {algorithm} does it then, "
            "which runs code that is in the file."
        )

    @property
    def algorithm(self) -> str:
        """The class that wrote the file, told by what it says of itself; "another algorithm" if none is known."""
        of_policy = self.data.get("policy_class")
        module = str(of_policy.get("__module__"))[:200] if isinstance(of_policy, dict) else ""
        of_buffer = self.data.get("rollout_buffer_class")
        module += " " + (str(of_buffer.get("__module__"))[:200] if isinstance(of_buffer, dict) else "")
        for named, algorithm in (("maskable", "MaskablePPO"), ("recurrent", "RecurrentPPO"), ("qrdqn", "QRDQN")):
            if f".{named}." in module:
                return algorithm
        for field, algorithm in (
            ("n_delta", "ARS"),
            ("cg_max_steps", "TRPO"),
            ("clip_range", "PPO"),
            ("exploration_rate", "DQN"),
            ("target_entropy", "SAC"),
            ("target_policy_noise", "TD3"),
            ("normalize_advantage", "A2C"),
            ("gae_lambda", "A2C"),
        ):
            if field in self.data:
                return algorithm
        return "another algorithm"

    def table(self, name: str) -> dict[str, Any]:
        """Returns a field that must be a table."""
        found = self.data.get(name)
        if not isinstance(found, dict):
            self.refuse("it is missing, or not a table", name)
        return found

    def count(self, table: Mapping[str, Any], field: str, name: str, default: int | None = None) -> int:
        """Returns a whole number of a table, which versions of old may have left out."""
        if default is not None and name not in table:
            return default
        text = str(table.get(name))[: _MAXIMUM_DIGITS + 2]
        if not re.fullmatch(rf"[0-9]{{1,{_MAXIMUM_DIGITS}}}", text):
            self.refuse(f"'{name}' is not a whole number", field)
        return int(text)

    def truth(self, value: object, name: str) -> bool:
        """Returns the value of an option that is true or false."""
        if value not in (True, False, "True", "False"):
            self.refuse("it is neither true nor false", name)
        return value in (True, "True")

    def pickled(self, name: str) -> Any:
        """Returns what a pickled field describes, without running anything; `None` if there is no such field.

        **Raises:** `UntrustedModelError` if it cannot be followed.
        """
        table = self.data.get(name)
        if not isinstance(table, dict) or ":serialized:" not in table:
            return None
        try:
            content = base64.b64decode(str(table[":serialized:"]), validate=True)
        except (ValueError, binascii.Error):
            self.refuse("what is pickled in it is broken", name)
        return read_pickled_arrays(content, path=self.path, records=ANY_CLASS)
