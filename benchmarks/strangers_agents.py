"""Part 1 of `strangers.py`: files of Stable-Baselines3 and sb3-contrib answer as the libraries themselves do.

Every algorithm with discrete actions is trained small by its own library in a virtual environment of its own, with
dictionaries, images, whole numbers, stacked frames and running statistics of observations among what it sees; beside
these, five files of the zoo (DLR-RM/rl-trained-agents), which versions of 2021 wrote. Mesascope reads the files without
unpickling and without torch, and both sides answer to the same 1,000 observations. What a file needs beside it is where
the library put it; a number of frames is given.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ledger import Claim
from peers.environments import peer_python

from mesascope.agents.adapters.stable_baselines3 import load_stable_baselines3
from mesascope.agents.adapters.stable_baselines3.agent import StableBaselines3Agent
from mesascope.agents.wrapped_agent import deterministic
from mesascope.core.errors import UntrustedModelError

TOLERANCE: float = 1e-5
OBSERVATIONS: int = 1000
ZOO = Path(os.environ.get("SB3_ZOO") or Path(__file__).resolve().parents[2] / "shared" / "data" / "sb3-zoo")
"""A clone of the zoo's files, one folder `ALGORITHM-ENVIRONMENT` each."""

CONTINUOUS = ("a2c-Pendulum-v1", "ppo-MountainCarContinuous-v0", "sac-MountainCarContinuous-v0")


@dataclass(frozen=True)
class Compared:
    """How far the answers to each observation are from the library's.

    **Arguments:**

    - `difference`: largest over actions, of each observation.
    - `likeliest`: share of observations on which the deterministic agent takes the library's action; `None` if the
      library has no answer to compare with.
    - `spread`: largest standard deviation of an action's probability: what agreement means something by.
    """

    difference: np.ndarray
    likeliest: float | None
    spread: float


def compared(file: Path, answers: dict[str, np.ndarray], *, frames: int) -> Compared:
    """Reads an agent and compares it with its library.

    **Arguments:**

    - `file`: the `.zip`.
    - `answers`: of the peer.
    - `frames`: that are stacked.
    """
    agent = load_stable_baselines3(file, frame_stack=frames if frames > 1 else None)
    shown, expected = answers["shown"], answers["expected"]
    if not agent.memoryless:
        own, state = [], agent.initial_state(shown.shape[1])
        for step in shown:
            probabilities, state = agent.act(step, state)
            own.append(probabilities)
        return _compared(np.concatenate(own), np.concatenate(expected), None)
    if "masks" in answers:
        assert isinstance(agent, StableBaselines3Agent)
        shown = np.concatenate([shown.reshape(len(shown), -1), answers["masks"]], axis=-1).astype(np.float32)
    chosen = deterministic(agent).act(shown, None)[0]
    return _compared(agent.act(shown, None)[0], expected, float((chosen == answers["likeliest"]).all(-1).mean()))


def _compared(own: np.ndarray, expected: np.ndarray, likeliest: float | None) -> Compared:
    return Compared(np.abs(own - expected).max(-1), likeliest, float(expected.std(0).max()))


def agents(quick: bool) -> Iterator[Claim]:
    """Yields the claims of this part.

    **Arguments:**

    - `quick`: fewer observations, and nothing is measured where the environment of the libraries is not there yet.
    """
    python = peer_python("strangers-agents", build=not quick)
    text = "Share of files whose probabilities (or greedy choices) are within 1e-5 of the library's on {} observations."
    if python is None:
        yield Claim.unmeasured(
            "strangers.agents.equal", text.format("1,000") + " The environment of the libraries is not built.", 1, ">="
        )
        return
    count = 200 if quick else OBSERVATIONS
    with tempfile.TemporaryDirectory() as folder:
        script = Path(__file__).parent / "peers" / "sb3_agents.py"
        zoo = str(ZOO) if ZOO.is_dir() else "-"
        command = [str(python), str(script), folder, zoo, str(count)]
        cases = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, env=_clean()).stdout)
        results: dict[str, Compared] = {}
        for name, case in cases.items():
            with np.load(Path(folder) / name / "answers.npz") as answers:
                results[name] = compared(Path(case["file"]), dict(answers), frames=case["frames"])
        refused = [_refused_without_statistics(Path(case["file"])) for case in cases.values() if case["normalized"]]
    equal = [bool((result.difference <= TOLERANCE).all()) for result in results.values()]
    yield _share("strangers.agents.equal", text.format(f"{count:,}"), equal)
    for name, result in results.items():
        worst, least = float(result.difference.max()), float(result.difference.min())
        yield Claim(
            f"strangers.agents.{name}",
            f"Largest difference from the library's probabilities on {count:,} observations, over which a probability "
            f"varies by {result.spread:.2g} (standard deviation); low: the smallest.",
            worst,
            least,
            worst,
            len(result.difference),
            TOLERANCE,
            "<=",
        )
    shares = [result.likeliest for result in results.values() if result.likeliest is not None]
    yield Claim(
        "strangers.agents.deterministic",
        "Smallest share of observations, over memoryless agents, on which --deterministic takes the library's "
        "predict(deterministic=True); high: the largest.",
        min(shares),
        min(shares),
        max(shares),
        len(shares),
        1,
        ">=",
    )
    yield _share(
        "strangers.agents.normalized-refused",
        "Share of files trained behind VecNormalize that say so when their statistics are missing: refused, or, where "
        "nothing in the file tells (DQN), warned.",
        refused,
    )
    if ZOO.is_dir():
        yield _share(
            "strangers.agents.continuous-refused",
            "Share of the zoo's files with continuous actions that are refused as such, without advice that fails.",
            [_refused_as_continuous(ZOO / name / f"{name.split('-', 1)[1]}.zip") for name in CONTINUOUS],
        )


def _share(slug: str, text: str, met: list[bool]) -> Claim:
    share = sum(met) / len(met)
    return Claim(slug, text, share, share, share, len(met), 1, ">=")


def _refused_without_statistics(file: Path) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        alone = Path(folder) / "alone.zip"
        alone.write_bytes(file.read_bytes())
        try:
            agent = load_stable_baselines3(alone)
        except UntrustedModelError as error:
            return "--vecnormalize" in str(error)
        return any("--vecnormalize" in note for note in agent.notes)


def _refused_as_continuous(file: Path) -> bool:
    try:
        load_stable_baselines3(file)
    except UntrustedModelError as error:
        return "continuous" in str(error) and "--trust-pickle" not in str(error)
    return False


def _clean() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
