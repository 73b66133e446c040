import jax.numpy as jnp
import numpy as np
import pytest

gymnasium = pytest.importorskip("gymnasium")

from gymnasium import spaces  # noqa: E402

from mesascope.core.errors import UnknownNameError, WorldError  # noqa: E402
from mesascope.worlds.gymnasium.encoding import check_encoding, space_encoding  # noqa: E402

CASES = [
    (spaces.Discrete(3, start=5), "auto", 6, [0, 1, 0]),
    (spaces.Discrete(3, start=5), "one-hot", 7, [0, 0, 1]),
    (spaces.Discrete(3), "raw", 2, [2]),
    (spaces.MultiDiscrete([2, 3]), "auto", np.array([1, 2]), [0, 1, 0, 0, 1]),
    (spaces.MultiBinary(2), "auto", np.array([1, 0], np.int8), [1, 0]),
    (spaces.Tuple((spaces.Discrete(2), spaces.Box(0, 9, (1,)))), "auto", (1, np.array([4.5], np.float32)), [0, 1, 4.5]),
    (spaces.Box(0, 255, (1, 2, 1), np.uint8), "auto", np.array([[[7], [255]]], np.uint8), [[[7], [255]]]),
    (spaces.Box(0, 255, (1, 2, 1), np.uint8), "flat", np.array([[[7], [255]]], np.uint8), [7, 255]),
    (spaces.Box(-1, 1, ()), "auto", np.array(0.5, np.float32), [0.5]),
]


@pytest.mark.parametrize(("space", "observation", "given", "shown"), CASES)
def test_what_is_shown_is_what_was_observed(space, observation, given, shown):
    encoding = space_encoding(space, observation, "Some-v0")
    stored = encoding.encode(given)
    assert stored.shape == encoding.stored_shape
    assert stored.nbytes == encoding.stored_bytes
    seen = encoding.show(jnp.asarray(stored))
    assert seen.dtype == jnp.float32
    assert seen.shape == encoding.shape
    assert len(encoding.channels) == encoding.shape[-1]
    np.testing.assert_array_equal(seen, np.array(shown, np.float32))


def test_bytes_stay_bytes_and_whole_numbers_take_no_vectors():
    image = space_encoding(spaces.Box(0, 255, (7, 7, 3), np.uint8), "auto", "Some-v0")
    assert image.stored_bytes == 147
    assert space_encoding(spaces.Discrete(100_000), "auto", "Some-v0").stored_bytes == 4


def test_what_has_no_array_is_refused():
    with pytest.raises(WorldError, match=r"'Some-v0' are a Text.*wrapper that makes them a Box"):
        space_encoding(spaces.Text(3), "auto", "Some-v0")
    with pytest.raises(WorldError, match="cannot be laid out as one vector"):
        space_encoding(spaces.Tuple((spaces.Sequence(spaces.Discrete(2)),)), "auto", "Some-v0")
    with pytest.raises(UnknownNameError, match="Did you mean 'one-hot'"):
        check_encoding("onehot")
