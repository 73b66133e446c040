"""Training runs: the loop around a base optimizer, with progress, checkpoints and an end that is always the same.

The result of a run depends on its settings alone: not on how often it was killed and resumed, nor on which seeds were
trained beside one another.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import polars

from mesascope.core.errors import TrainingError
from mesascope.core.progress import Progress
from mesascope.training.base_optimizer import BaseOptimizer, Learner, advance, seed_keys, start
from mesascope.training.checkpoint import Checkpoint, load_checkpoint, save_checkpoint

CHECKPOINT = "checkpoint.safetensors"

ROOM: int = 512
"""The most updates between two looks at the numbers."""
CHUNK_SECONDS: float = 1.0
"""Wall time between two looks at the numbers that the loop aims at."""
CHECKPOINT_SECONDS: float = 5.0


@dataclass(frozen=True)
class Trained:
    """A finished training run.

    **Arguments:**

    - `task`, `optimizer`, `seeds`: what was run.
    - `learners`: after the last update, with a leading axis of seeds.
    - `curve`: each metric, `[updates, seeds]`.
    """

    task: Any
    optimizer: BaseOptimizer
    seeds: tuple[int, ...]
    learners: Learner
    curve: dict[str, np.ndarray]

    def network(self, seed: int):
        """Returns the trained network of one of the seeds."""
        row = self.seeds.index(seed)
        return self.task.assemble(jax.tree.map(lambda leaf: jnp.asarray(leaf[row]), self.learners.parameters))

    def curve_table(self) -> polars.DataFrame:
        """Returns the learning curve as a table: one row per update and seed, one column per metric."""
        updates, seeds = self.optimizer.updates, len(self.seeds)
        columns: dict[str, Any] = {
            "update": np.repeat(np.arange(updates), seeds),
            "seed": np.tile(np.asarray(self.seeds), updates),
        }
        return polars.DataFrame(columns | {name: values.reshape(-1) for name, values in self.curve.items()})


def settings_of(optimizer: BaseOptimizer, task: object, seeds: tuple[int, ...]) -> dict[str, str]:
    """Returns everything that a run's result depends on, as flat text: `{"optimizer.levels": "8", ...}`."""
    return {**_flat("optimizer", optimizer), **_flat("task", task), "seeds": ", ".join(map(str, seeds))}


def _flat(name: str, value: object) -> dict[str, str]:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        found = {name: getattr(value, "name", None) or type(value).__name__}
        for field in dataclasses.fields(value):
            found |= _flat(f"{name}.{field.name}", getattr(value, field.name))
        return found
    if isinstance(value, Mapping):
        return {name: ", ".join(f"{key}={value[key]}" for key in sorted(value))}
    return {name: str(value)}


def train(
    optimizer: BaseOptimizer,
    task: Any,
    *,
    seeds: tuple[int, ...] = (0,),
    directory: Path | None = None,
    progress: Progress | None = None,
    checkpoint_seconds: float = CHECKPOINT_SECONDS,
) -> Trained:
    """Runs a base optimizer to its end, going on from the checkpoint in the directory if there is one.

    **Arguments:**

    - `optimizer`, `task`: what to run.
    - `seeds`: whole numbers, 0 or more, each once.
    - `directory`: where the checkpoint is kept; without one a run that is cut short is lost.
    - `progress`: called after every few updates.
    - `checkpoint_seconds`: wall time between checkpoints.

    **Returns:** the learners and the learning curve, the same bits for the same settings on the same machine.

    **Raises:** `TrainingError` if a number stops being finite or the checkpoint is of another run; `OutputError` if a
    checkpoint cannot be written. `KeyboardInterrupt` is passed on after a checkpoint was written.
    """
    if not seeds or len(set(seeds)) != len(seeds) or min(seeds) < 0:
        raise TrainingError(f"seeds={seeds} must be different whole numbers, 0 or more, at least one.")
    settings, keys = settings_of(optimizer, task, seeds), seed_keys(seeds)
    path = None if directory is None else Path(directory) / CHECKPOINT
    if path is not None and path.exists():
        template = jax.eval_shape(lambda: start(optimizer, task, keys))
        state = load_checkpoint(path, template=template, settings=settings)
    else:
        state = Checkpoint(0, start(optimizer, task, keys), {}, settings)
    saved, saved_at = state.done, time.monotonic()
    count = 1
    try:
        while state.done < optimizer.updates:
            begun = time.monotonic()
            state = _advanced(optimizer, task, keys, state, min(count, optimizer.updates - state.done))
            now = time.monotonic()
            # The first call also compiles; it makes one update, so that the next ones start from little.
            if now - begun < CHUNK_SECONDS / 2:
                count = min(2 * count, ROOM)
            elif now - begun > 2 * CHUNK_SECONDS:
                count = max(count // 2, 1)
            if progress is not None:
                progress(_described(state, optimizer), state.done / optimizer.updates)
            if path is not None and (now - saved_at > checkpoint_seconds or state.done == optimizer.updates):
                save_checkpoint(path, state)
                saved, saved_at = state.done, time.monotonic()
    except KeyboardInterrupt:
        if path is not None and state.done > saved:
            save_checkpoint(path, state)
        raise
    return Trained(task, optimizer, seeds, state.learners, state.curve)


def _advanced(optimizer: BaseOptimizer, task: Any, keys, state: Checkpoint, count: int) -> Checkpoint:
    learners, table = advance(optimizer, task, state.learners, keys, jnp.int32(state.done), count, room=ROOM)
    table = jax.tree.map(np.asarray, table)
    seeds = tuple(int(seed) for seed in state.settings["seeds"].split(", "))
    check_finite(table, updates=optimizer.updates, done=state.done, seeds=seeds)
    curve = {
        name: values if name not in state.curve else np.concatenate([state.curve[name], values])
        for name, values in table.items()
    }
    return Checkpoint(state.done + count, learners, curve, state.settings)


def check_finite(table: dict[str, np.ndarray], *, updates: int, done: int = 0, seeds: tuple[int, ...] = ()) -> None:
    """Raises `TrainingError` if a metric stopped being finite, naming it and the update.

    **Arguments:**

    - `table`: each metric, `[updates, seeds]`.
    - `updates`: of the whole run.
    - `done`: updates before those of the table, with checkpoints.
    - `seeds`: of the columns, where the run has several or keeps checkpoints.
    """
    broken = {name: ~np.isfinite(values) for name, values in table.items()}
    anywhere = np.logical_or.reduce(list(broken.values()))
    if not anywhere.any():
        return
    row = int(anywhere.any(axis=1).argmax())
    names = " and the ".join(name for name in broken if broken[name][row].any())
    seed = f" (seed {seeds[int(anywhere[row].argmax())]})" if seeds else ""
    raise TrainingError(
        f"In update {done + row + 1} of {updates}{seed} the {names} stopped being finite. A smaller learning rate "
        f"usually helps.{' The last checkpoint is from before this update.' if seeds else ''}"
    )


def _described(state: Checkpoint, optimizer: BaseOptimizer) -> str:
    measured = float(state.curve[optimizer.measure][-1].mean())
    return f"update {state.done:,} of {optimizer.updates:,}, mean {optimizer.measure} {measured:.3f}"
