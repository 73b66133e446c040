"""Policies for the world of four places: one that is sound, and others that are not, each named after its fault."""
# ruff: noqa: NPY002

import ctypes
import logging
import os
import random
import subprocess
import sys
import threading
import time

import numpy as np


def right(seen):
    answers = np.zeros((len(seen), 2))
    answers[:, 1] = 1
    return answers


def single(seen):
    return right(seen).astype(np.float32)


def half(seen):
    return np.full((len(seen), 2), 0.5, np.float16)


def half_thirds(seen):
    answers = np.empty((len(seen), 2), np.float16)
    answers[:] = (1 / 3, 2 / 3)
    return answers


def lists(seen):
    return right(seen).tolist()


def whole(seen):
    return right(seen).astype(np.int64)


def booleans(seen):
    return right(seen).astype(bool)


def of_jax(seen):
    import jax.numpy as jnp

    return jnp.asarray(right(seen))


def _chosen(first):
    return np.where(np.asarray(first, bool)[:, None], [[1.0, 0.0]], [[0.0, 1.0]])


# ---- not the same answer for the same question

_calls = [0]


def counts_calls(seen):
    _calls[0] += 1
    return _chosen(np.full(len(seen), _calls[0] % 2))


def counts_rows(seen):
    _calls[0] += len(seen)
    return _chosen(np.full(len(seen), _calls[0] % 3 == 0))


def later_other(seen):
    _calls[0] += 1
    return _chosen(np.full(len(seen), _calls[0] > 1))


def draws(seen):
    return _chosen(np.random.rand(len(seen)) < 0.5)


def draws_a_little(seen):
    share = 0.3 + 0.01 * np.random.rand(len(seen))
    return np.stack([share, 1 - share], -1)


def draws_plain(seen):
    return _chosen([random.random() < 0.5 for _ in seen])


def draws_generator(seen, generator=np.random.default_rng(0)):  # noqa: B008
    return _chosen(generator.random(len(seen)) < 0.5)


def by_place(seen):
    return _chosen(np.arange(len(seen)) % 2)


def by_place_from_end(seen):
    return _chosen(np.arange(len(seen))[::-1] % 2)


def by_size(seen):
    return _chosen(np.full(len(seen), len(seen) % 2))


def by_large_size(seen):
    return _chosen(np.full(len(seen), len(seen) > 3))


def by_first_row(seen):
    return _chosen(np.full(len(seen), np.argmax(seen[0]) % 2))


def by_mean_of_batch(seen):
    return _chosen(np.asarray(seen)[:, 1] > np.asarray(seen)[:, 1].mean())


def by_normalised_batch(seen):
    seen = np.asarray(seen, float)
    scaled = (seen - seen.mean(0)) / (seen.std(0) + 1e-3)
    share = 1 / (1 + np.exp(-scaled[:, 1]))
    return np.stack([share, 1 - share], -1)


