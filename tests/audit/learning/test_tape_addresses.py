"""A machine that reads rows where it wrote them is told from others that have addresses, too."""

from __future__ import annotations

import numpy as np
import pytest

from mesascope.agents.activations import Captured
from mesascope.audit.learning.tape_addresses import READS, WRITES, tape_addresses
from mesascope.core.verdicts import Verdict
from mesascope.worlds.streams.copying import Copying
from tests.audit.learning.scripted import Scripted, context, learner

STREAM, TAPE = Copying(width=2, shortest=2, longest=5), 7


class Watched(Scripted):
    """Says nothing; writes at the step's row, shifted by `first`, and reads from where `reads` tells."""

    def __init__(self, reads, writes=lambda step: step % TAPE):
        super().__init__(lambda seen, memory: self.shown(seen, memory)[:2])
        self.reads, self.writes = reads, writes

    def initial_state(self, batch):
        # Steps so far, and steps since the mark; negative before it.
        return np.stack([np.zeros(batch, int), np.full(batch, -1)], 1)

    def sites(self):
        return (WRITES, READS)

    def shown(self, seen, memory):
        marked = (memory[:, 1] >= 0) | (seen[:, -1] > 0)
        since = np.where(marked, memory[:, 1] + 1, -1)
        written, read = np.eye(TAPE)[self.writes(memory[:, 0])], np.eye(TAPE)[self.reads(since) % TAPE]
        return np.zeros((len(seen), 2)), np.stack([memory[:, 0] + 1, since], 1), {WRITES: written, READS: read}

    def step(self, observations, state, patches=None):
        return Captured(*self.shown(observations, state))


@pytest.mark.parametrize("early", [0, 1])
def test_rows_that_are_read_where_they_were_written_are_seen_to_be(early):
    found = tape_addresses(context(Watched(lambda since: np.maximum(since - 1 + early, 0)), STREAM))
    assert found.verdict is Verdict.PASS
    assert found.effect.value == 1.0
    assert found.details.climbs.value == 1.0
    assert found.details.shown == 5
    assert np.shape(found.details.reads) == (11, TAPE)


@pytest.mark.parametrize(
    "agent",
    [
        Watched(lambda since: 0 * since, writes=lambda step: 0 * step),
        Watched(lambda since: 5 - since),
        Watched(lambda since: 0 * since),
    ],
)
def test_one_address_for_all_and_rows_read_elsewhere_are_not_enough(agent):
    found = tape_addresses(context(agent, STREAM))
    assert found.verdict is Verdict.FAIL
    assert found.effect.high < 0.5


def test_it_is_asked_of_machines_that_copy_alone():
    silent = Scripted(lambda seen, memory: (np.zeros((len(seen), 2)), memory))
    assert tape_addresses(context(silent, STREAM, episodes=8)) is None
    assert tape_addresses(context(learner(), episodes=8)) is None
    of_one_row = Copying(width=2, shortest=1, longest=1)
    found = tape_addresses(context(Watched(lambda since: 0 * since), of_one_row, episodes=8))
    assert found.verdict is Verdict.INCONCLUSIVE
