"""Debate about 8x8 digits: a judge who sees few pixels, and two sides who choose which (Irving et al. 2018, §3.1).

Part of the ledger `oversight`, which imports it; `python -m pytest -m slow tests/benchmarks/test_debated_digits.py`
checks its known answers alone.

The digits are scikit-learn's 1,797 images of 8x8 pixels. The judge is trained on pixels drawn at random among those
that are not blank. In a debate each side has bound itself to a digit, one of them to the right one; in turns they
show a pixel that is not blank, each the one that moves the judge most towards its own digit at once.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Bool, Float, Int
from sklearn import datasets

from mesascope.core.errors import UsageError
from mesascope.core.random import RandomKey, root_key, stream
from mesascope.oversight.debate.game import FIRST, SECOND, drawn, fitted, show

SIDE: int = 64
"""Pixels of an image."""
DIGITS: int = 10
HELD_OUT: int = 400
"""Images that no judge is trained on."""
WIDTH: int = 256
UPDATES: int = 12_000
"""Of a judge's training; with half as many the honest side wins by 2 % less often."""
BATCH: int = 128
REVEALS: int = 25
"""How often random pixels are drawn for each held-out image, to say how good the judge is by itself."""


@dataclass(frozen=True)
class SparseJudge:
    """How well a judge who sees few pixels does, alone and after debates; shares of held-out images.

    **Arguments:**

    - `alone`: random pixels, the judge names the digit.
    - `all_lies`: the honest side wins against each of the nine wrong digits.
    - `random_lie`: it wins against a wrong digit drawn at random.
    - `images`: how many held-out images there are.
    """

    alone: float
    all_lies: float
    random_lie: float
    images: int


def load_digits() -> tuple[Float[np.ndarray, "N 64"], Int[np.ndarray, " N"]]:
    """Returns scikit-learn's 8x8 digits, pixels in [0, 1], and what they show."""
    images, digits = datasets.load_digits(return_X_y=True)
    return (images / 16).astype(np.float32), digits.astype(np.int32)


def contributions(judge: eqx.nn.MLP, image: Float[Array, " 64"]) -> Float[Array, "64 H"]:
    """Returns what each pixel adds to the judge's first layer if it is shown: its value, and that it is known."""
    weight = judge.layers[0].weight
    return (image[:, None] * weight[:, :SIDE].T) + weight[:, SIDE:].T


def logits(judge: eqx.nn.MLP, layer: Float[Array, " H"]) -> Float[Array, " 10"]:
    """Returns what the judge says of each digit when its first layer holds this."""
    hidden = jax.nn.relu(layer)
    for part in judge.layers[1:-1]:
        hidden = jax.nn.relu(part(hidden))
    return judge.layers[-1](hidden)


def by_random_pixels(
    judge: eqx.nn.MLP, images: Float[Array, "N 64"], pixels: int, *, key: RandomKey
) -> Float[Array, "N 10"]:
    """Returns what the judge says if it is shown so many pixels of each image, drawn at random among the lit ones."""
    which = drawn((images > 0).astype(jnp.float32), pixels, key=key)
    shown = (which[..., None] == jnp.arange(SIDE)).any(1)
    given = jnp.concatenate([jnp.where(shown, images, 0.0), shown.astype(jnp.float32)], axis=-1)
    return jax.vmap(judge)(given)


@eqx.filter_jit
def trained(
    images: Float[Array, "N 64"], digits: Int[Array, " N"], pixels: int, updates: int, *, key: RandomKey
) -> eqx.nn.MLP:
    """Returns a judge that was trained to name digits by random pixels."""
    key_network, key_fit = jax.random.split(key)

    def loss(judge: eqx.nn.MLP, key: RandomKey):
        key_batch, key_pixels = jax.random.split(key)
        some = jax.random.randint(key_batch, (BATCH,), 0, len(images))
        said = by_random_pixels(judge, images[some], pixels, key=key_pixels)
        return optax.softmax_cross_entropy_with_integer_labels(said, digits[some]).mean()

    judge = eqx.nn.MLP(2 * SIDE, DIGITS, WIDTH, depth=2, key=key_network)
    return fitted(loss, judge, updates=updates, key=key_fit)


@eqx.filter_jit
def honest_wins(
    judge: eqx.nn.MLP, images: Float[Array, "N 64"], digits: Int[Array, " N"], turns: Float[Array, " moves"]
) -> Bool[Array, "N 9"]:
    """Returns whether the honest side wins a debate about each image against each wrong digit.

    **Arguments:**

    - `judge`: decides for the digit of the two to which it gives the larger logit.
    - `images`, `digits`: what is debated, and the honest side's digit.
    - `turns`: as of `show`; the honest side is the first.
    """

    start = judge.layers[0].bias
    assert start is not None

    def debate(image, digit, lie):
        def margin(layer):
            said = logits(judge, layer)
            return said[digit] - said[lie]

        return margin(show(margin, contributions(judge, image), image > 0, start, turns)) > 0

    lies = (digits[:, None] + jnp.arange(1, DIGITS)) % DIGITS
    # One image after the other: all that could be shown in all debates at once would not fit into the cache.
    return jax.lax.map(lambda one: jax.vmap(lambda lie: debate(one[0], one[1], lie))(one[2]), (images, digits, lies))


@functools.cache
def sparse_judge(pixels: int, *, updates: int = UPDATES, seed: int = 0) -> SparseJudge:
    """Trains a judge who sees so many pixels, and lets two sides debate before it.

    **Arguments:**

    - `pixels`: that are shown, an even number from 2 to 12; in a debate each side shows half of them, the liar first.
    - `updates`: that the judge is trained for, 1 or more.
    - `seed`: draws the held-out images, the training and the pixels.

    **Raises:** `UsageError` for another number.
    """
    if pixels % 2 or not 2 <= pixels <= 12:
        raise UsageError(f"pixels={pixels}: two sides show as many pixels each, 2 to 12 together.")
    images, digits = load_digits()
    order = np.random.default_rng(seed).permutation(len(images))
    (held_images, train_images), (held, known) = (np.split(one[order], [HELD_OUT]) for one in (images, digits))
    key = root_key(seed)
    judge = trained(jnp.asarray(train_images), jnp.asarray(known), pixels, updates, key=stream("training", key=key))
    looks = jax.random.split(stream("pixels", key=key), REVEALS)
    said = jax.lax.map(lambda look: by_random_pixels(judge, jnp.asarray(held_images), pixels, key=look), looks)
    turns = jnp.asarray([SECOND, FIRST] * (pixels // 2))
    won = np.asarray(honest_wins(judge, jnp.asarray(held_images), jnp.asarray(held), turns))
    alone = float((np.asarray(said).argmax(-1) == held).mean())
    return SparseJudge(alone, float(won.all(1).mean()), float(won.mean()), len(held))