def by_clock(seen):
    return _chosen(np.full(len(seen), (time.perf_counter_ns() // 1000) % 2))


_known = {}


def remembers(seen):
    rows = [row.tobytes() for row in np.asarray(seen)]
    answers = [_known.get(row, 0) % 2 for row in rows]
    for row in rows:
        _known[row] = _known.get(row, 0) + 1
    return _chosen(answers)


# ---- prints


def prints(seen):
    print("the policy prints")
    return right(seen)


def writes(seen):
    os.write(1, b"the policy writes\n")
    return right(seen)


def echoes(seen):
    os.system("echo the policy echoes")
    return right(seen)


def runs(seen):
    subprocess.run([sys.executable, "-c", "print('a child prints')"], check=True)
    return right(seen)


def prints_to_original(seen):
    print("the policy prints", file=sys.__stdout__, flush=True)
    return right(seen)


def puts(seen):
    library = ctypes.CDLL(None)
    library.puts(b"the policy puts")
    library.fflush(None)
    return right(seen)


def puts_unflushed(seen):
    ctypes.CDLL(None).puts(b"the policy puts")
    return right(seen)


def logs(seen):
    logging.basicConfig(stream=sys.stdout, level=logging.INFO, force=True)
    logging.info("the policy logs")
    return right(seen)


def prints_late(seen):
    threading.Timer(0.3, lambda: print("late")).start()
    return right(seen)


def prints_at_exit(seen):
    import atexit

    atexit.register(print, "at the end")
    return right(seen)


def prints_much(seen):
    print("much " * 100_000)
    return right(seen)


# ---- handles the process roughly


def closes_output(seen):
    sys.stdout.close()
    return right(seen)


def closes_descriptor(seen):
    os.close(1)
    return right(seen)


def removes_error(seen):
    sys.stderr = None
    return right(seen)


def removes_output(seen):
    sys.stdout = None
    return right(seen)


def changes_folder(seen):
    os.chdir("../outside")
    return right(seen)


def numpy_raises(seen):
    np.seterr(all="raise")
    return right(seen)


def seeds_numpy(seen):
    np.random.seed(0)
    return right(seen)


def warnings_raise(seen):
    import warnings

    warnings.simplefilter("error")
    return right(seen)


def warns(seen):
    import warnings

    warnings.warn("the policy warns", stacklevel=1)
    return right(seen)


def shallow(seen):
    sys.setrecursionlimit(max(60, len(sys._current_frames()) + 120))
    return right(seen)


def ignores_interrupts(seen):
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return right(seen)


def alters_input(seen):
    seen[:] = 7
    return right(seen)


def alters_input_first(seen):
    answers = _chosen(np.asarray(seen)[:, 0] > 0.5)
    seen *= 0
    return answers


def returns_view(seen):
    return np.asarray(seen)[:, 1:3]


def same_array(seen, kept={}):  # noqa: B006
    array = kept.setdefault(len(seen), right(seen))
    array[:, 0], array[:, 1] = 0.5, 0.5
    return array


def aborts(seen):
    os.abort()


def kills_itself(seen):
    os.kill(os.getpid(), 9)


# ---- answers that are no policy

RETURNS = {
    "nothing": lambda seen: None,
    "text": lambda seen: "right",
    "bytes_": lambda seen: b"right",
    "texts": lambda seen: ["right"] * len(seen),
    "a_table": lambda seen: {"right": 1.0},
    "a_generator": lambda seen: (row for row in right(seen)),
    "a_number": lambda seen: 0.5,
    "actions": lambda seen: np.ones(len(seen), int),
    "three": lambda seen: np.full((len(seen), 3), 1 / 3),
    "one_column": lambda seen: np.ones((len(seen), 1)),
    "deep": lambda seen: right(seen)[..., None],
    "turned": lambda seen: right(seen).T,
    "one_row": lambda seen: np.array([[0.0, 1.0]]),
    "no_rows": lambda seen: np.zeros((0, 2)),
    "more_rows": lambda seen: np.concatenate([right(seen), right(seen)]),
    "a_pair": lambda seen: (right(seen), None),
    "objects": lambda seen: right(seen).astype(object),
    "object_none": lambda seen: np.full((len(seen), 2), None),
    "complex_": lambda seen: right(seen) * (1 + 1j),
    "digits": lambda seen: right(seen).astype(str),
    "dates": lambda seen: np.zeros((len(seen), 2), "datetime64[s]"),
    "records": lambda seen: np.zeros(len(seen), [("left", float), ("right", float)]),
    "nan": lambda seen: right(seen) * np.nan,
    "one_nan": lambda seen: np.where(np.arange(len(seen) * 2).reshape(-1, 2) == 0, np.nan, right(seen)),
    "infinite": lambda seen: right(seen) * np.inf,
    "negative": lambda seen: np.stack([-np.ones(len(seen)), 2 * np.ones(len(seen))], -1),
    "logits": lambda seen: right(seen) * 5 - 2,
    "nine_tenths": lambda seen: right(seen) * 0.9,
    "eleven_tenths": lambda seen: right(seen) * 1.1,
    "zeros": lambda seen: right(seen) * 0,
    "vast": lambda seen: np.broadcast_to(np.float32(0.5), (len(seen), 10**10)),
    "masked": lambda seen: np.ma.masked_array(right(seen), mask=True),
    "ragged": lambda seen: [[0.5, 0.5], [1.0]] * len(seen),
    "itself": lambda seen: (lambda own: (own.append(own), own)[1])([]),
    "a_class": lambda seen: dict,
    "the_module": lambda seen: np,
}
for _name, _answer in RETURNS.items():
    globals()[f"returns_{_name}"] = _answer


class Hostile:
    """An answer that acts when it is looked at."""

    def __init__(self, act):
        self.act = act

    def __array__(self, *arguments, **options):
        return self.act()

    def __len__(self):
        return self.act()


class Array(np.ndarray):
    """An array that lies about itself."""

    def __array_finalize__(self, other):
        pass

    def sum(self, *arguments, **options):
        return np.ones(len(self))

    def min(self, *arguments, **options):
        return 0.0


def returns_lying_array(seen):
    return (right(seen) * 0.5).view(Array)


# ---- leaves


class Own(BaseException):
    """An exception that nobody catches by accident."""


class Silent(Exception):
    """An exception whose text cannot be asked for."""

    def __str__(self):
        sys.exit(0)


class Renamed(Exception):
    """An exception with a name that steers a terminal."""


Renamed.__name__ = "\x1b[31mRenamed"


def _raising(error):
    def leave():
        raise error

    return leave


def _deep():
    return _deep()


def _in_thread():
    thread = threading.Thread(target=sys.exit, args=(0,))
    thread.start()
    thread.join()
    raise ValueError("after the thread")


WAYS = {
    "exit": lambda: sys.exit(0),
    "exit_none": lambda: sys.exit(),
    "exit_text": lambda: sys.exit("\x1b[31mfine"),
    "exit_builtin": lambda: exit(0),
    "os_exit": lambda: os._exit(0),
    "exec": lambda: os.execv("/bin/true", ["true"]),
    "execvp": lambda: os.execvp("true", ["true"]),
    "interrupt": _raising(KeyboardInterrupt()),
    "own": _raising(Own("mine")),
    "generator_exit": _raising(GeneratorExit()),
    "cancelled": lambda: _cancelled(),
    "recursion": _deep,
    "memory": _raising(MemoryError()),
    "memory_really": lambda: np.ones((2**20, 2**40)),
    "stop": _raising(StopIteration()),
    "assertion": _raising(AssertionError()),
    "value": _raising(ValueError("\x1b[31m" + "long " * 500_000)),
    "lines": _raising(ValueError("one\ntwo\r\x1b[2Jthree\u202e\u2028four")),
    "silent": _raising(Silent()),
    "renamed": _raising(Renamed("x")),
    "unicode": _raising(UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad")),
    "surrogate": _raising(ValueError("half \ud800 pair")),
    "broken_pipe": _raising(BrokenPipeError("gone")),
    "timeout": _raising(TimeoutError()),
    "system_error": _raising(SystemError("fault")),
    "group": _raising(ExceptionGroup("many", [ValueError("a"), KeyError("b")])),
    "base_group": _raising(BaseExceptionGroup("many", [KeyboardInterrupt()])),
    "thread": _in_thread,
    "import": lambda: __import__("a_package_that_nobody_has"),
    "usage": lambda: _usage(),
}


def _cancelled():
    import asyncio

    raise asyncio.CancelledError


def _usage():
    # What a careless wrapper of ours might raise.
    import argparse

    argparse.ArgumentParser().parse_args(["--nonsense"])


def _leaving(way, after):
    calls = [0]

    def policy(seen):
        calls[0] += 1
        if calls[0] > after:
            WAYS[way]()
        return right(seen)

    return policy


for _way in WAYS:
    globals()[f"leaves_{_way}"] = _leaving(_way, 0)
    # An audit of a small world may ask no more than three times.
    globals()[f"leaves_late_{_way}"] = _leaving(_way, 2)

returns_hostile_exit = lambda seen: Hostile(lambda: sys.exit(0))  # noqa: E731
returns_hostile_raise = lambda seen: Hostile(_raising(RuntimeError("no array")))  # noqa: E731
returns_hostile_text = lambda seen: Hostile(lambda: "array")  # noqa: E731

# ---- things that cannot be called as a policy is

a_number = 3
a_text = "policy"
nothing = None


class Policy:
    """A class, not an instance."""

    def __call__(self, seen):
        return right(seen)


class Attribute:
    """Acts when it is asked for an attribute."""

    def __getattr__(self, name):
        sys.exit(0)


acting_attribute = Attribute()


def wants_two(seen, more):
    return right(seen)


def wants_none():
    return 1


def keyword_only(*, seen):
    return right(seen)


async def later(seen):
    return right(seen)


def yields(seen):
    yield right(seen)


def __getattr__(name):
    if name == "leaves_when_asked":
        sys.exit(0)
    if name == "raises_when_asked":
        raise RuntimeError("\x1b[31mno such thing")
    raise AttributeError(name)
