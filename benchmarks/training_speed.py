"""How fast agents are trained: the exact gradient to competence, PPO beside peers, stepping alone, seeds side by side.

Every program runs alone in a process of its own on one core and is asked in turn, so that a busy machine slows all of
them alike; the unit is CPU seconds of that process. The interval is the range over repeats, the value their median.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

from ledger import Claim, Direction, number, run
from peers.environments import PINS, peer_python

PEERS = Path(__file__).resolve().parent / "peers"

ROOM_SETTINGS = (
    "16 environments x 128 steps, 1 epoch x 8 minibatches, actor and critic of 2x64 tanh each, Adam, value clipping"
)


LEFT_OUT: tuple[tuple[str, str, float, Direction], ...] = (
    ("ppo.corner-13-mlp", "not measured in a quick run", 26_000, ">="),
    ("ppo.corner-13-residual", "not measured in a quick run", 26_000, ">="),
    ("stepping.blind", "not measured in a quick run", 3e6, ">="),
    *(
        (f"seeds.{kind}", "not measured in a quick run", 4.0, "<=")
        for kind in ("ppo", "ppo-corner-13", "exact", "exact-whole")
    ),
)
"""What a quick run has no time for."""


class Program:
    """A measured program in a process of its own.

    **Arguments:**

    - `process`: that serves the protocol of `peers/protocol.py`.
    """

    def __init__(self, process: subprocess.Popen[str]):
        self.process = process
        first = self._answer()
        self.preparation: float = first["cpu_seconds"]
        self.versions: dict[str, str] = first["versions"]

    def measure(self) -> dict:
        """Returns what one more measurement brought."""
        assert self.process.stdin is not None
        self.process.stdin.write("again\n")
        self.process.stdin.flush()
        return self._answer()

    def rate(self) -> float:
        """Returns the steps per CPU second of one more measurement."""
        found = self.measure()
        return found["steps"] / found["cpu_seconds"]

    def _answer(self) -> dict:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.process.args} ended without an answer; its error is on standard error")
        return json.loads(line)


@contextmanager
def program(python: Path | str, script: str, *arguments: object) -> Iterator[Program]:
    """Runs a script of `peers/` with some Python until the block is left."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "WANDB_MODE": "disabled", "JAX_PLATFORMS": "cpu"}
    # Compiling is part of what is measured; a cache from an earlier run would hide it.
    environment.pop("JAX_COMPILATION_CACHE_DIR", None)
    command = [str(python), str(PEERS / script), *map(str, arguments)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
    try:
        yield Program(process)
    finally:
        # The end of its input is the end of the program; waiting lets its CPU seconds be counted.
        if process.stdin is not None:
            process.stdin.close()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def ours(*arguments: object):
    """Runs our own training, `peers/mesascope_training.py`."""
    return program(sys.executable, "mesascope_training.py", *arguments)


def beside_peers(quick: bool) -> list[Claim]:
    """Returns our PPO beside that of navix and of Stable-Baselines3 in an empty room of 8x8."""
    repeats, updates = (2, 64) if quick else (7, 256)
    peers = {
        "navix": ("navix_ppo.py", updates, 1.5),
        "stable-baselines3": ("stable_baselines3_ppo.py", 1 if quick else 4, 50.0),
    }
    claims, running = [], {}
    with ExitStack() as stack:
        for peer, (script, amount, target) in peers.items():
            python = peer_python(peer, build=not quick)
            if python is None:
                text = f"not measured: {peer} has no virtual environment here yet, and a quick run does not make one"
                claims.append(Claim.unmeasured(f"ppo.room-over-{peer}", text, target, ">="))
            else:
                running[peer] = stack.enter_context(program(python, script, amount))
        room = stack.enter_context(ours("room", updates))
        mine = (
            {"room": room} if quick else {"room": room, "stepwise": stack.enter_context(ours("room-stepwise", updates))}
        )
        rates: dict[str, list[float]] = {name: [] for name in (*mine, *running)}
        for _ in range(repeats):
            for name, each in {**mine, **running}.items():
                rates[name].append(each.rate())
        for peer, each in running.items():
            versions = ", ".join(f"{name} {version}" for name, version in each.versions.items())
            sees = "8x8x3 fully observed" if peer == "navix" else "its egocentric 7x7x3, which is cheaper for it"
            for kind, program_of_ours in mine.items():
                ratio = [one / two for one, two in zip(rates[kind], rates[peer], strict=True)]
                how = (
                    "looking once per update at each of the 36 states of the room, which gives the same numbers as "
                    "looking at every step"
                    if kind == "room"
                    else "without that: the network looks at every step, as in the peer (64 copies of the room)"
                )
                text = (
                    f"environment steps per CPU second of our PPO over those of {peer} in an empty 8x8 room, {how}. "
                    f"Equal network and settings ({ROOM_SETTINGS}); we see 8x8x3 fully observed and choose among 5 "
                    f"moves, the peer {sees} and 7 turns and moves. "
                    f"Medians {number(_median(rates[kind]))} and {number(_median(rates[peer]))}. Apart: imports, "
                    f"compilation and a first run took {number(program_of_ours.preparation)} and "
                    f"{number(each.preparation)} CPU seconds. {versions}; range over {repeats} alternating repeats"
                )
                target = peers[peer][2]
                claims.append(Claim.over_repeats(f"ppo.{kind}-over-{peer}", text, ratio, target, ">="))
    if quick:
        text = "not measured in a quick run"
        claims += [Claim.unmeasured(f"ppo.stepwise-over-{peer}", text, peers[peer][2], ">=") for peer in peers]
    return claims


def in_large_corner() -> list[Claim]:
    """Returns our PPO at the size of the default run of jaxgmg, with a small network and with one of its shape."""
    repeats, claims = 5, []
    for kind, network in {"mlp": "2x64 tanh, shared", "residual": "3x128 rectified, residual, as theirs"}.items():
        with ours("corner-13" if kind == "mlp" else "corner-13-residual", 4) as corner:
            rates = [corner.rate() for _ in range(repeats)]
        text = (
            f"environment steps per CPU second of PPO on 13x13 corner, 256 environments x 128 steps, 5 epochs x 8 "
            f"minibatches, network {network}, 256 fresh levels an update, beside 26,000 of jaxgmg at these settings "
            f"with 3x128 (measured on another day and machine). Apart: compilation and a first run took "
            f"{number(corner.preparation)} CPU seconds; range over {repeats} repeats"
        )
        claims.append(Claim.over_repeats(f"ppo.corner-13-{kind}", text, rates, 26_000, ">="))
    return claims


def stepping(quick: bool) -> list[Claim]:
    """Returns how fast levels are stepped through alone."""
    repeats, claims = (5 if quick else 20), []
    kinds = {"seeing": "the 13x13x3 boolean observation made after every step"}
    if not quick:
        kinds["blind"] = "positions and rewards only, no observation made"
    for kind, what in kinds.items():
        with ours(f"stepping-{kind}", 512) as walk:
            found = [walk.measure() for _ in range(repeats)]
        wall = _median([one["steps"] / one["wall_seconds"] for one in found])
        text = (
            f"environment steps per CPU second at batch 256 on 13x13 corner, random actions, {what}; each of {repeats} "
            f"repeats of 512 x 256 steps waited for, range over them. By wall clock, machine as busy as it was: "
            f"{number(wall)} a second (median). jaxgmg, observation included: 2.8 million by wall clock"
        )
        rates = [one["steps"] / one["cpu_seconds"] for one in found]
        claims.append(Claim.over_repeats(f"stepping.{kind}", text, rates, 3e6, ">="))
    return claims


def seeds_side_by_side() -> list[Claim]:
    """Returns what eight seeds cost beside one."""
    repeats, claims = 5, []
    kinds = {
        "ppo": ("room", 64, f"PPO in the empty 8x8 room ({ROOM_SETTINGS})"),
        "ppo-corner-13": ("corner-13", 1, "PPO on 13x13 corner (256 environments x 128 steps, 5 epochs, 2x64 tanh)"),
        "exact": ("exact", 100, "the exact gradient with the recipe of the organism 'corner'"),
    }
    for kind, (name, updates, what) in kinds.items():
        with ours(name, updates, 1) as one, ours(name, updates, 8) as eight:
            pairs = [(one.measure(), eight.measure()) for _ in range(repeats)]
        wall = _median([many["wall_seconds"] / single["wall_seconds"] for single, many in pairs])
        text = (
            f"CPU seconds of 8 seeds in one program over those of one seed, on one core, compilation apart: {what}; "
            f"range over {repeats} repeats. By wall clock: {number(wall)} (median)"
        )
        ratios = [many["cpu_seconds"] / single["cpu_seconds"] for single, many in pairs]
        claims.append(Claim.over_repeats(f"seeds.{kind}", text, ratios, 4.0, "<="))
    ratio = examined(0, 8)["cpu_seconds"] / examined(0, 1)["cpu_seconds"]
    text = (
        "CPU seconds of 8 seeds in one program over those of one seed, on one core, the whole training of the organism "
        "'corner' as a user pays for it: imports and compilation from an empty cache included; one pair"
    )
    claims.append(Claim.over_repeats("seeds.exact-whole", text, [ratio], 4.0, "<="))
    return claims


def measure(quick: bool) -> list[Claim]:
    if quick:
        # The two halves use a core each; together they keep within a minute.
        with ThreadPoolExecutor() as pool:
            competence = pool.submit(to_competence, 1)
            claims = [*beside_peers(quick), *stepping(quick)]
            claims = [*competence.result(), *claims]
        return [*claims, *(Claim.unmeasured(*left_out) for left_out in LEFT_OUT)]
    return [*to_competence(3), *beside_peers(quick), *in_large_corner(), *stepping(quick), *seeds_side_by_side()]


def examined(first: int, count: int) -> dict:
    """Returns how a training of the default organism went, in a process that began with nothing compiled."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "JAX_PLATFORMS": "cpu"}
    environment.pop("JAX_COMPILATION_CACHE_DIR", None)
    command = [sys.executable, str(PEERS / "exact_to_competence.py"), str(first), str(count)]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment).stdout)


def to_competence(repeats: int) -> list[Claim]:
    """Returns how long the exact gradient takes to be competent, and how competent it is then."""
    trained = [examined(seed, 1) for seed in range(repeats)]
    shares, seconds = ([found[name] for found in trained] for name in ("share", "cpu_seconds"))
    found = trained[0]
    about = (
        f"exact policy gradient on 9x9 corner, the recipe of the organism '{found['organism']}' ({found['updates']} "
        f"updates of {found['levels']} levels); range over {repeats} seeds"
    )
    return [
        Claim.over_repeats(
            "exact.share", f"share of the optimum on 512 unseen training levels: {about}", shares, 0.95, ">="
        ),
        Claim.over_repeats(
            "exact.seconds",
            f"CPU seconds of that training on one core, imports and compilation from an empty cache included: {about}",
            seconds,
            40.0,
            "<=",
        ),
    ]


def _median(values: list[float]) -> float:
    ordered = sorted(values)
    return ordered[len(ordered) // 2]


if __name__ == "__main__":
    print("Peers:", PINS, file=sys.stderr)
    run("training_speed", measure)
