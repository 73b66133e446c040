import json
import os
import time

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mesascope.agents.files import load_agent, save_agent
from mesascope.agents.network_agent import NetworkAgent
from mesascope.agents.networks import NETWORKS
from mesascope.core.errors import OutputError, UntrustedModelError, UsageError
from tests.agents.conftest import ACTIONS, SHAPE
from tests.agents.hostile_files import hostile_safetensors, split
from tests.agents.networks.small import SMALL, place_of, seen_by


def random_network(spec):
    """A network of random numbers, which costs no compiling."""
    generator = np.random.default_rng(0)
    shape, actions = place_of(spec)
    shapes = eqx.filter_eval_shape(spec.build, shape, actions, key=jax.random.key(0))
    return jax.tree.map(lambda leaf: jnp.asarray(generator.normal(size=leaf.shape) / 10, leaf.dtype), shapes)


@pytest.mark.parametrize("architecture", sorted(NETWORKS))
def test_every_architecture_acts_the_same_after_saving_and_loading(architecture, tmp_path):
    spec = SMALL[architecture]
    image, actions = place_of(spec)
    network = random_network(spec)
    agent = NetworkAgent("fresh", network, spec, image, actions)
    path = save_agent(
        tmp_path / "agent.safetensors",
        network,
        spec,
        world_name="corner",
        world_options={"size": "9"},
        base_objective="cheese",
        step=3,
        observation_shape=image,
        actions=actions,
        metadata={"note": "for ö"},
    )
    loaded = load_agent(path)
    assert eqx.tree_equal(loaded.network, network)
    assert loaded.origin is not None
    assert loaded.origin["world"] == {"name": "corner", "options": {"size": "9"}}
    assert loaded.origin["metadata"] == {"note": "for ö"}
    observations = seen_by(architecture)
    first, memory = agent.act(observations, agent.initial_state(6))
    second, again = loaded.act(observations, loaded.initial_state(6))
    assert np.array_equal(first, second)
    assert np.array_equal(agent.act(observations, memory)[0], loaded.act(observations, again)[0])


def test_saving_refuses_what_could_not_be_loaded(agent_file, tmp_path):
    agent = load_agent(agent_file)
    broken = eqx.tree_at(lambda network: network.heads.value.bias, agent.network, jnp.full(1, jnp.nan))
    stacked = jax.tree.map(lambda leaf: jnp.stack([leaf, leaf]), agent.network)
    place = {"world_name": "toy", "observation_shape": SHAPE, "actions": ACTIONS}
    with pytest.raises(UsageError, match=r"heads\.value\.bias"):
        save_agent(tmp_path / "a.safetensors", broken, agent.spec, **place)
    with pytest.raises(UsageError, match="stack of seeds"):
        save_agent(tmp_path / "a.safetensors", stacked, agent.spec, **place)
    with pytest.raises(UsageError, match=r"ends in \.safetensors"):
        save_agent(tmp_path / "a.pt", agent.network, agent.spec, **place)
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError):
        save_agent(tmp_path / "file" / "a.safetensors", agent.network, agent.spec, **place)
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def test_hostile_files_are_refused_for_their_reason(agent_file, tmp_path, subtests):
    for name, (content, message) in hostile_safetensors(agent_file.read_bytes()).items():
        with subtests.test(name):
            path = tmp_path / "hostile.safetensors"
            path.write_bytes(content)
            start = time.process_time()
            with pytest.raises(UntrustedModelError, match=message) as caught:
                load_agent(path)
            assert time.process_time() - start < 2
            assert str(path) in str(caught.value)


def test_what_is_not_a_plain_small_file_is_refused(agent_file, tmp_path):
    link, pipe = tmp_path / "link.safetensors", tmp_path / "pipe.safetensors"
    link.symlink_to(agent_file)
    os.mkfifo(pipe)
    for path, message in ((link, "symbolic link"), (pipe, "regular file"), (tmp_path, "regular file")):
        with pytest.raises(UntrustedModelError, match=message):
            load_agent(path)
    with pytest.raises(UntrustedModelError, match="more than 100 bytes"):
        load_agent(agent_file, maximum_bytes=100)
    with pytest.raises(UsageError, match="No such file"):
        load_agent(tmp_path / "missing.safetensors")
    with pytest.raises(UsageError, match="null"):
        load_agent("a\0b.safetensors")


