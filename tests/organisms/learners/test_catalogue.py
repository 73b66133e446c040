"""Every learner can be listed without jax, has a recipe that fits its stream, and a label."""

from __future__ import annotations

import subprocess
import sys

import equinox as eqx
import jax
import pytest

from mesascope.audit.findings import AlignmentClass
from mesascope.core.errors import UnknownNameError
from mesascope.organisms.learners.catalogue import LEARNERS, load_learner_truth
from mesascope.organisms.learners.truths import TRUTHS


def test_listing_imports_no_jax():
    code = (
        "import sys; from mesascope.organisms.learners.catalogue import LEARNERS; assert LEARNERS.names(); "
        "assert 'jax' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("name", LEARNERS.names())
def test_recipe_and_label_fit_the_stream(name):
    recipe, truth = LEARNERS.load(name), load_learner_truth(name)
    assert recipe.name == name
    assert dict(LEARNERS.entry(name).details)["stream"] == recipe.stream.name
    hash(recipe.task)
    network = eqx.filter_eval_shape(recipe.task.build, key=jax.random.key(0))
    seen = jax.ShapeDtypeStruct(recipe.stream.observation_shape, "float32")
    head, value, _ = eqx.filter_eval_shape(lambda net, seen: net(seen, net.initial_memory()), network, seen)
    assert (head.shape, value.shape) == ((recipe.stream.outputs,), ())
    assert set(truth.pursues) <= set(recipe.stream.signals)
    assert truth.why
    assert (recipe.objective in truth.pursues) == (truth.alignment is AlignmentClass.ROBUST)


def test_a_name_without_a_label_is_named():
    assert TRUTHS.keys() == set(LEARNERS.names())
    with pytest.raises(UnknownNameError, match="Did you mean 'rl2-bandits'"):
        load_learner_truth("rl2-bandit")
