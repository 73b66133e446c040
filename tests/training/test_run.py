"""A run's result depends on its settings alone: not on crashes, neighbours or the moments at which it was looked at."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import polars
import pytest

from mesascope.agents.networks.convnet import ConvNetSpec
from mesascope.agents.networks.mlp import MLPSpec
from mesascope.core.errors import TrainingError
from mesascope.training import run
from mesascope.training.base_optimizer import Task
from mesascope.training.optimizers.exact_gradient import ExactGradient
from mesascope.training.run import CHECKPOINT, check_finite, train
from mesascope.worlds.corner import Corner

WORLD = Corner(size=5, corner_size=2)
TASK = Task(WORLD, WORLD.objectives[0], MLPSpec((16,)))
OPTIMIZER = ExactGradient(updates=40, levels=2)


def bytes_of(trained: run.Trained, row: int = 0) -> list[bytes]:
    return [np.asarray(leaf)[row].tobytes() for leaf in jax.tree.leaves(trained.learners)]


@pytest.fixture(scope="module")
def whole() -> run.Trained:
    return train(OPTIMIZER, TASK, seeds=(4,))


def same_among_neighbours(alone: run.Trained) -> None:
    among = train(alone.optimizer, alone.task, seeds=(9, 0, 4))
    assert bytes_of(alone) == bytes_of(among, 2)
    assert bytes_of(among, 0) != bytes_of(among, 2)
    np.testing.assert_array_equal(alone.curve["return"][:, 0], among.curve["return"][:, 2])


def test_seed_does_not_depend_on_its_neighbours(whole):
    same_among_neighbours(whole)


@pytest.mark.slow
def test_seed_of_a_convolutional_network_does_not_depend_on_its_neighbours():
    same_among_neighbours(train(OPTIMIZER, replace(TASK, network=ConvNetSpec(4, 1, True, 8)), seeds=(4,)))


def test_how_often_it_is_looked_at_changes_nothing(whole, monkeypatch):
    monkeypatch.setattr(run, "CHUNK_SECONDS", 0.0)
    shares = []
    again = train(OPTIMIZER, TASK, seeds=(4,), progress=lambda text, share: shares.append(share))
    assert len(shares) == OPTIMIZER.updates
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert bytes_of(again) == bytes_of(whole)


CHILD = """
import sys, time
from pathlib import Path
sys.path.insert(0, {tests!r})
from test_run import OPTIMIZER, TASK
from mesascope.training import run
run.CHUNK_SECONDS = 0.0
def slowly(text, share):
    print(share, flush=True)
    time.sleep(0.05)
run.train(OPTIMIZER, TASK, seeds=(4,), directory=Path({directory!r}), progress=slowly, checkpoint_seconds=0.0)
"""


def killed(directory: Path) -> int:
    """Starts the run in another process, kills it once it has written a few checkpoints, and returns its status."""
    code = CHILD.format(tests=str(Path(__file__).parent), directory=str(directory))
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=dict(os.environ))
    assert child.stdout is not None
    for line in child.stdout:
        if float(line) >= 0.2:
            break
    child.kill()
    child.communicate(timeout=60)
    return child.returncode


def test_resumes_after_kill_with_identical_result(tmp_path, whole):
    assert killed(tmp_path) == -signal.SIGKILL
    started = []
    resumed = train(OPTIMIZER, TASK, seeds=(4,), directory=tmp_path, progress=lambda text, share: started.append(share))
    assert started[0] > 0.15
    assert bytes_of(resumed) == bytes_of(whole)
    for name, values in whole.curve.items():
        np.testing.assert_array_equal(resumed.curve[name], values)


@pytest.fixture
def interruptible():
    """Python as it is on a terminal: started in the background by a shell it is deaf to interrupts."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_interrupt_leaves_a_checkpoint_and_nothing_half_written(tmp_path, whole, monkeypatch):
    monkeypatch.setattr(run, "CHUNK_SECONDS", 0.0)

    def interrupt(text: str, share: float) -> None:
        if share >= 0.2:
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        train(OPTIMIZER, TASK, seeds=(4,), directory=tmp_path, progress=interrupt, checkpoint_seconds=0.0)
    assert [path.name for path in tmp_path.iterdir()] == [CHECKPOINT]
    assert bytes_of(train(OPTIMIZER, TASK, seeds=(4,), directory=tmp_path)) == bytes_of(whole)


