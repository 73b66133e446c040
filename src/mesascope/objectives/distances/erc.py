"""Episode return correlation: do the returns of whole episodes rise and fall together?"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from mesascope.objectives.canonical import RewardHere
from mesascope.objectives.distances.epic import pearson_distance


def erc(first: RewardHere, second: RewardHere, policy: Float[np.ndarray, "S A"] | None = None) -> float:
    """Returns the Pearson distance of the discounted returns of episodes, in [0, 1] (Gleave et al. 2021, §4.3).

    Exact: the mean product of two returns obeys a linear equation like their means do. It depends on the policy that
    makes the episodes and is blind to whatever is the same in all of them; a cheap baseline.

    **Arguments:**

    - `first`, `second`: in the same level.
    - `policy`: by default uniform.

    **Raises:** `UndefinedDistance` if one of the returns is always the same.
    """
    policy = first.uniform if policy is None else policy
    values = [reward.values(policy) for reward in (first, second)]
    begin = first.initial / first.initial.sum()
    means = [float(begin @ value) for value in values]

    def product(one: int, other: int) -> float:
        left, right = (first, second)[one], (first, second)[other]
        after_left, after_right = values[one][left.successors], values[other][right.successors]
        step = left.outcomes * right.outcomes
        step = step + left.outcomes * right.onward * after_right + right.outcomes * left.onward * after_left
        expected = (policy * (left.probabilities * step).sum(-1)).sum(-1)
        return float(begin @ left.solved(policy, expected, left.onward * right.onward))

    covariance = product(0, 1) - means[0] * means[1]
    variances = (product(0, 0) - means[0] ** 2, product(1, 1) - means[1] ** 2)
    # Returns that differ by rounding only do not vary.
    floors = [1e-12 * max(mean**2, 1e-300) for mean in means]
    variances = tuple(0.0 if size <= floor else size for size, floor in zip(variances, floors, strict=True))
    return pearson_distance(covariance, (0.0, 0.0), (variances[0], variances[1]))
