"""An agent is grown once, found again afterwards, and never mistaken for that of another recipe."""

from __future__ import annotations

from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import polars
import pytest

from mesascope.agents.files import load_agent
from mesascope.agents.networks.centred_mlp import CentredMLPSpec
from mesascope.core.errors import TrainingError, UnknownNameError
from mesascope.organisms import train as training
from mesascope.organisms.catalogue import ORGANISMS
from mesascope.organisms.organism import Organism
from mesascope.organisms.train import AGENT, CURVE, RECIPE, folder_of, intact, train_organism, train_population
from mesascope.training.optimizers.exact_gradient import ExactGradient
from mesascope.training.run import CHECKPOINT
from mesascope.worlds.corner import Corner

TINY = Organism("tiny", Corner(size=5), "cheese", ExactGradient(updates=20, levels=2), CentredMLPSpec((8,)))


@pytest.fixture(autouse=True)
def only_tiny(monkeypatch):
    monkeypatch.setattr(ORGANISMS, "load", lambda name: TINY)


def test_agent_is_grown_once(tmp_path):
    shares = []
    path = train_organism("tiny", seed=3, directory=tmp_path, progress=lambda text, share: shares.append(share))
    assert path == tmp_path / AGENT
    assert shares[-1] == 1.0
    assert not (tmp_path / CHECKPOINT).exists()
    assert polars.read_parquet(tmp_path / CURVE).height == 20
    first = path.read_bytes()
    again = train_organism("tiny", seed=3, directory=tmp_path, progress=lambda *_: pytest.fail("trained again"))
    assert again.read_bytes() == first
    path.unlink()
    assert train_organism("tiny", seed=3, directory=tmp_path).read_bytes() == first


@pytest.mark.parametrize("name", [AGENT, CURVE])
def test_a_file_that_is_not_as_it_was_written_is_put_aside_and_made_again(tmp_path, name):
    path, notes = train_organism("tiny", seed=3, directory=tmp_path), []
    whole = path.read_bytes()
    damaged = (tmp_path / name).read_bytes()[:100]
    (tmp_path / name).write_bytes(damaged)
    if name == CURVE:
        # What nobody asks for is not looked at.
        assert intact(tmp_path)
        path.unlink()
    assert not intact(tmp_path)
    assert train_organism("tiny", seed=3, directory=tmp_path, note=notes.append).read_bytes() == whole
    assert intact(tmp_path)
    assert (tmp_path / f"{name}.changed").read_bytes() == damaged
    assert len(notes) == 1
    assert name in notes[0]


@pytest.mark.parametrize("name", [AGENT, CURVE, RECIPE])
@pytest.mark.parametrize(
    "content", ["mine", "{}", '{"settings": {}}', "[" * 900, '{"settings": {"a": 1}, "files": {}}']
)
def test_files_of_anothers_making_are_never_replaced(tmp_path, name, content):
    (tmp_path / name).write_text(content)
    with pytest.raises(TrainingError, match=r"nothing says that it comes from here.*--out"):
        train_organism("tiny", seed=3, directory=tmp_path)
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == {name: content}


@pytest.mark.parametrize("writes", range(4))
def test_a_run_that_is_killed_while_it_writes_is_gone_on_with(tmp_path, monkeypatch, writes):
    whole = train_organism("tiny", seed=3, directory=tmp_path / "whole").read_bytes()
    write, left = training.write_atomically, [writes]

    def until_killed(path, content):
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        return write(path, content)

    monkeypatch.setattr(training, "write_atomically", until_killed)
    if writes < 3:
        with pytest.raises(KeyboardInterrupt):
            train_organism("tiny", seed=3, directory=tmp_path / "cut")
        monkeypatch.undo()
        monkeypatch.setattr(ORGANISMS, "load", lambda name: TINY)
    assert train_organism("tiny", seed=3, directory=tmp_path / "cut").read_bytes() == whole


def test_agent_file_holds_the_trained_policy(tmp_path):
    agent = load_agent(train_organism("tiny", seed=3, directory=tmp_path))
    observations = np.asarray(jnp.zeros((2, *TINY.world.observation_shape)))
    probabilities, _ = agent.act(observations, agent.initial_state(2))
    assert probabilities.shape == (2, 5)
    np.testing.assert_allclose(probabilities.sum(-1), 1, rtol=1e-6)


def test_agent_of_another_recipe_is_refused(tmp_path, monkeypatch):
    train_organism("tiny", seed=3, directory=tmp_path)
    with pytest.raises(TrainingError, match="seeds is 3 there and 4 here"):
        train_organism("tiny", seed=4, directory=tmp_path)
    changed = replace(TINY, optimizer=ExactGradient(updates=20, levels=3))
    monkeypatch.setattr(ORGANISMS, "load", lambda name: changed)
    with pytest.raises(TrainingError, match=r"optimizer.levels is 2 there and 3 here"):
        train_organism("tiny", seed=3, directory=tmp_path)


def test_population_grows_each_seed_as_if_alone(tmp_path):
    shares = []
    agents = train_population(
        "tiny", seeds=(3, 5), directory=tmp_path, progress=lambda text, share: shares.append(share)
    )
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert agents[5] == folder_of("tiny", 5, tmp_path) / AGENT
    alone = train_organism("tiny", seed=5, directory=tmp_path / "alone")
    assert alone.read_bytes() == agents[5].read_bytes()
    assert alone.read_bytes() != agents[3].read_bytes()


def test_base_objective_must_be_one_of_the_worlds():
    with pytest.raises(UnknownNameError, match="Did you mean 'cheese'"):
        replace(TINY, objective="chese").task  # noqa: B018
