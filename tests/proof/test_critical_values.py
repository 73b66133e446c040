"""Against brute force: whatever a parameter gives is in the list, and its range says so (VeriVis, arXiv 1712.01785)."""

from __future__ import annotations

import numpy as np
import pytest

from mesascope.core.errors import UsageError
from mesascope.proof.critical_values import CriticalImages, brightened, contrasted, shifted

DRAWS = 10_000
IMAGE = np.random.default_rng(0).integers(0, 256, (5, 4, 2))


def places(found: CriticalImages) -> dict[bytes, int]:
    return {image.tobytes(): index for index, image in enumerate(found.images)}


def within(found: CriticalImages, index: int, parameters: tuple[float, ...]) -> bool:
    return any(
        all(low <= value <= high for (low, high), value in zip(ranges, parameters, strict=True))
        for ranges in found.ranges[index]
    )


def moved(image: np.ndarray, rows: float, columns: float) -> np.ndarray:
    result = np.zeros_like(image)
    for row, column in np.ndindex(*image.shape[:2]):
        source = int(np.floor(row - rows + 0.5)), int(np.floor(column - columns + 0.5))
        if 0 <= source[0] < image.shape[0] and 0 <= source[1] < image.shape[1]:
            result[row, column] = image[source]
    return result


def test_every_shift_is_in_the_list():
    found, random = shifted(IMAGE, 2.3, 1.0), np.random.default_rng(1)
    known = places(found)
    seen = set()
    for _ in range(DRAWS):
        parameters = random.uniform(-2.3, 2.3), random.uniform(-1, 1)
        index = known[moved(IMAGE, *parameters).tobytes()]
        seen.add(index)
        assert within(found, index, parameters)
    assert len(found.images) == len(seen) == 5 * 3


@pytest.mark.parametrize(
    ("found", "least", "most", "change"),
    [
        (brightened(IMAGE, -30.2, 41.7), -30.2, 41.7, lambda image, by: image + by),
        (contrasted(IMAGE, 0.9, 1.1), 0.9, 1.1, lambda image, by: image * by),
    ],
)
def test_every_brightness_and_contrast_is_in_the_list(found: CriticalImages, least, most, change):
    random, known = np.random.default_rng(2), places(found)
    for by in random.uniform(least, most, DRAWS):
        image = np.clip(np.floor(change(IMAGE.astype(float), by) + 0.5), 0, 255).astype(np.int64)
        assert within(found, known[image.tobytes()], (by,))


def test_the_list_is_finite_and_has_nothing_twice():
    found = contrasted(IMAGE, 0.0, 2.0)
    assert len(places(found)) == len(found.images)
    # Critical values of a pixel v lie at (n - 1/2) / v: at most 2 v of them up to 2.
    assert len(found.images) <= 1 + 2 * int(IMAGE.sum())
    assert (found.images == 0).all((1, 2, 3)).any()
    assert found.as_set().size == len(found.images)
    assert brightened(IMAGE, 300, 400).images.tolist() == [np.full(IMAGE.shape, 255).tolist()]


def test_what_is_no_image_is_refused():
    with pytest.raises(UsageError, match="Undo the scaling"):
        shifted(IMAGE / 255, 1, 1)
    with pytest.raises(UsageError, match="from its lower to its upper end"):
        brightened(IMAGE, 2, 1)
    with pytest.raises(UsageError, match="0 or more"):
        contrasted(IMAGE, -1, 1)
