"""Agents of the public class, each sound but for one thing."""
# ruff: noqa: NPY002

import sys

import numpy as np
from policies import right

from mesascope import Agent


class Sound(Agent):
    name, kind, memoryless = "sound", "function", True

    def initial_state(self, batch):
        return None

    def act(self, seen, state):
        return right(seen), None


def agent(title, /, **members):
    """Adds an agent that differs in these members."""
    globals()[title] = type(title, (Sound,), members)()


def _memory(self, seen, state):
    state = np.zeros(len(seen)) if state is None else state
    return np.where((state % 2 == 0)[:, None], [[0.0, 1.0]], [[1.0, 0.0]]), state + 1


def _hidden_memory(self, seen, state):
    self.calls = getattr(self, "calls", 0) + 1
    return np.where(self.calls % 2, right(seen), 1 - right(seen)), None


def _changing(self, seen, state):
    state[:] += 1
    return right(seen), state


agent("sound")
agent("says_memoryless_and_remembers", act=_hidden_memory)
agent("remembers", memoryless=False, initial_state=lambda self, batch: np.zeros(batch), act=_memory)
agent("remembers_from_nothing", memoryless=False, act=_memory)
agent("changes_its_state", memoryless=False, initial_state=lambda self, batch: np.zeros(batch), act=_changing)
agent("state_of_other_batch", memoryless=False, initial_state=lambda self, batch: np.zeros(batch + 1), act=_memory)
agent(
    "state_is_text", memoryless=False, initial_state=lambda self, batch: "state", act=lambda self, s, _: (right(s), "x")
)
agent("state_exits", initial_state=lambda self, batch: sys.exit(0))
agent("act_exits", act=lambda self, seen, state: sys.exit(0))
agent("act_exits_with_memory", memoryless=False, act=lambda self, seen, state: sys.exit(0))
agent("returns_no_pair", act=lambda self, seen, state: right(seen))
agent("returns_three", act=lambda self, seen, state: (right(seen), None, None))
agent("returns_none", act=lambda self, seen, state: None)
agent("returns_texts", act=lambda self, seen, state: ("right", None))
agent("draws", act=lambda self, seen, state: (np.eye(2)[np.random.randint(0, 2, len(seen))], None))
agent(
    "draws_with_memory",
    memoryless=False,
    act=lambda self, seen, state: (np.eye(2)[np.random.randint(0, 2, len(seen))], 0),
)
agent("other_count", actions=7)
agent("count_is_text", actions="two")
agent("count_of_names", actions=("left", "right"))
agent("name_none", name=None)
agent("name_number", name=7)
agent("name_escapes", name="\x1b[31msound\x07\u202e")
agent("name_long", name="sound" * 100_000)
agent("name_leads_out", name="../../outside/sound")
agent("kind_none", kind=None)
agent("kind_escapes", kind="\x1b[2Jfunction")
agent("notes_escape", notes=("\x1b[2Jnote", "\u202enote"))
agent("notes_none", notes=None)
agent("notes_text", notes="note")
agent("memoryless_none", memoryless=None)
agent("memoryless_text", memoryless="yes")
agent("memoryless_exits", memoryless=property(lambda self: sys.exit(0)))
agent("name_exits", name=property(lambda self: sys.exit(0)))

the_class = Sound
