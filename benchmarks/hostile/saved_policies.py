"""Cases of the description inside files of Stable-Baselines3: fields that are malformed, of every sort."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Callable, Iterable

from hostile.archives import members_of, packed, with_member
from hostile.case import REFUSED, UNTRUSTED, Case, words
from hostile.mangling import BROKEN, ESCAPE, LONG, WRONG, paths
from hostile.model_files import RUNS, Change, on, written


def with_data(change: Callable[[dict], None]) -> Change:
    """Returns the change of the description in a file of Stable-Baselines3."""

    def apply(content: bytes) -> bytes:
        data = json.loads(content)
        change(data)
        return json.dumps(data).encode()

    return with_member("data", apply)


def _space(name: str, **fields: object) -> Change:
    return with_data(lambda data: data[name].update(fields))


DATA: dict[str, Change] = {
    "actions-text": _space("action_space", n="five"),
    "actions-negative": _space("action_space", n="-5"),
    "actions-vast": _space("action_space", n="9" * 30),
    "actions-digits": _space("action_space", n="9" * 5000),
    "actions-zero": _space("action_space", n="0"),
    "actions-number": _space("action_space", n=10**400),
    "actions-list": _space("action_space", n=[5]),
    "actions-arabic": _space("action_space", n="\u0665"),
    "start-escapes": _space("action_space", start=ESCAPE),
    "type-escapes": _space("action_space", **{":type:": f"<class '{ESCAPE}'>"}),
    "type-long": _space("action_space", **{":type:": LONG}),
    "type-continuous": _space("action_space", **{":type:": "<class 'gymnasium.spaces.box.Box'>"}),
    "space-null": with_data(lambda data: data.update(observation_space=None)),
    "space-list": with_data(lambda data: data.update(action_space=[])),
    "space-gone": with_data(lambda data: data.pop("observation_space") and None),
    "low-deep": _space("observation_space", low="[" * 5000 + "0" + "]" * 5000),
    "low-deep-100000": _space("observation_space", low="[" * 100_000, high="[" * 100_000),
    "low-code": _space("observation_space", low="__import__('os').system('echo x > $HOSTILE_CANARY')"),
    "low-vast": _space("observation_space", low="[" + "0. " * 10**6 + "]"),
    "low-nan": _space("observation_space", low="nan", high="inf"),
    "low-escapes": _space("observation_space", low=ESCAPE),
    "low-number": _space("observation_space", low=0),
    "shape-vast": _space("observation_space", _shape=[10**6, 10**6]),
    "dtype-escapes": _space("observation_space", dtype=ESCAPE),
    "dtype-long": _space("observation_space", dtype=LONG),
    "dtype-object": _space("observation_space", dtype="object"),
    "policy-null": with_data(lambda data: data.update(policy_class=None)),
    "policy-text": with_data(lambda data: data.update(policy_class="MlpPolicy")),
    "policy-module-escapes": with_data(lambda data: data["policy_class"].update(__module__=ESCAPE)),
    "policy-module-evil": with_data(lambda data: data["policy_class"].update(__module__="evil", __doc__=LONG)),
    "policy-type-long": with_data(lambda data: data["policy_class"].update({":type:": LONG})),
    "kwargs-list": with_data(lambda data: data.update(policy_kwargs=[])),
    "kwargs-escapes": with_data(lambda data: data.update(policy_kwargs={ESCAPE: ESCAPE})),
    "kwargs-long": with_data(lambda data: data.update(policy_kwargs={LONG: LONG})),
    "kwargs-activation-escapes": with_data(lambda data: data.update(policy_kwargs={"activation_fn": ESCAPE})),
    "kwargs-activation-code": with_data(
        lambda data: data.update(policy_kwargs={"activation_fn": "<class 'evil.Act'>"})
    ),
    "kwargs-net-arch-vast": with_data(lambda data: data.update(policy_kwargs={"net_arch": [10**9]})),
    "kwargs-normalize-text": with_data(lambda data: data.update(policy_kwargs={"normalize_images": "yes"})),
    "use-sde-text": with_data(lambda data: data.update(use_sde="yes")),
    "use-sde": with_data(lambda data: data.update(use_sde=True)),
    "deep-value": with_member("data", lambda content: content.rstrip()[:-1] + b', "zzz": ' + b"[" * 100_000 + b"}"),
    "serialized-evil": with_data(
        lambda data: data["policy_class"].update({":serialized:": base64.b64encode(RUNS).decode()})
    ),
}


HARMLESS = words(
    "low-nan start-escapes dtype-escapes serialized-evil policy-type-long low-vast shape-vast low-number dtype-long "
    "dtype-object low-escapes low-code low-deep low-deep-100000 kwargs-net-arch-vast policy-module-evil use-sde "
    "use-sde-text"
)
"""These leave the policy as it is: it may be refused, or audited like the sound one."""


def cases() -> Iterable[Case]:
    """Every case of this module."""
    for name, change in DATA.items():
        exits = REFUSED | {0, 1, 3} if name in HARMLESS else REFUSED
        yield Case(
            "files", f"zip-data-{name}", on("ppo.zip"), written("ppo.zip", "ppo.zip", change), exits, refusal=True
        )
    for name in words("deep-lists digits-5000 nan doubled-new-name half-pair many-names text-50-mb utf-16"):
        change = with_member("data", lambda _, name=name: BROKEN[name](b'{"policy_class": {}}'))
        build = written("ppo.zip", "ppo.zip", change)
        yield Case("files", f"zip-data-{name}", on("ppo.zip"), build, UNTRUSTED, refusal=True)
    for number in range(24):
        file = "ppo.zip" if number % 2 else "dqn.zip"
        exits = REFUSED | {0, 1, 3}
        yield Case("files", f"zip-field-{number}", on(file), written(file, file, _other_field), exits)


_READ = ("policy_class", "policy_kwargs", "observation_space", "action_space", "use_sde")


def _other_field(sound: bytes, rng: random.Random) -> bytes:
    members = members_of(sound)
    data = json.loads(members["data"])
    # The long texts in which methods are listed say nothing.
    ways = [way for way in paths(data) if way[0] in _READ and len(way) < 3 and not str(way[-1]).startswith("_")]
    way = rng.choice(ways)
    holder = data
    for step in way[:-1]:
        holder = holder[step]
    holder[way[-1]] = WRONG[rng.choice(sorted(WRONG))](holder[way[-1]])
    return packed({**members, "data": json.dumps(data).encode()})
