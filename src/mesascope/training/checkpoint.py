"""Checkpoints: everything a run needs to go on, in one file that is replaced whole.

Numbers, curve and settings share a file, so that no crash can leave two files of different moments.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import numpy as np
import safetensors
import safetensors.numpy
from jaxtyping import PyTree

from mesascope.core.errors import TrainingError, UsageError
from mesascope.core.files import checked_file, write_atomically

FORMAT: str = "1"
MAXIMUM_BYTES: int = 8 * 2**30


@dataclass(frozen=True)
class Checkpoint:
    """The state of a run between two updates.

    **Arguments:**

    - `done`: how many updates have been made.
    - `learners`: of all seeds, in the order of the settings' seeds; arrays only.
    - `curve`: each metric so far, `[done, seeds]`.
    - `settings`: what the run depends on, as flat text.
    """

    done: int
    learners: PyTree
    curve: dict[str, np.ndarray]
    settings: Mapping[str, str]


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Writes a checkpoint; `OutputError` if it cannot, and then the last one is untouched."""
    tensors = {f"learners{name}": np.asarray(leaf) for name, leaf in _named_leaves(checkpoint.learners)}
    tensors |= {f"curve/{name}": np.ascontiguousarray(values) for name, values in checkpoint.curve.items()}
    header = {"format": FORMAT, "done": str(checkpoint.done), "settings": json.dumps(dict(checkpoint.settings))}
    write_atomically(path, safetensors.numpy.save(tensors, metadata=header))


def load_checkpoint(path: Path, *, template: PyTree, settings: Mapping[str, str]) -> Checkpoint:
    """Reads a checkpoint of a run with the same settings.

    **Arguments:**

    - `path`: the file.
    - `template`: learners of the same structure and shapes, arrays or shapes.
    - `settings`: of the run that wants to go on.

    **Raises:** `TrainingError` if the file is broken or is of a run with other settings; the first difference is named.
    """
    try:
        checked_file(path, maximum_bytes=MAXIMUM_BYTES, purpose="a checkpoint")
        with safetensors.safe_open(path, framework="numpy") as file:
            header: dict[str, Any] = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        saved = json.loads(header["settings"])
        done, version = int(header["done"]), header["format"]
    except (UsageError, OSError, ValueError, KeyError, TypeError, safetensors.SafetensorError) as error:
        raise TrainingError(
            f"The checkpoint '{path}' cannot be read ({error}). Delete it to train from the start, or choose another "
            "folder with --out."
        ) from error
    if version != FORMAT:
        raise TrainingError(f"The checkpoint '{path}' has format {version}; this version of Mesascope reads {FORMAT}.")
    for name in dict.fromkeys((*settings, *saved)):
        if saved.get(name) != settings.get(name):
            raise TrainingError(
                f"'{path}' is the checkpoint of another run: {name} is {saved.get(name, 'absent')} there and "
                f"{settings.get(name, 'absent')} here. Use the same setting to go on, another folder for a new run, "
                "or delete the checkpoint."
            )
    leaves = []
    for name, shape in _named_leaves(template):
        leaf = tensors.get(f"learners{name}")
        if leaf is None or leaf.shape != shape.shape or leaf.dtype != shape.dtype:
            raise TrainingError(f"The checkpoint '{path}' lacks the array {name} of the learner, or has another shape.")
        leaves.append(leaf)
    curve = {name.removeprefix("curve/"): values for name, values in tensors.items() if name.startswith("curve/")}
    return Checkpoint(done, jax.tree.unflatten(jax.tree.structure(template), leaves), curve, settings)


def _named_leaves(tree: PyTree) -> list[tuple[str, Any]]:
    return [(jax.tree_util.keystr(path), leaf) for path, leaf in jax.tree_util.tree_leaves_with_path(tree)]
