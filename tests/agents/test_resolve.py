import subprocess
import sys

import equinox as eqx
import jax
import numpy as np
import pytest

from mesascope.agents.files import save_agent
from mesascope.agents.networks.mlp import MLPSpec
from mesascope.agents.resolve import agent_of, resolve_agent
from mesascope.core.errors import AgentError, UnknownNameError, UntrustedModelError, UsageError
from mesascope.worlds.corner import Corner

WORLD = Corner(size=5)
ACTIONS = len(WORLD.actions)

MODULE = f"""
import numpy
from mesascope.agents.adapters.function import FunctionAgent

def policy(batch):
    return numpy.full((len(batch), {ACTIONS}), 1 / {ACTIONS})

def short(batch):
    return policy(batch)[:, 1:]

def fails(batch):
    raise KeyError("goal")

agent = FunctionAgent("own", policy, {ACTIONS})
number = 3
"""


@pytest.fixture
def folder(tmp_path, monkeypatch, request):
    # A module name of its own for each test, because Python imports a name once.
    name = f"brought_{abs(hash(request.node.nodeid))}"
    (tmp_path / f"{name}.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    yield name
    sys.modules.pop(name, None)


def saved(path, world, actions=ACTIONS):
    spec = MLPSpec(widths=(4,))
    shape = world.observation_shape
    network = eqx.filter_jit(lambda key: spec.build(shape, actions, key=key))(jax.random.key(0))
    options = {"size": str(world.size)}
    return str(
        save_agent(
            path,
            network,
            spec,
            world_name="corner",
            world_options=options,
            observation_shape=shape,
            actions=actions,
        )
    )


def test_functions_and_agents_are_found_in_the_current_folder(folder):
    before = list(sys.path)
    agent = resolve_agent(f"{folder}:policy", world=WORLD)
    assert agent.kind == "function"
    assert agent.name == f"{folder}:policy"
    probabilities, _ = agent.act(np.zeros((3, *WORLD.observation_shape), np.float32), agent.initial_state(3))
    assert np.allclose(probabilities, 1 / ACTIONS)
    assert resolve_agent(f"{folder}:agent", world=WORLD).name == "own"
    assert sys.path == before


@pytest.mark.parametrize(
    ("attribute", "error", "message"),
    [
        ("polic", UnknownNameError, "Did you mean 'policy'"),
        ("short", AgentError, "with 5 actions"),
        ("fails", AgentError, "KeyError"),
        ("number", UsageError, "is a int, not an agent"),
        ("FunctionAgent", UsageError, "is a class; name an instance"),
    ],
)
def test_what_a_module_cannot_give_is_said(folder, attribute, error, message):
    with pytest.raises(error, match=message):
        resolve_agent(f"{folder}:{attribute}", world=WORLD)


def test_torch_modules_return_logits():
    torch = pytest.importorskip("torch")
    module = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(75, ACTIONS))
    agent = agent_of(module, name="net", world=WORLD)
    assert agent.kind == "torch module"
    with pytest.raises(AgentError, match="probabilities"):
        agent_of(torch.nn.Sequential(module, torch.nn.Softmax(-1)), name="net", world=WORLD)


def test_agent_files_must_fit_the_world(tmp_path):
    path = saved(tmp_path / "agent.safetensors", WORLD)
    assert resolve_agent(path, world=WORLD).kind == "network"
    with pytest.raises(UsageError, match=r"\[5, 5, 3\].*\[7, 7, 3\].*'corner' with 'size=5'.*--world-option KEY"):
        resolve_agent(path, world=Corner(size=7))
    with pytest.raises(UsageError, match=f"among {ACTIONS + 2} actions; world 'corner' has {ACTIONS}"):
        resolve_agent(saved(tmp_path / "more.safetensors", WORLD, ACTIONS + 2), world=WORLD)


def test_an_agent_file_is_called_what_was_typed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for folder in ("one", "two", "th\x1b[31mree"):
        (tmp_path / folder).mkdir()
        saved(tmp_path / folder / "agent.safetensors", WORLD)
    for typed in ("one/agent.safetensors", "./two/agent.safetensors"):
        assert resolve_agent(typed, world=WORLD, deterministic=True).name == typed
    assert resolve_agent("th\x1b[31mree/agent.safetensors", world=WORLD).name == "th\\x1b[31mree/agent.safetensors"


def test_what_a_file_says_of_its_world_is_quoted_as_data(tmp_path):
    spec = MLPSpec(widths=(4,))
    network = eqx.filter_jit(lambda key: spec.build((2, 2, 3), ACTIONS, key=key))(jax.random.key(0))
    options = {f"a{index}": "$(rm -rf ~)\x1b[2J" + "x" * 9000 for index in range(100)}
    path = save_agent(
        tmp_path / "agent.safetensors",
        network,
        spec,
        world_name="corner; rm -rf ~\n",
        world_options=options,
        observation_shape=(2, 2, 3),
        actions=ACTIONS,
    )
    with pytest.raises(UsageError) as caught:
        resolve_agent(str(path), world=WORLD)
    message = str(caught.value)
    assert "'corner; rm -rf ~\\x0a'" in message
    assert "--option" not in message
    assert message.isprintable()
    assert len(message) < 2000


def test_stable_baselines3_files_must_fit_the_world(stable_baselines3_models):
    image, vector = (str(stable_baselines3_models[name][0]) for name in ("ppo-image", "ppo-bytes"))
    with pytest.raises(UsageError, match=r"images \[7, 7, 3\].*\[5, 5, 3\]"):
        resolve_agent(image, world=WORLD)
    with pytest.raises(UsageError, match="among 4 actions; world 'corner' has 5"):
        resolve_agent(image, world=Corner(size=7))
    for trust_pickle in (False, True):
        with pytest.raises(UsageError, match=r"arrays \[6\].*\[5, 5, 3\]"):
            resolve_agent(vector, world=WORLD, trust_pickle=trust_pickle)


@pytest.mark.parametrize("ending", [".pt", ".pth", ".pkl", ".ckpt"])
def test_pickles_are_refused_with_a_way_out(tmp_path, ending, canary):
    from tests.agents.hostile_files import payload

    path = tmp_path / f"agent{ending}"
    path.write_bytes(payload(canary))
    with pytest.raises(UntrustedModelError, match=r"weights_only=True.*my_module:policy.*save_agent"):
        resolve_agent(str(path), world=WORLD)
    assert not canary.exists()


def test_what_is_not_there_is_said_with_the_nearest_name(tmp_path):
    saved(tmp_path / "agent.safetensors", WORLD)
    with pytest.raises(UsageError, match=r"did you mean '.*agent\.safetensors'"):
        resolve_agent(str(tmp_path / "agnet.safetensors"), world=WORLD)
    with pytest.raises(UsageError, match="no folder"):
        resolve_agent(str(tmp_path / "none" / "agent.zip"), world=WORLD)
    with pytest.raises(UsageError, match="There is no agent 'cornr'"):
        resolve_agent("cornr", world=WORLD)
    other = tmp_path / "notes.txt"
    other.write_text("hello")
    with pytest.raises(UsageError, match="neither"):
        resolve_agent(str(other), world=WORLD)
    with pytest.raises(UsageError, match="Cannot import 'no_such_module'"):
        resolve_agent("no_such_module:policy", world=WORLD)


def test_the_core_needs_no_torch():
    program = "import sys, mesascope.agents.resolve; assert not {'torch', 'gymnasium'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True, timeout=120)
