import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mesascope.agents.networks.convolution import convolve


def by_hand(images, kernels):
    """Sums nine shifted products, in double precision."""
    images, kernels = np.asarray(images, np.float64), np.asarray(kernels, np.float64)
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)))
    height, width = images.shape[1:3]
    return sum(
        padded[:, row : row + height, column : column + width] @ kernels[row, column]
        for row in range(3)
        for column in range(3)
    )


@pytest.fixture
def arrays():
    generator = np.random.default_rng(0)
    return (
        jnp.array(generator.normal(size=(2, 5, 4, 6, 3)), jnp.float32),
        jnp.array(generator.normal(size=(2, 3, 3, 3, 7)), jnp.float32),
    )


def test_equals_the_sum_of_shifted_products(arrays):
    images, kernels = arrays
    assert np.allclose(convolve(images[0], kernels[0]), by_hand(images[0], kernels[0]), atol=1e-5)


def test_batching_over_images_kernels_and_both_equals_a_loop(arrays):
    images, kernels = arrays
    expected = np.stack([[by_hand(images[i], kernels[j]) for j in range(2)] for i in range(2)])
    assert np.allclose(jax.vmap(convolve, (0, None))(images, kernels[0]), expected[:, 0], atol=1e-5)
    assert np.allclose(jax.vmap(convolve, (None, 0))(images[1], kernels), expected[1], atol=1e-5)
    assert np.allclose(jax.vmap(convolve)(images, kernels), expected[[0, 1], [0, 1]], atol=1e-5)
    last = jax.vmap(convolve, (4, 4), 4)(jnp.moveaxis(images, 0, 4), jnp.moveaxis(kernels, 0, 4))
    assert np.allclose(last, np.moveaxis(expected[[0, 1], [0, 1]], 0, 4), atol=1e-5)


def test_derivatives_of_both_modes_and_second_order_equal_those_of_shifted_products(arrays):
    images, kernels = arrays[0][0] / 5, arrays[1][0] / 5

    def shifted(images, kernels):
        padded = jnp.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)))
        height, width = images.shape[1:3]
        return sum(
            padded[:, row : row + height, column : column + width] @ kernels[row, column]
            for row in range(3)
            for column in range(3)
        )

    def derivatives(convolution):
        def loss(images, kernels):
            return (jnp.tanh(convolution(images, kernels)) ** 2).sum()

        gradient = jax.grad(loss, (0, 1))

        def length(images, kernels):
            return sum((part**2).sum() for part in gradient(images, kernels))

        def all_of_them(images, kernels):
            forward = jax.jvp(loss, (images, kernels), (images**2, kernels**2))[1]
            return gradient(images, kernels), forward, jax.grad(length, (0, 1))(images, kernels)

        return jax.jit(all_of_them)(images, kernels)

    for ours, theirs in zip(jax.tree.leaves(derivatives(convolve)), jax.tree.leaves(derivatives(shifted)), strict=True):
        assert np.abs(theirs).max() > 0.1
        assert np.allclose(ours, theirs, rtol=1e-3, atol=1e-3)


def test_gradients_over_seeds_equal_gradients_one_by_one(arrays):
    images, kernels = arrays

    def loss(kernels, images):
        return (jax.vmap(lambda image: jnp.tanh(convolve(image[None], kernels)[0]))(images) ** 2).sum()

    alone = jax.jit(jax.grad(loss))
    together = jax.jit(jax.vmap(jax.grad(loss)))(kernels, images)
    for seed in range(2):
        assert np.allclose(together[seed], alone(kernels[seed], images[seed]), rtol=1e-4, atol=1e-4)
    per_example = jax.jit(jax.vmap(jax.grad(loss), (None, 0)))(kernels[0], images)
    assert np.allclose(per_example[1], alone(kernels[0], images[1]), rtol=1e-4, atol=1e-4)
