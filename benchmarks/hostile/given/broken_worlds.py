"""Worlds that are not what they say: each differs from the sound one in one thing, after which it is named."""
# ruff: noqa: NPY002

import dataclasses
import os
import sys
import threading
import time

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from tiny_world import PLACES, Tiny

from mesascope.worlds.world import ObjectiveSpec, reach

NAN, INF = float("nan"), float("inf")


def with_arrays(title, /, **changes):
    """A world whose levels have one array changed."""

    class Broken(Tiny):
        def level(self, right):
            level = super().level(right)
            for field, change in changes.items():
                level = eqx.tree_at(lambda one, field=field: getattr(one, field), level, change(getattr(level, field)))
            return level

    globals()[title] = dataclasses.dataclass(frozen=True)(Broken)


with_arrays("sum_seven", probabilities=lambda p: p * 0.7)
with_arrays("sum_thirteen", probabilities=lambda p: p * 1.3)
with_arrays("sum_off_one_state", probabilities=lambda p: p.at[1, 0, 0].set(0.999))
with_arrays("probability_negative", probabilities=lambda p: p.at[1, 0, 0].set(-1.0))
with_arrays("probability_nan", probabilities=lambda p: p.at[2, 1, 0].set(NAN))
with_arrays("probability_infinite", probabilities=lambda p: p.at[2, 1, 0].set(INF))
with_arrays("initial_two", initial=lambda p: p * 2)
with_arrays("initial_nothing", initial=lambda p: p * 0)
with_arrays("initial_negative", initial=lambda p: p.at[0].set(-0.5).at[1].set(1.0))
with_arrays("initial_nan", initial=lambda p: p.at[1].set(NAN))
with_arrays("initial_at_end", initial=lambda p: p.at[3].set(0.5).at[1].set(0.0))
with_arrays("attribute_nan", attributes=lambda a: a.at[1, 0, 0, 0].set(NAN))
with_arrays("attribute_infinite", attributes=lambda a: a.at[1, 0, 0, 1].set(INF))
with_arrays("attribute_minus_infinite", attributes=lambda a: a.at[2, 0, 0, 1].set(-INF))
with_arrays("successor_beyond", successors=lambda s: s.at[1, 0, 0].set(PLACES))
with_arrays("successor_far_beyond", successors=lambda s: s.at[1, 0, 0].set(2**31 - 1))
with_arrays("successor_negative", successors=lambda s: s.at[1, 0, 0].set(-1))
with_arrays("successor_fraction", successors=lambda s: s + 0.5)
with_arrays("discount_one", discount=lambda d: d * 0 + 1)
with_arrays("discount_two", discount=lambda d: d * 0 + 2)
with_arrays("discount_zero", discount=lambda d: d * 0)
with_arrays("discount_negative", discount=lambda d: -d)
with_arrays("discount_nan", discount=lambda d: d * NAN)
with_arrays("terminal_numbers", terminal=lambda t: t * 2.0)
with_arrays("nothing_reachable", reachable=lambda r: r & False)
with_arrays("one_unreachable", reachable=lambda r: r.at[2].set(False))
with_arrays("three_actions", successors=lambda s: jnp.concatenate([s, s[:, :1]], 1))
with_arrays("three_attributes", attributes=lambda a: jnp.concatenate([a, a[..., :1]], -1))
with_arrays("initial_short", initial=lambda p: p[:-1])
with_arrays("never_ends_nor_pays", attributes=lambda a: a * 0)


def with_method(title, /, **members):
    """A world with one member replaced."""
    globals()[title] = dataclasses.dataclass(frozen=True)(type(title, (Tiny,), members))


def _counted(start=[0]):  # noqa: B006 - a counter that lives on, as careless code has it
    start[0] += 1
    return start[0]


def _anew(self, *, key, distribution, count):
    keys = jax.random.split(jax.random.key(int(np.random.randint(2**31))), count)
    return jax.vmap(lambda one: self.one(one, "deploy"))(keys)


def _counting(self, *, key, distribution, count):
    return jax.vmap(lambda one: self.level(jnp.array(_counted() % 2 == 0)))(jax.random.split(key, count))