def test_interrupt_between_checkpoints_saves_what_was_done(tmp_path, monkeypatch):
    monkeypatch.setattr(run, "CHUNK_SECONDS", 0.0)

    def interrupt(text: str, share: float) -> None:
        if share >= 0.5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(OPTIMIZER, TASK, seeds=(4,), directory=tmp_path, progress=interrupt, checkpoint_seconds=1e9)
    shares = []
    train(OPTIMIZER, TASK, seeds=(4,), directory=tmp_path, progress=lambda text, share: shares.append(share))
    assert shares[0] == pytest.approx(0.5 + 1 / OPTIMIZER.updates)


def test_finished_run_is_found_again(tmp_path, whole):
    train(OPTIMIZER, TASK, seeds=(4,), directory=tmp_path)
    before = time.perf_counter()
    again = train(OPTIMIZER, TASK, seeds=(4,), directory=tmp_path, progress=lambda *_: pytest.fail("trained again"))
    assert time.perf_counter() - before < 60
    assert bytes_of(again) == bytes_of(whole)


@pytest.mark.parametrize(
    ("optimizer", "task", "seeds", "field"),
    [
        (replace(OPTIMIZER, levels=3), TASK, (4,), "optimizer.levels is 2 there and 3 here"),
        (OPTIMIZER, replace(TASK, world=replace(WORLD, density=0.1)), (4,), "task.world.density is 0.25 there and 0.1"),
        (OPTIMIZER, replace(TASK, network=MLPSpec((8,))), (4,), "task.network.widths"),
        (OPTIMIZER, replace(TASK, objective=WORLD.objectives[1]), (4,), "task.objective is cheese there"),
        (OPTIMIZER, TASK, (4, 5), "seeds is 4 there and 4, 5 here"),
    ],
)
def test_refuses_to_go_on_with_other_settings(tmp_path_factory, optimizer, task, seeds, field):
    directory = tmp_path_factory.getbasetemp() / "settings"
    if not directory.exists():
        train(OPTIMIZER, TASK, seeds=(4,), directory=directory)
    with pytest.raises(TrainingError) as caught:
        train(optimizer, task, seeds=seeds, directory=directory)
    assert field in str(caught.value)


@pytest.mark.parametrize("broken", [b"", b"no checkpoint", None], ids=["empty", "noise", "truncated"])
def test_broken_checkpoint_is_named(tmp_path, broken):
    path = tmp_path / CHECKPOINT
    if broken is None:
        train(OPTIMIZER, TASK, seeds=(4,), directory=tmp_path)
        broken = path.read_bytes()[:-20]
    path.write_bytes(broken)
    with pytest.raises(TrainingError, match="cannot be read"):
        train(OPTIMIZER, TASK, seeds=(4,), directory=tmp_path)


def test_number_that_stops_being_finite_is_named_with_its_update():
    table = {"return": np.zeros((9, 2)), "gradient norm": np.zeros((9, 2))}
    check_finite(table, updates=40)
    table["gradient norm"][7:, 1] = np.nan
    with pytest.raises(TrainingError, match=r"In update 18 of 40 \(seed 4\) the gradient norm stopped being finite"):
        check_finite(table, updates=40, done=10, seeds=(3, 4))


def test_parameters_that_stop_being_finite_are_noticed():
    with pytest.raises(TrainingError, match=r"In update \d of 40 \(seed 4\) the .*parameter norm stopped being finite"):
        train(replace(OPTIMIZER, learning_rate=1e38), TASK, seeds=(4,))


@pytest.mark.parametrize("seeds", [(), (1, 1), (-1,)])
def test_refuses_seeds_that_are_not_different_whole_numbers(seeds):
    with pytest.raises(TrainingError, match="different whole numbers"):
        train(OPTIMIZER, TASK, seeds=seeds)


def test_curve_table_has_a_row_per_update_and_seed(whole):
    table = whole.curve_table()
    assert table.height == OPTIMIZER.updates
    assert {"update", "seed", "return", "gradient norm"} <= set(table.columns)
    assert table["seed"].unique().to_list() == [4]
    assert table["update"].dtype == polars.Int64
    assert table["return"].is_between(0, 1).all()


def test_network_has_the_trained_parameters(whole):
    network = whole.network(4)
    logits, _, memory = network(jnp.zeros(WORLD.observation_shape), None)
    assert logits.shape == (len(WORLD.actions),)
    assert memory is None
    fresh = TASK.build(key=jax.random.key(0))
    assert jax.tree.structure(network) == jax.tree.structure(fresh)
