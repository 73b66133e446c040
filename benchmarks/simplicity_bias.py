"""Simplicity: weights drawn from a prior are far more often simple functions than functions drawn evenly (Valle-Perez).

A base optimizer that draws weights until they fit (Valle-Pérez et al. 2019; RFLO §3.3) prefers simple functions:
most weights are some. Here a network of 7 bits, two layers of 40 rectified units and one answer is drawn some 100,000
times; each draw is a table of 128 bits. Complexity is that of Lempel and Ziv (1976), as in the paper. Biases have a
tenth of the deviation of one input's weight: how many functions are constant hangs on it (0.73 at ten times it).
"""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
from ledger import Claim, run
from scipy.stats import spearmanr

BITS, HIDDEN = 7, 40
ROWS = 2**BITS
BIAS = 0.1
HALF = 74.0
"""Half of the mean complexity of tables drawn evenly, 148.5."""


def phrases(text: str) -> int:
    """Parts of the exhaustive history of a text: each is the shortest that has not occurred before (LZ76)."""
    count = start = 0
    while start < len(text):
        length = 1
        while start + length <= len(text) and text[start : start + length] in text[: start + length - 1]:
            length += 1
        count, start = count + 1, start + length
    return count


def complexity(text: str) -> float:
    """Of a table of answers, read from both ends; a constant one has the least there is."""
    whole = math.log2(len(text))
    if len(set(text)) == 1:
        return whole
    return whole * (phrases(text) + phrases(text[::-1])) / 2


def drawn_functions(samples: int, generator: np.random.Generator) -> list[str]:
    """The tables of networks whose weights are normal with deviation 1 / sqrt(inputs)."""
    inputs = ((np.arange(ROWS)[:, None] >> np.arange(BITS)) & 1).astype(float)
    sizes, found = ((BITS, HIDDEN), (HIDDEN, HIDDEN), (HIDDEN, 1)), []
    for start in range(0, samples, 2000):
        batch = min(2000, samples - start)
        values = np.broadcast_to(inputs, (batch, ROWS, BITS))
        for depth, (ins, outs) in enumerate(sizes):
            weights = generator.normal(size=(batch, ins, outs)) / ins**0.5
            values = values @ weights + BIAS * generator.normal(size=(batch, 1, outs))
            values = np.maximum(values, 0) if depth < 2 else values
        found += ["".join("01"[one] for one in row) for row in (values[..., 0] > 0).astype(int)]
    return found


def measured(samples: int, seed: int) -> dict[str, float]:
    """What one draw of functions shows."""
    generator = np.random.default_rng(seed)
    counts = Counter(drawn_functions(samples, generator))
    held = {table: complexity(table) for table in counts}
    repeated = [table for table, count in counts.items() if count > 1]
    correlation = spearmanr([held[one] for one in repeated], [counts[one] for one in repeated]).statistic
    even = ["".join(row) for row in generator.choice(["0", "1"], (min(samples, 20_000), ROWS))]
    return {
        "rank correlation": float(correlation),
        "simple share": sum(count for table, count in counts.items() if held[table] <= HALF) / samples,
        "simple share evenly": sum(complexity(one) <= HALF for one in even) / len(even),
        "constant share": (counts["0" * ROWS] + counts["1" * ROWS]) / samples,
        "distinct": float(len(counts)),
        "repeated": float(len(repeated)),
    }


def measure(quick: bool) -> list[Claim]:
    seeds, samples = (2, 20_000) if quick else (5, 100_000)
    found = [measured(samples, seed) for seed in range(seeds)]
    mean = {name: float(np.mean([one[name] for one in found])) for name in found[0]}
    drawn = (
        f"{samples:,} networks per seed, {mean['distinct']:,.0f} different functions of which {mean['repeated']:,.0f} "
        "occur twice or more"
    )

    def claim(what: str, text: str, name: str, target: float, direction, most=None) -> Claim:
        values = sorted(one[name] for one in found)
        middle = float(np.median(values))
        identity = f"simplicity-bias.{what}"
        return Claim(identity, text, middle, values[0], values[-1], seeds, target, direction, most=most)

    return [
        claim(
            "rank-correlation",
            f"Spearman correlation of complexity and probability over functions that occur twice or more ({drawn}); "
            "median, least and most of the seeds. Of functions that occur once nobody knows how rare they are.",
            "rank correlation",
            -0.6,
            "<=",
        ),
        claim(
            "simple-mass",
            "Share of networks whose function has at most half of the complexity of one drawn evenly; median, least "
            "and most of the seeds. The note that this was built from found at least 0.327.",
            "simple share",
            0.327,
            ">=",
        ),
        claim(
            "simple-mass-evenly",
            "The same share among tables drawn evenly: the placebo.",
            "simple share evenly",
            0.0,
            "<=",
        ),
        claim(
            "constants",
            "Share of networks that are one of the two constant functions (0.17 in the note).",
            "constant share",
            0.15,
            "within",
            0.19,
        ),
    ]


if __name__ == "__main__":
    run("simplicity_bias", measure)