def test_names_from_a_file_are_cut_short(agent_file, tmp_path):
    header, data = split(agent_file.read_bytes())
    header["x" * 10_000] = {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}
    text = json.dumps(header).encode()
    path = tmp_path / "long.safetensors"
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)
    with pytest.raises(UntrustedModelError) as caught:
        load_agent(path)
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("architecture", ["mlp", "convnet", "gru"])
def test_weights_that_overflow_are_refused_when_they_are_read(architecture, tmp_path):
    spec = SMALL[architecture]
    image, actions = place_of(spec)
    place = {"world_name": "toy", "observation_shape": image, "actions": actions}
    path, network = tmp_path / "large.safetensors", random_network(spec)
    save_agent(path, jax.tree.map(lambda leaf: jnp.full_like(leaf, 3e38), network), spec, **place)
    start = time.process_time()
    with pytest.raises(UntrustedModelError, match=r"numbers as large as 3e\+38"):
        load_agent(path)
    assert time.process_time() - start < 5
    # One large number that overflows nothing is an agent that is very sure.
    sure = eqx.tree_at(lambda network: network.heads.policy.bias, network, jnp.array([1e30, 0, 0, 0, 0], jnp.float32))
    agent = load_agent(save_agent(path, sure, spec, **place))
    assert agent.act(np.ones((8, *image), np.float32), agent.initial_state(8))[0][0].tolist() == [1, 0, 0, 0, 0]


def test_text_of_a_file_is_shown_without_control_characters(agent_file, tmp_path):
    header, data = split(agent_file.read_bytes())
    name = "heads.value.bias"
    entry = header[name]
    path = tmp_path / "coloured.safetensors"
    for hostile in ("\x1b[2J\x1b[31mred", "\u202eesrever", "a\nb", "x" * 500_000, "\x9b2J"):
        description = json.loads(header["__metadata__"]["mesascope"])
        changes = [
            {**header, hostile: entry},
            {**header, name: {**entry, "dtype": hostile}},
            {**header, "__metadata__": {"mesascope": hostile}},
        ]
        for field in ("architecture", "sha256", "schema", "spec"):
            value = {hostile: 1} if field == "spec" else hostile
            changes.append({**header, "__metadata__": {"mesascope": json.dumps({**description, field: value})}})
        for changed in changes:
            text = json.dumps(changed).encode()
            path.write_bytes(len(text).to_bytes(8, "little") + text + data)
            with pytest.raises(UntrustedModelError) as caught:
                load_agent(path)
            assert str(caught.value).isprintable()
            assert len(str(caught.value)) < 1200
    header[name] = {**entry, "shape": [1] * 100_000}
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)
    with pytest.raises(UntrustedModelError) as caught:
        load_agent(path)
    assert len(str(caught.value)) < 1200


@st.composite
def mutations(draw, size: int):
    kind = draw(st.sampled_from(["flip", "truncate", "splice", "insert"]))
    # The header is a small part of the file, and the part with the most to break.
    start = draw(st.one_of(st.integers(0, size - 1), st.integers(0, min(size, 1500) - 1)))
    return kind, start, draw(st.integers(1, 255)), draw(st.integers(0, size - 1)), draw(st.binary(max_size=12))


def mutated(content: bytes, mutation) -> bytes:
    kind, start, mask, other, filling = mutation
    if kind == "flip":
        return content[:start] + bytes([content[start] ^ mask]) + content[start + 1 :]
    if kind == "truncate":
        return content[:start]
    if kind == "splice":
        return content[:start] + content[other:]
    return content[:start] + filling + content[start:]


def test_a_mutated_file_gives_a_valid_agent_or_a_refusal(agent_file, tmp_path):
    content = agent_file.read_bytes()
    original = load_agent(agent_file)
    path = tmp_path / "mutated.safetensors"
    outcomes = {"refused": 0, "read": 0}

    @settings(
        max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True
    )
    @given(mutations(len(content)))
    def check(mutation):
        path.write_bytes(mutated(content, mutation))
        start = time.process_time()
        try:
            agent = load_agent(path)
        except UntrustedModelError:
            outcomes["refused"] += 1
        else:
            # What the checksum does not cover (a note, a step) may differ; the numbers may not.
            assert eqx.tree_equal(agent.network, original.network)
            outcomes["read"] += 1
        assert time.process_time() - start < 2

    check()
    assert outcomes["refused"] > 50
