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
from mesascope.core.json_reading import decode_json
from mesascope.core.text import shown

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

    def broken(reason: object) -> TrainingError:
        return TrainingError(
            f"The checkpoint '{path}' cannot be read ({shown(reason)}). Delete it to train from the start, or choose "
            "another folder with --out."
        )

    named = {f"learners{name}": leaf for name, leaf in _named_leaves(template)}
    try:
        checked_file(path, maximum_bytes=MAXIMUM_BYTES, purpose="a checkpoint")
        with safetensors.safe_open(path, framework="numpy") as file:
            header: dict[str, str] = file.metadata() or {}
            if header["format"] != FORMAT:
                raise broken(f"it has format {header['format']}; this version of Mesascope reads {FORMAT}")
            saved: dict[str, str] = decode_json(header["settings"], refuse=broken, form=dict[str, str])
            done = int(header["done"])
            if differs := difference(saved, settings):
                raise TrainingError(
                    f"'{path}' is the checkpoint of another run: {differs}. Use the same setting to go on, another "
                    "folder for a new run, or delete the checkpoint."
                )
            shapes = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
            curves = {name: shape for name, shape in shapes.items() if name.startswith("curve/")}
            # Looked at before it is read: nothing is loaded that such a run does not have.
            for name in dict.fromkeys((*named, *sorted(shapes.keys() - curves.keys()))):
                if name not in named or shapes.get(name) != named[name].shape:
                    raise broken(f"it lacks the array {name} of the learner, has another, or of another shape")
            if done < 0 or any(len(shape) != 2 or shape[0] != done for shape in curves.values()):
                raise broken(f"it has no curve of {done} updates")
            tensors = {name: file.get_tensor(name) for name in shapes}
    except (UsageError, OSError, ValueError, KeyError, OverflowError, safetensors.SafetensorError) as error:
        raise broken(error) from error
    for name, leaf in named.items():
        if tensors[name].dtype != leaf.dtype:
            raise broken(f"its array {name} is {tensors[name].dtype}, not {leaf.dtype}")
    curve = {name.removeprefix("curve/"): tensors[name] for name in curves}
    leaves = [tensors[name] for name in named]
    return Checkpoint(done, jax.tree.unflatten(jax.tree.structure(template), leaves), curve, settings)


def difference(saved: Mapping[str, str], settings: Mapping[str, str]) -> str | None:
    """Returns in words the first setting in which a run that lies there differs from this one; `None` if none does."""
    for name in dict.fromkeys((*settings, *saved)):
        if saved.get(name) != settings.get(name):
            there, here = (shown(where.get(name, "absent"), limit=80) for where in (saved, settings))
            return f"{shown(name, limit=80)} is {there} there and {here} here"
    return None


def _named_leaves(tree: PyTree) -> list[tuple[str, Any]]:
    return [(jax.tree_util.keystr(path), leaf) for path, leaf in jax.tree_util.tree_leaves_with_path(tree)]
