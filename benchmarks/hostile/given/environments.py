"""Environments of Gymnasium: a row of four places, each sound but for one thing."""
# ruff: noqa: NPY002

import os
import sys

import gymnasium as gym
import numpy as np


class Row(gym.Env):
    metadata = {"render_modes": []}

    def __init__(self, fault="", render_mode=None):
        self.fault = fault
        self.observation_space = gym.spaces.Discrete(4)
        self.action_space = gym.spaces.Discrete(2)
        self.place, self.steps = 1, 0
        if fault == "init_exits":
            sys.exit(0)
        if fault == "init_raises":
            raise RuntimeError("\x1b[31mno")
        spaces = {
            "actions_continuous": ("action_space", lambda: gym.spaces.Box(-1, 1, (2,))),
            "actions_none": ("action_space", lambda: None),
            "actions_text": ("action_space", lambda: "two"),
            "actions_many": ("action_space", lambda: gym.spaces.MultiDiscrete([2, 2])),
            "actions_vast": ("action_space", lambda: gym.spaces.Discrete(10**9)),
            "space_none": ("observation_space", lambda: None),
            "space_text": ("observation_space", lambda: gym.spaces.Text(5)),
            "space_vast": ("observation_space", lambda: gym.spaces.Box(0, 1, (2000, 2000, 3), np.uint8)),
            "space_box": ("observation_space", lambda: gym.spaces.Box(0, 1, (3,), np.float32)),
            "space_start": ("observation_space", lambda: gym.spaces.Discrete(4, start=10)),
        }
        if fault in spaces:
            name, make = spaces[fault]
            setattr(self, name, make())

    def seen(self):
        return {
            "seen_nan": np.float32(np.nan),
            "seen_text": "here",
            "seen_none": None,
            "seen_shape": np.zeros((2, 3)),
            "seen_beyond": 17,
            "seen_negative": -1,
            "seen_table": {"place": self.place},
        }.get(self.fault, self.place)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.place, self.steps = 1, 0
        if self.fault == "reset_exits":
            sys.exit(0)
        if self.fault == "reset_interrupts":
            raise KeyboardInterrupt
        if self.fault == "reset_raises":
            raise ValueError("\x1b[31m" + "no " * 100_000)
        if self.fault == "reset_no_info":
            return self.seen()
        if self.fault == "reset_none":
            return None
        if self.fault == "reset_random":
            self.place = int(np.random.randint(1, 3))
        if self.fault == "reset_ignores_seed":
            self.place = int(np.random.default_rng().integers(1, 3))
        return self.seen(), {}

    def step(self, action):
        fault = self.fault
        if fault in ("counts", "reward_by_step"):
            self.steps += 1
        leaves = {
            "step_exits": lambda: sys.exit(0),
            "step_os_exits": lambda: os._exit(0),
            "step_interrupts": lambda: (_ for _ in ()).throw(KeyboardInterrupt()),
            "step_generator_exits": lambda: (_ for _ in ()).throw(GeneratorExit()),
            "step_raises": lambda: (_ for _ in ()).throw(ValueError("\x1b[31mno")),
            "step_asserts": lambda: (_ for _ in ()).throw(AssertionError()),
            "step_recurses": lambda: self.step(action),
        }
        if fault in leaves:
            leaves[fault]()
        if fault == "step_exits_late" and self.place == 2:
            sys.exit(0)
        if fault == "step_prints":
            print("the environment prints")
            os.write(1, b"the environment writes\n")
        move = 1 if action else -1
        if fault == "random":
            move = int(np.random.choice([-1, 1]))
        if fault == "counts" and self.steps % 2 == 0:
            move = -move
        self.place = int(np.clip(self.place + move, 0, 3))
        ended = self.place in (0, 3)
        reward = float(self.place == 3)
        reward = {
            "reward_text": "good",
            "reward_none": None,
            "reward_nan": float("nan"),
            "reward_infinite": float("inf"),
            "reward_vector": np.array([1.0, 2.0]),
            "reward_list": [reward],
            "reward_table": {"goal": reward},
            "reward_complex": 1j,
            "reward_random": float(np.random.rand()),
            "reward_by_step": float(self.steps),
            "reward_vast": 1e308,
            "reward_digits": 10**400,
        }.get(fault, reward)
        if fault == "ended_none":
            ended = None
        if fault == "ended_text":
            ended = "no"
        if fault == "ended_array":
            ended = np.array([True, False])
        if fault == "never_ends":
            ended = False
        if fault == "four_values":
            return self.seen(), reward, ended, {}
        if fault == "no_values":
            return None
        if fault == "info_none":
            return self.seen(), reward, ended, False, None
        return self.seen(), reward, ended, False, {}


EVERY = """
init_exits init_raises actions_continuous actions_none actions_text actions_many actions_vast space_none space_text
space_vast space_box space_start seen_nan seen_text seen_none seen_shape seen_beyond seen_negative seen_table
reset_exits reset_interrupts reset_raises reset_no_info reset_none reset_random reset_ignores_seed step_exits
step_os_exits step_interrupts step_generator_exits step_raises step_asserts step_recurses step_exits_late step_prints
random counts reward_text reward_none reward_nan reward_infinite reward_vector reward_list reward_table reward_complex
reward_random reward_by_step reward_vast reward_digits ended_none ended_text ended_array never_ends four_values
no_values info_none
"""
FAULTS = EVERY.split()

gym.register("Row-v0", entry_point=Row)
for _fault in FAULTS:
    gym.register(f"Row-{_fault}-v0", entry_point=Row, kwargs={"fault": _fault})
gym.register("Row-entry_missing-v0", entry_point="a_package_that_nobody_has:Row")
gym.register("Row-entry_number-v0", entry_point=lambda **_: 7)
