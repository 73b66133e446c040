"""What can be amplified: questions that an overseer answers by asking itself easier ones of the same kind.

The five tasks are those of Christiano et al. (2018). All questions of a task are answered side by side, by whole
numbers; what the overseer asks next may hang on the answers so far.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int
from scipy.sparse import csgraph

Answers = Int[np.ndarray, " Q"]
"""One whole number for each question."""


@dataclass(frozen=True)
class AmplificationTask:
    """Q questions, and how an overseer answers each by a few easier ones.

    **Arguments:**

    - `levels`: how hard each question is, `[Q]`; those of level 0 the overseer answers without asking.
    - `truth`: the right answers, computed without asking anybody; each is one of `0 ... answers - 1`.
    - `answers`: how many different answers there are.
    - `asks`: how many questions the overseer asks for each of its own.
    - `decompose`: which question is asked next for each, given the answers to those before.
    - `combine`: the answer to each, given those to all that were asked.
    """

    levels: Int[np.ndarray, " Q"]
    truth: Answers
    answers: int
    asks: int
    decompose: Callable[[list[Answers]], Int[np.ndarray, " Q"]]
    combine: Callable[[list[Answers]], Answers]

    def amplified(self, answers: Answers) -> Answers:
        """Returns what the overseer answers if whatever it asks is looked up in `answers`."""
        told: list[Answers] = []
        for _ in range(self.asks):
            told.append(answers[self.decompose(told)])
        return np.where(self.levels > 0, self.combine(told), self.truth)


def powering(random: np.random.Generator, *, values: int = 64, doublings: int = 6) -> AmplificationTask:
    """Where does a permutation of `values` lead if applied `2^k` times? Half of the way, and on from there."""
    powers = [random.permutation(values)]
    for _ in range(2**doublings - 1):
        powers.append(powers[0][powers[-1]])
    levels = np.repeat(np.arange(doublings + 1), values)

    def decompose(told):
        place = told[0] if told else np.arange(len(levels)) % values
        return np.maximum(levels - 1, 0) * values + place

    truth = np.concatenate([powers[2**level - 1] for level in range(doublings + 1)])
    return AmplificationTask(levels, truth, values, 2, decompose, lambda told: told[1])


def midpoint(random: np.random.Generator, *, nodes: int = 20) -> AmplificationTask:
    """How far is it from node to node of a cycle, within `2^k` steps? Both halves, by every midpoint.

    What is farther has the answer `nodes`.
    """
    order = random.permutation(nodes)
    edges = np.zeros((nodes, nodes), bool)
    edges[order, np.roll(order, 1)] = True
    return _chains(
        edges,
        nodes + 1,
        lambda distances, steps: np.where(distances <= steps, distances, nodes).astype(int),
        lambda halves: np.minimum(halves.sum(1).min(0), nodes),
    )


def equality(random: np.random.Generator, *, nodes: int = 20) -> AmplificationTask:
    """Do equations, a chain through each half of the names, make two names equal in at most `2^k` of them?"""
    edges = np.zeros((nodes, nodes), bool)
    for names in np.split(random.permutation(nodes), 2):
        edges[names[:-1], names[1:]] = edges[names[1:], names[:-1]] = True
    return _chains(
        edges,
        2,
        lambda distances, steps: (distances <= steps).astype(int),
        lambda halves: halves.min(1).max(0),
    )


def _chains(edges: Bool[np.ndarray, "nodes nodes"], answers: int, answered, joined) -> AmplificationTask:
    """Questions about chains of at most `2^k` edges, asked of both halves `[middles, 2, Q]` by every midpoint."""
    nodes, distances = len(edges), csgraph.shortest_path(edges, unweighted=True).ravel()
    depth = int(np.ceil(np.log2(distances[np.isfinite(distances)].max())))
    levels = np.repeat(np.arange(depth + 1), nodes**2)
    start, end = np.divmod(np.arange(len(levels)) % nodes**2, nodes)

    def decompose(told):
        middle, second = divmod(len(told), 2)
        half = middle * nodes + end if second else start * nodes + middle
        return np.maximum(levels - 1, 0) * nodes**2 + half

    truth = np.concatenate([answered(distances, 2**level) for level in range(depth + 1)])
    return AmplificationTask(
        levels, truth, answers, 2 * nodes, decompose, lambda told: joined(np.stack(told).reshape(nodes, 2, -1))
    )


def wildcard_sum(random: np.random.Generator, *, letters: int = 6, largest: int = 9) -> AmplificationTask:
    """What is the sum of a table over all words that match a pattern? Both fillings of the first wildcard.

    A pattern is `letters` digits of base 3, of which 2 is the wildcard; the table holds numbers up to `largest`.
    """
    table = random.integers(largest + 1, size=2**letters)
    weights = 3 ** np.arange(letters)
    patterns = np.arange(3**letters)[:, None] // weights % 3
    wild = patterns == 2
    levels, first = wild.sum(1), np.where(wild.any(1), weights[wild.argmax(1)], 0)
    words = np.arange(len(table))[:, None] >> np.arange(letters) & 1
    truth = (wild[:, None] | (patterns[:, None] == words)).all(-1) @ table
    answers = largest * len(table) + 1
    return AmplificationTask(
        levels,
        truth,
        answers,
        2,
        lambda told: np.arange(len(levels)) - (2 - len(told)) * first,
        lambda told: np.minimum(told[0] + told[1], answers - 1),
    )


def evaluation(random: np.random.Generator, *, depth: int = 6, width: int = 32, answers: int = 61) -> AmplificationTask:
    """What is the value of a variable, a sum or product of two others modulo `answers`? Both of them.

    There are `width` variables of each depth up to `depth`; those of depth 0 are given outright.
    """
    levels = np.repeat(np.arange(depth + 1), width)
    # One argument is of the depth below, the other of any depth below.
    below = np.maximum(levels - 1, 0) * width + random.integers(width, size=len(levels))
    arguments = np.stack([below, random.integers(np.maximum(levels, 1) * width)])
    product = random.integers(2, size=len(levels)).astype(bool)
    truth = random.integers(answers, size=len(levels))
    for index in np.flatnonzero(levels):
        one, other = truth[arguments[:, index]]
        truth[index] = (one * other if product[index] else one + other) % answers

    def combine(told):
        return np.where(product, told[0] * told[1], told[0] + told[1]) % answers

    return AmplificationTask(levels, truth, answers, 2, lambda told: arguments[len(told)], combine)
