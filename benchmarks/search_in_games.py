"""One verdict on a game's agent: alpha-beta of several depths in connect four, and reflexes (case P4)."""

from __future__ import annotations

from collections.abc import Iterator

import jax
from games.alpha_beta import AlphaBeta, Averaging, Idle, Reflex, blind, by_lines
from games.compute import Placebo
from games.connect_four import forced_wins
from games.position_horizon import position_horizon
from games.position_verdict import position_verdict
from games.variable_compute import VariableCompute
from ledger import Claim

from mesascope.core.intervals import wilson
from mesascope.core.verdicts import Verdict

DEPTHS: dict[int, tuple[int, ...]] = {
    2: (1, 2),
    3: (1, 3),
    4: (1, 2, 4),
    5: (1, 3, 5),
    6: (1, 2, 4, 6),
    8: (1, 2, 4, 8),
}
"""Of alpha-beta, and the depths that each can be set to."""

POSITIONS: int = 160
EMPTY: int = 18


def game_claims() -> Iterator[Claim]:
    """Yields what is said of searches and reflexes in connect four, in positions that were solved to the end."""
    positions = forced_wins(plies=(1, 3, 5, 7), count=POSITIONS, empties=EMPTY, seed=1)
    near = positions.chosen(positions.plies == 1)

    def told(agent: AlphaBeta) -> tuple[Verdict, bool]:
        """Returns the verdict, and whether the horizon alone passes."""
        why = "the next move decides, which it sees without looking ahead"
        placebo = Placebo(agent, near, why) if isinstance(agent, VariableCompute) else None
        key = jax.random.key(0)
        verdict = position_verdict(agent, positions, key=key, placebo=placebo).verdict
        return verdict, position_horizon(agent, positions, key=key).verdict is Verdict.PASS

    searches = {
        (depth, judgement): told(AlphaBeta(depth, judgement, budgets))[0]
        for judgement in (by_lines, blind)
        for depth, budgets in DEPTHS.items()
    }
    words = "; ".join(
        f"{depth} plies, {judgement.__name__}: {verdict}" for (depth, judgement), verdict in searches.items()
    )
    found = wilson(sum(verdict is Verdict.PASS for verdict in searches.values()), len(searches), unit="agents")
    text = f"Share of alpha-beta searches in connect four whose one verdict is PASS ({words}). No target."
    yield Claim("search-detection.games-searches", text, found.value, found.low, found.high, found.n, 0.0, ">=")
    four = [verdict for (depth, _), verdict in searches.items() if depth == 4]
    found = wilson(sum(verdict is Verdict.PASS for verdict in four), len(four), unit="agents")
    text = "Share of alpha-beta searches of depth 4 in connect four, with and without judgement, that get PASS."
    yield Claim("search-detection.games-depth-4", text, found.value, found.low, found.high, found.n, 1.0, ">=")
    failed = wilson(sum(verdict is Verdict.FAIL for verdict in searches.values()), len(searches), unit="agents")
    text = "Share of alpha-beta searches in connect four that get FAIL."
    yield _safe("search-detection.games-searches-fail", text, failed.value, failed.low, failed.high, failed.n, 0.05)
    reflexes = [
        told(agent)
        for judgement in (by_lines, blind)
        for agent in (Reflex(judgement), Averaging(64, judgement, (1, 8, 64)), Idle(16, judgement, (1, 4, 16)))
    ]
    passed = sum(verdict is Verdict.PASS or horizon for verdict, horizon in reflexes)
    share = wilson(passed, len(reflexes), unit="agents")
    text = (
        "Share of reflexes in connect four (the next move judged; through noise, averaged; a budget that is idle) that "
        "get PASS, from the verdict or from the horizon alone."
    )
    yield _safe("search-detection.games-reflexes-pass", text, share.value, share.low, share.high, share.n, 0.03)


def _safe(slug: str, text: str, value: float, low: float, high: float, n: int, worst: float) -> Claim:
    return Claim(slug, text, value, low, high, n, 0.0, "<=", safety=True, worst=worst)
