import json
import tracemalloc

import numpy as np
import pytest
import safetensors.numpy

from mesascope.core.errors import TrainingError
from mesascope.training.checkpoint import Checkpoint, load_checkpoint, save_checkpoint

LEARNERS = {"weights": np.arange(6, dtype=np.float32).reshape(2, 3), "step": np.array([4, 5], np.int32)}
SETTINGS = {"seeds": "0, 1", "optimizer": "exact-gradient"}
CURVE = {"return": np.ones((3, 2)), "loss": np.zeros((3, 2))}


def written(path, *, tensors=None, **header):
    """Writes a checkpoint with other arrays or another header than a run would."""
    good = {
        "learners['step']": LEARNERS["step"],
        "learners['weights']": LEARNERS["weights"],
        "curve/return": CURVE["return"],
    }
    metadata = {"format": "1", "done": "3", "settings": json.dumps(SETTINGS)} | header
    path.write_bytes(safetensors.numpy.save(good | (tensors or {}), metadata=metadata))
    return path


def test_what_is_saved_is_loaded(tmp_path):
    save_checkpoint(tmp_path / "c", Checkpoint(3, LEARNERS, CURVE, SETTINGS))
    loaded = load_checkpoint(tmp_path / "c", template=LEARNERS, settings=SETTINGS)
    assert (loaded.done, loaded.settings) == (3, SETTINGS)
    for found, expected in ((loaded.learners, LEARNERS), (loaded.curve, CURVE)):
        assert found.keys() == expected.keys()
        assert all(np.array_equal(found[name], expected[name]) for name in expected)
    assert load_checkpoint(written(tmp_path / "own"), template=LEARNERS, settings=SETTINGS).done == 3


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": "2\x1b[2J"}, "has format 2"),
        ({"done": "many"}, "cannot be read"),
        ({"done": "9" * 5000}, "cannot be read"),
        ({"done": "-3"}, "no curve of -3 updates"),
        ({"done": "4"}, "no curve of 4 updates"),
        ({"settings": "[]"}, "cannot be read"),
        ({"settings": "{"}, "cannot be read"),
        ({"settings": "[" * 900 + "]" * 900}, "nested"),
        ({"settings": '{"seeds": ' + "9" * 400 + "}"}, "400 digits"),
        ({"settings": '{"seeds": 1}'}, "not of the form"),
        ({"settings": json.dumps(SETTINGS | {"optimizer": "ppo\x1b[31m" + "x" * 9000})}, "optimizer is ppo"),
        ({"tensors": {"learners['weights']": np.zeros((3, 2), np.float32)}}, "of another shape"),
        ({"tensors": {"learners['weights']": np.zeros((2, 3))}}, "is float64, not float32"),
        ({"tensors": {"learners['more']": np.zeros(1)}}, "it lacks the array|has another"),
        ({"tensors": {"curve/return": np.ones((2, 2))}}, "no curve of 3 updates"),
        ({"tensors": {"curve/return": np.ones(3)}}, "no curve of 3 updates"),
    ],
)
def test_what_no_run_wrote_is_refused_for_its_reason(tmp_path, changes, message):
    path = written(tmp_path / "c", **changes)
    with pytest.raises(TrainingError, match=message) as caught:
        load_checkpoint(path, template=LEARNERS, settings=SETTINGS)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 1000


def test_arrays_that_a_run_does_not_have_are_not_loaded(tmp_path):
    path = written(tmp_path / "c", tensors={"learners['weights']": np.zeros((2, 2**23), np.float32)})
    tracemalloc.start()
    with pytest.raises(TrainingError, match="of another shape"):
        load_checkpoint(path, template=LEARNERS, settings=SETTINGS)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2**20