def _fewer(self, *, key, distribution, count):
    return Tiny.sample(self, key=key, distribution=distribution, count=max(1, count // 2))


def _more(self, *, key, distribution, count):
    return Tiny.sample(self, key=key, distribution=distribution, count=count + 1)


def _seen_anew(self, level, state):
    return Tiny.observe(self, level, state) + np.random.rand()


def _seen_with(value):
    return lambda self, level, state: Tiny.observe(self, level, state).at[0].set(value)


def _printing(self, *, key, distribution, count):
    print("the world prints")
    os.write(1, b"the world writes\n")
    os.system("echo the world echoes")
    return Tiny.sample(self, key=key, distribution=distribution, count=count)


def _with_thread(self, *, key, distribution, count):
    threading.Thread(target=lambda: [print("from a thread") or time.sleep(0.02) for _ in range(50)]).start()
    return Tiny.sample(self, key=key, distribution=distribution, count=count)


with_method("samples_anew", sample=_anew)
with_method("samples_counting", sample=_counting)
with_method("samples_fewer", sample=_fewer)
with_method("samples_more", sample=_more)
with_method("samples_none", sample=lambda self, **_: None)
with_method("samples_text", sample=lambda self, **_: "level")
with_method("samples_table", sample=lambda self, **_: {"successors": 1})
with_method("samples_one", sample=lambda self, *, key, distribution, count: self.one(key, distribution))
with_method("observes_anew", observe=_seen_anew)
with_method("shows_nan", observe=_seen_with(NAN))
with_method("shows_infinite", observe=_seen_with(INF))
with_method("shows_text", observe=lambda self, level, state: "a place")
with_method("shows_none", observe=lambda self, level, state: None)
with_method("shows_other_shape", observe=lambda self, level, state: jnp.zeros((2, 2)))
with_method("shape_lies", observation_shape=property(lambda self: (7,)))
with_method("shape_is_text", observation_shape=property(lambda self: "five"))
with_method("shape_is_none", observation_shape=property(lambda self: None))
with_method("shape_is_vast", observation_shape=property(lambda self: (10**6, 10**6)))
with_method("prints", sample=_printing)
with_method("prints_from_a_thread", sample=_with_thread)
with_method("shows_all_alike", observe=lambda self, level, state: jnp.zeros(PLACES + 1))
with_method("no_objectives", objectives=())
with_method("objectives_are_text", objectives="goal")
with_method("objectives_twice", objectives=(reach("goal"), reach("goal")))
with_method("objective_unknown_attribute", objectives=(reach("goal"), reach("gaol")))
with_method("objective_nan", objectives=(ObjectiveSpec("goal", {"goal": NAN}, ("goal",)), reach("trap")))
with_method("objective_infinite", objectives=(ObjectiveSpec("goal", {"goal": INF}, ("goal",)), reach("trap")))
with_method("objective_text", objectives=(ObjectiveSpec("goal", {"goal": "1"}, ("goal",)), reach("trap")))
with_method("objective_unknown_stop", objectives=(ObjectiveSpec("goal", {"goal": 1.0}, ("gaol",)), reach("trap")))
with_method("base_unknown", base_objective="gaol")
with_method("base_none", base_objective=None)
with_method("no_actions", actions=())
with_method("three_names_of_actions", actions=("left", "right", "up"))
with_method("actions_twice", actions=("left", "left"))
with_method("attributes_twice", attributes=("goal", "goal"))
with_method("no_attributes", attributes=())
with_method("no_distributions", distributions=())
with_method("one_distribution", distributions=("train",))
with_method("distributions_are_text", distributions="train")
with_method("name_none", name=None)
with_method("name_escapes", name="\x1b[31mtiny\x07\u202e")
with_method("name_long", name="tiny" * 100_000)
with_method("name_leads_out", name="../../outside/tiny")
with_method("action_escapes", actions=("\x1b[31mleft", "right\x07"))
with_method("attribute_escapes", attributes=("goal", "\x1b[2Jtrap"), objectives=(reach("goal"), reach("\x1b[2Jtrap")))
with_method("format_number", format=lambda self, level, state=None: 7)
with_method("format_escapes", format=lambda self, level, state=None: "\x1b[2J..G\n\x1b[31m")
with_method("format_long", format=lambda self, level, state=None: "." * 10**7)
with_method("position_text", position=lambda self, level, state: "here")
with_method("position_beyond", position=lambda self, level, state: (10**9, -5))
with_method("distinct_negative", distinct_levels=lambda self, distribution: -3)
with_method("distinct_text", distinct_levels=lambda self, distribution: "many")
with_method("legend_escapes", legend={"#": "\x1b[31mwall", ".": "floor"})
with_method("options_text", options=lambda self: "size=3")
with_method("options_nan", options=lambda self: {"discount": NAN})

an_instance = Tiny()
a_number = 7
a_function = lambda: Tiny()  # noqa: E731


class NotAWorld:
    """Not a world."""


class Unfrozen(Tiny):
    """Not a dataclass of its own, with a constructor that wants something."""

    def __init__(self, size):
        pass


class Own(BaseException):
    """An exception that nobody catches by accident."""


class Silent(Exception):
    """An exception whose text cannot be asked for."""

    def __str__(self):
        raise RuntimeError("no text")


def _raises(error):
    def leave():
        raise error

    return leave


def _deep():
    return _deep()


WAYS = {
    "exit": lambda: sys.exit(0),
    "exit_text": lambda: sys.exit("\x1b[31mall is well"),
    "os_exit": lambda: os._exit(0),
    "interrupt": _raises(KeyboardInterrupt()),
    "own": _raises(Own("mine")),
    "generator_exit": _raises(GeneratorExit()),
    "recursion": _deep,
    "memory": _raises(MemoryError()),
    "stop": _raises(StopIteration()),
    "value": _raises(ValueError("\x1b[31m" + "long " * 200_000)),
    "silent": _raises(Silent()),
}


def _leaving(method, way):
    def leave(self, *arguments, **options):
        return WAYS[way]()

    with_method(f"{method}_{way}", **{method: property(leave) if method == "observation_shape" else leave})


METHODS = (
    "sample",
    "observe",
    "observation_shape",
    "__post_init__",
    "parse",
    "format",
    "position",
    "distinct_levels",
    "check_distribution",
    "observe_states",
    "options",
)
for _method in METHODS:
    for _way in WAYS:
        _leaving(_method, _way)
