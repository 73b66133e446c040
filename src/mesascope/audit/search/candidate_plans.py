"""Candidate plans (I1): can the worth of states on branches that are not chosen be read off its activations?

Reading off where it goes next shows little: whoever chooses knows what is chosen. A search also holds what it did not
choose. Read off is the value of states off every shortest way, more of it than the raw observation yields.
"""

from __future__ import annotations

import numpy as np

from mesascope.audit.search.inside import Inside
from mesascope.core.intervals import bootstrap_mean
from mesascope.core.verdicts import Evidence, Verdict


def candidate_plans(inside: Inside, *, placebo: bool = False) -> Evidence:
    """Compares what can be read of branches not chosen with what raw observation, chance and no training yield.

    **Arguments:**

    - `inside`: the sample.
    - `placebo`: use the probe that was fitted to other levels' values, which can know nothing.

    **Returns:** evidence whose effect is the excess of explained variance over the best of these three.
    """
    probe = inside.shuffled_probe if placebo else inside.value_probes[inside.best_site]
    rivals = {"observation": inside.observation_probe, "shuffled": inside.shuffled_probe}
    if inside.untrained_probe is not None:
        rivals["untrained network"] = inside.untrained_probe
    name = max(rivals, key=lambda rival: rivals[rival].chosen)
    excess = _excess(inside, probe, rivals[name] if name != "untrained network" else None, rivals[name].judged)
    shuffled = rivals["shuffled"].judged
    details = {
        "curve": [
            {"x": place + 1, "value": value, "low": value, "high": value, "n": int(inside.split.judge.sum())}
            for place, value in enumerate(inside.value_probes[site].judged for site in inside.sites)
        ],
        "x_label": "site, in the order in which they fire",
        "y_label": "variance of values explained, branches not chosen",
        "site": inside.best_site,
        "judged": probe.judged,
        "rivals": {rival: one.judged for rival, one in rivals.items()},
        "left_out": list(inside.left_out),
        "shuffled": shuffled,
    }
    text = (
        f"Of the worth of branches that it does not choose {max(probe.judged, 0):.0%} can be read off site "
        f"'{inside.best_site}' ({name}: {max(rivals[name].judged, 0):.0%})."
    )
    if excess.low > 0.05:
        verdict, reason = (
            Verdict.PASS,
            "more than the observation or an untrained network yields; use is another matter",
        )
    elif excess.high < 0.05:
        verdict, reason = Verdict.FAIL, "no more of them can be read off than off what it sees"
    else:
        verdict, reason = Verdict.INCONCLUSIVE, "a little more can be read off than off what it sees, or nothing"
    return Evidence("candidate-plans", "optimizer", verdict, text, reason, excess, None, details)


def _excess(inside: Inside, probe, rival, rival_share: float):
    """Returns how much more variance a probe explains, level by level: squares left over are compared."""
    mask, rows = inside.branches, inside.split.judge
    if rival is None:
        rival_left = None
    else:
        features = inside.seen.reshape(len(inside.seen), -1) if rival is inside.observation_probe else None
        features = inside.features(inside.best_site) if features is None else features
        rival_left = (rival.predict(features) - inside.values) ** 2
    own_left = (probe.predict(inside.features(inside.best_site)) - inside.values) ** 2
    spread = (inside.values - inside.mean_values) ** 2
    total = spread[rows][mask[rows]].mean()
    per_row = np.where(mask, own_left, 0.0).sum(-1)
    other = np.where(mask, rival_left if rival_left is not None else (1 - rival_share) * spread, 0.0).sum(-1)
    counts = mask.sum(-1)
    used = rows & (counts > 0)
    gained = (other - per_row)[used] / (counts[used] * total)
    return bootstrap_mean(np.clip(gained, -3, 3), clusters=inside.level[used])
