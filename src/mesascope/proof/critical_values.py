"""Critical values: the finitely many images that a change of a whole image can give, with the parameters of each.

An image of whole numbers that is shifted, brightened or stretched in contrast by any real amount is rounded to whole
numbers again, so that it changes at finitely many critical values only; one test between each two of them covers all
parameters (VeriVis; Pei, Cao, Yang and Jana 2017, arXiv 1712.01785). Computed in exact fractions.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil, floor

import numpy as np
from jaxtyping import Int, Shaped

from mesascope.audit.policy import observations
from mesascope.core.errors import UsageError
from mesascope.proof.state_set import Observations, observations_set
from mesascope.worlds.level import Level
from mesascope.worlds.world import World

HALF = Fraction(1, 2)
MOST_IMAGES: int = 1_000_000
Range = tuple[Fraction, Fraction]


@dataclass(frozen=True, eq=False)
class CriticalImages:
    """The different images that a change gives.

    **Arguments:**

    - `words`: what is done.
    - `images`: all of them, different.
    - `ranges`: for each image the parameters that give it, one range (both ends) a parameter; several where it comes
      back.
    """

    words: str
    images: Int[np.ndarray, "N H W C"]
    ranges: tuple[tuple[tuple[Range, ...], ...], ...]

    def as_set(self) -> Observations:
        """Returns the images as a set of observations."""
        return observations_set(f"{self.words}: {len(self.images):,} images", self.images)


def shifted(image: Shaped[np.ndarray, "H W C"], rows: float, columns: float) -> CriticalImages:
    """Returns every image that shifting by real numbers of rows and columns gives, pixels taken from the nearest one.

    **Arguments:**

    - `image`: of whole numbers; what comes in from outside is 0.
    - `rows`, `columns`: the farthest shift, either way; 0 or more.

    **Raises:** `UsageError` for an image that is not one, or a shift below 0.
    """
    image = _whole(image)
    down, right = (list(_pieces(*_ends(-most, most))) for most in (rows, columns))
    found = (
        (_moved(_moved(image, by_rows, 0), by_columns, 1), (vertical, horizontal))
        for (by_rows, vertical), (by_columns, horizontal) in itertools.product(down, right)
    )
    return _distinct(f"shifted by up to {rows:g} rows and {columns:g} columns", found)


def brightened(image: Shaped[np.ndarray, "H W C"], least: float, most: float, *, top: int = 255) -> CriticalImages:
    """Returns every image that adding one real number to all pixels gives, rounded and clipped.

    **Arguments:**

    - `image`: of whole numbers.
    - `least`, `most`: what is added.
    - `top`: the brightest that a pixel can be; 0 is the darkest.

    **Raises:** `UsageError` for an image that is not one, or ends the wrong way round.
    """
    image = _whole(image)
    pieces = _pieces(*_ends(least, most))
    found = ((np.clip(image + step, 0, top), (between,)) for step, between in pieces)
    return _distinct(f"brightened by {least:g} to {most:g}", found)


def contrasted(image: Shaped[np.ndarray, "H W C"], least: float, most: float, *, top: int = 255) -> CriticalImages:
    """Returns every image that multiplying all pixels by one real number gives, rounded and clipped.

    **Arguments:**

    - `image`: of whole numbers, 0 or more.
    - `least`, `most`: the factor; 0 or more.
    - `top`: as of `brightened`.

    **Raises:** as `brightened`, and `UsageError` for a factor below 0 or pixels below 0.
    """
    image, (low, high) = _whole(image), _ends(least, most)
    if low < 0 or image.min() < 0:
        raise UsageError(f"Pixels and the factor on them must be 0 or more; given are {image.min()} and {least:g}.")
    values = sorted({int(value) for value in np.unique(image)} - {0})
    # A pixel of value v becomes n where v times the factor reaches n - 1/2.
    steps = {
        (number - HALF) / value
        for value in values
        for number in range(max(1, ceil(low * value + HALF)), min(top, floor(high * value + HALF)) + 1)
    }
    cuts = [low, *sorted(cut for cut in steps if low < cut <= high)]
    found = []
    for begin, end in zip(cuts, [*cuts[1:], high], strict=True):
        table = {value: min(top, floor(value * begin + HALF)) for value in values} | {0: 0}
        found.append((np.vectorize(table.__getitem__, otypes=[np.int64])(image), ((begin, end),)))
    return _distinct(f"contrast times {least:g} to {most:g}", found)


CHANGES: tuple[str, ...] = ("image-shifts", "brightness", "contrast")
"""Changes of a whole image, by name."""


def images_named(name: str, number: float, world: World, level: Level) -> Observations:
    """Returns what a change makes of what an agent sees first in a level.

    **Arguments:**

    - `name`: one of `CHANGES`.
    - `number`: pixels of a shift, brightness that is added or taken away, or the factor of contrast, up and down.
    - `world`, `level`: one (not batched) level.

    **Raises:** `UsageError` where that is no image of whole numbers, or a factor below 1.
    """
    image = observations(world, level.batch())[0, int(np.asarray(level.initial).argmax())]
    top = 255 if image.max() > 1 else 1
    if name == "contrast" and number < 1:
        raise UsageError(f"A contrast of {number:g} up and down must be 1 or more.")
    made = {
        "image-shifts": lambda: shifted(image, number, number),
        "brightness": lambda: brightened(image, -number, number, top=top),
        "contrast": lambda: contrasted(image, 1 / number, number, top=top),
    }[name]()
    return replace(made.as_set(), world=world)


def _pieces(low: Fraction, high: Fraction) -> Iterable[tuple[int, Range]]:
    """Yields each whole number that parameters between two ends are rounded to, and the parameters that are."""
    for number in range(floor(low + HALF), floor(high + HALF) + 1):
        yield number, (max(low, number - HALF), min(high, number + HALF))


def _moved(image: np.ndarray, step: int, axis: int) -> np.ndarray:
    """Returns an image moved by whole pixels, 0 coming in from outside."""
    far = abs(step)
    wide = np.pad(image, [(far, far) if one == axis else (0, 0) for one in range(image.ndim)])
    return np.take(np.roll(wide, step, axis), np.arange(far, far + image.shape[axis]), axis)


def _distinct(words: str, found: Iterable[tuple[np.ndarray, tuple[Range, ...]]]) -> CriticalImages:
    images: dict[bytes, tuple[np.ndarray, list[tuple[Range, ...]]]] = {}
    for image, between in found:
        images.setdefault(np.ascontiguousarray(image).tobytes(), (image, []))[1].append(between)
        if len(images) > MOST_IMAGES:
            raise UsageError(f"There are more than {MOST_IMAGES:,} images {words}; ask for a smaller range.")
    return CriticalImages(
        words, np.stack([image for image, _ in images.values()]), tuple(tuple(each) for _, each in images.values())
    )


def _whole(image: np.ndarray) -> np.ndarray:
    image = np.asarray(image)
    if image.ndim != 3 or not np.isfinite(image).all() or not (image == np.round(image)).all():
        raise UsageError(
            f"An image is rows, columns and channels of whole numbers; this one has the shape {list(image.shape)}"
            f"{'' if image.ndim != 3 else ' and numbers between them'}. Undo the scaling first, as by times 255."
        )
    return image.astype(np.int64)


def _ends(least: float, most: float) -> Range:
    if not (np.isfinite([least, most]).all() and least <= most):
        raise UsageError(f"A range goes from its lower to its upper end, both finite, not from {least:g} to {most:g}.")
    return Fraction(least), Fraction(most)
