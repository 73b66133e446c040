"""Two rewards side by side, from Python, by every distance there is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mesascope.api.subject import world_of
from mesascope.core.progress import Progress, unheard
from mesascope.core.quantities import LEVELS, SEED
from mesascope.worlds.world import ObjectiveSpec, World

if TYPE_CHECKING:
    from mesascope.objectives.distances.catalogue import Comparison
    from mesascope.theory.outer_alignment import OuterAlignment


@dataclass(frozen=True)
class RewardDistances:
    """What lies between two rewards in levels of a world.

    **Arguments:**

    - `world`, `distribution`, `levels`: where: the name, the distribution, and how many levels.
    - `distances`: of each kind.
    - `outer`: what optimizing the first is worth by the second; `None` if that was not asked.
    """

    world: str
    distribution: str
    levels: int
    distances: tuple[Comparison, ...]
    outer: OuterAlignment | None


def distance(
    first: str | ObjectiveSpec,
    second: str | ObjectiveSpec,
    world: World | str = "corner",
    *,
    distribution: str | None = None,
    levels: int = 32,
    kinds: Sequence[str] = (),
    outer: bool = False,
    seed: int = 0,
    progress: Progress | None = None,
) -> RewardDistances:
    """Compares two rewards in the levels of a world: STARC, EPIC, DARD, NPEC and ERC, with intervals over levels.

    **Arguments:**

    - `first`, `second`: objectives; or as on the command line the name of one of the world's, weights of attributes
      (`"cheese=1,stop:cheese"`), or a `.json` file of them. With `outer` the base and the intended objective.
    - `world`: whose levels.
    - `distribution`: of the levels; by default the world's last.
    - `levels`: how many; fewer if the distribution has no more.
    - `kinds`: names of distances; by default all.
    - `outer`: also ask about outer alignment: what optimizing the first is worth by the second.
    - `seed`: of the levels and of the bootstrap over them.
    - `progress`: called as it goes on.

    **Raises:** `UnknownNameError` for a name that does not exist, `UsageError` for a reward that cannot be read.
    """
    import jax

    from mesascope.core.random import root_key
    from mesascope.objectives.distances.catalogue import DISTANCES, compare
    from mesascope.objectives.objective import compile_objectives
    from mesascope.objectives.reward_text import chosen_reward
    from mesascope.theory.outer_alignment import outer_alignment
    from mesascope.worlds.admission import check_size

    report = progress or unheard
    SEED.check(seed, "seed")
    LEVELS.check(levels, "levels")
    for kind in kinds:
        DISTANCES.entry(kind)
    where = world_of(world)
    name = where.distributions[-1] if distribution is None else distribution
    where.check_distribution(name)
    specs = [chosen_reward(one, where) if isinstance(one, str) else one for one in (first, second)]
    pair, distinct = compile_objectives(where, specs), where.distinct_levels(name)
    count = levels if distinct is None else min(levels, distinct)
    report("sampling levels", 0.1)
    check_size(where, name, count)
    drawn = jax.device_get(where.sample(key=root_key(seed), distribution=name, count=count))
    report("distances", 0.3)
    distances = compare(drawn, pair, kinds=tuple(kinds) or None, seed=seed)
    alignment = outer_alignment(drawn, pair, seed=seed) if outer else None
    return RewardDistances(where.name, name, count, distances, alignment)
