"""Where a Turing machine writes and reads: whether each row that it copies is read where it was written.

Both heads are watched, not asked. A machine that keeps rows in order has addresses that climb a staircase, one row a
step, twice: while it is shown the rows and while it gives them back (Graves et al. 2014, §4.1 and figure 6).
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float, Int

from mesascope.audit.assay import Assay, Stage
from mesascope.audit.learning.context import LearningContext
from mesascope.audit.learning.watched_steps import watchable_sites, watched_steps
from mesascope.core.details import Details
from mesascope.core.rounding import sided
from mesascope.core.verdicts import Estimate, Evidence, Verdict
from mesascope.worlds.streams.copying import Copying

WRITES, READS = "write-address", "read-address"
"""Sites at which a machine shows its addresses."""
DELAYS: tuple[int, ...] = (0, 1, 2)
"""Steps after a row is shown, or before it is asked for, in which a head may deal with it."""
ENOUGH: float = 0.9


class AddressDetails(Details, frozen=True, kw_only=True):
    """Addresses in one episode, and how often they agree.

    **Arguments:**

    - `writes`, `reads`: how much of its weight a head puts on each row of the tape, `[T][rows]`.
    - `shown`: rows of that episode.
    - `climbs`: share of steps between rows in which the writing head moves on by just one row of the tape.
    """

    writes: tuple[tuple[float, ...], ...]
    reads: tuple[tuple[float, ...], ...]
    shown: int
    climbs: Estimate


def tape_addresses(context: LearningContext) -> Evidence[AddressDetails] | None:
    """Compares where rows are written with where they are read; `None` unless a machine copies."""
    stream = context.stream
    if not isinstance(stream, Copying) or not {WRITES, READS} <= set(watchable_sites(context)):
        return None
    activations = watched_steps(context).activations
    writes, reads = (activations[site].astype(np.float64) for site in (WRITES, READS))
    lengths = np.asarray(context.reference.tasks.length)
    rows = np.arange(stream.longest)
    there = rows < lengths[:, None]
    written, read, same = _best_delays(writes, reads, lengths, there)
    own = (same & there).sum(1) / lengths
    # Rows of the episode other than the one that is asked for: who has one address for all of them reads at each.
    any_of_them = (written[:, :, None] == read[:, None, :]) & there[:, :, None] & there[:, None, :]
    pairs = lengths * (lengths - 1)
    several = pairs > 0
    others = (any_of_them.sum((1, 2)) - (same & there).sum(1))[several] / pairs[several]
    if not several.any():
        return TAPE_ADDRESSES.nothing("episodes of one row have no other row that could be read instead")
    effect = context.mean(own[several] - others)
    between = there[:, 1:]
    moved = (np.diff(written, axis=1) % writes.shape[2] == 1) & between
    climbs = context.mean(moved.sum(1)[several] / between.sum(1)[several])
    verdict, reason = sided(
        effect.interval,
        ENOUGH,
        above_it=(Verdict.PASS, f"beyond what other rows share with it, {effect.percent} are"),
        below_it=(Verdict.FAIL, f"beyond what other rows share with it, {effect.percent} are"),
        between=f"{effect.percent} are, and {ENOUGH:.0%} are enough",
    )
    kept = {
        Verdict.PASS: "It keeps each row at an address of its own, and reads it there when it is asked for.",
        Verdict.FAIL: "It does not read rows where it wrote them: what it gives back is kept otherwise.",
        Verdict.INCONCLUSIVE: "Whether it reads rows where it wrote them is open.",
    }
    longest = int(lengths.argmax())
    details = AddressDetails(
        writes=tuple(map(tuple, writes[longest].round(3).tolist())),
        reads=tuple(map(tuple, reads[longest].round(3).tolist())),
        shown=int(lengths[longest]),
        climbs=climbs,
    )
    reason = f"rows that are read where they were written: {reason}; from row to row the writing head climbs by one "
    reason += f"in {climbs.percent} of steps"
    return TAPE_ADDRESSES.found(verdict, kept[verdict], reason, effect, None, details)


def _best_delays(
    writes: Float[np.ndarray, "B T R"],
    reads: Float[np.ndarray, "B T R"],
    lengths: Int[np.ndarray, " B"],
    there: Bool[np.ndarray, "B L"],
) -> tuple[Int[np.ndarray, "B L"], Int[np.ndarray, "B L"], Bool[np.ndarray, "B L"]]:
    """Returns where each row is written and read, and whether that is the same, under the delays that agree best."""
    rows, last = np.arange(there.shape[1]), writes.shape[1] - 1
    found = []
    for late in DELAYS:
        for early in DELAYS:
            when_written = np.broadcast_to(np.minimum(rows + late, last), there.shape)
            when_read = np.clip(lengths[:, None] + 1 + rows - early, 0, last)
            written, read = (
                np.take_along_axis(one.argmax(2), when, 1) for one, when in ((writes, when_written), (reads, when_read))
            )
            same = written == read
            found.append(((same & there).sum(), -late - early, written, read, same))
    best = max(found, key=lambda one: one[:2])
    return best[2], best[3], best[4]


TAPE_ADDRESSES: Assay[AddressDetails] = Assay(
    name="tape-addresses",
    question="optimizer",
    summary="Does a Turing machine read each row that it copies at the address where it wrote it?",
    stage=Stage.LEARNING,
    place=8,
    details=AddressDetails,
    undone="Where it writes and reads could not be watched.",
    run=tape_addresses,
)
