"""Boxes of real numbers, and what of a network's outputs must not happen anywhere in one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from mesascope.core.errors import UsageError


@dataclass(frozen=True, eq=False)
class Box:
    """All vectors between two ends, ends included.

    **Arguments:**

    - `low`, `high`: finite, in the shape of one observation; where they are equal nothing varies.

    **Raises:** `UsageError` if a low end is above its high end, or a number is not finite.
    """

    low: Float[np.ndarray, "..."]
    high: Float[np.ndarray, "..."]

    def __post_init__(self):
        low, high = (np.asarray(end, np.float64) for end in (self.low, self.high))
        object.__setattr__(self, "low", low)
        object.__setattr__(self, "high", high)
        if low.shape != high.shape:
            raise UsageError(
                f"A box has ends of one shape; its low end has {list(low.shape)}, its high end {list(high.shape)}."
            )
        for place in np.argwhere(~(np.isfinite(low) & np.isfinite(high)))[:1]:
            raise UsageError(f"The box is not finite at input {place.tolist()}: {low[*place]} to {high[*place]}.")
        for place in np.argwhere(low > high)[:1]:
            raise UsageError(
                f"The box is upside down at input {place.tolist()}: it goes from {low[*place]} to {high[*place]}."
            )

    @property
    def free(self) -> int:
        """How many inputs vary."""
        return int((self.low < self.high).sum())


@dataclass(frozen=True, eq=False)
class BadOutputs:
    """Outputs that must not happen: any of several cases, in each of which all of its rows hold.

    A row holds where `rows @ outputs + offsets <= 0`, as in VNN-LIB: ties are bad.

    **Arguments:**

    - `cases`: `(rows [R, O], offsets [R])`, one or more.
    """

    cases: tuple[tuple[Float[np.ndarray, "_ O"], Float[np.ndarray, " _"]], ...]

    def widened(self, outputs: int) -> BadOutputs:
        """Returns the same of so many outputs, where the last ones are not mentioned.

        **Raises:** `UsageError` if an output is mentioned that is not there.
        """
        named = max(rows.shape[1] for rows, _ in self.cases)
        if named > outputs:
            raise UsageError(f"The property speaks of output {named - 1}; the network has {outputs}, counted from 0.")
        pad = ((0, 0), (0, outputs - named))
        return BadOutputs(tuple((np.pad(rows, pad), offsets) for rows, offsets in self.cases))

    def holds(self, outputs: Float[np.ndarray, "B O"]) -> np.ndarray:
        """Returns which outputs are bad, `[B]`."""
        return np.any([np.all(outputs @ rows.T + offsets <= 0, axis=-1) for rows, offsets in self.cases], axis=0)
