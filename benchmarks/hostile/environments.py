"""Cases of environments of Gymnasium that a module registers."""

from __future__ import annotations

import random
from collections.abc import Iterable

from hostile.case import USAGE, Case, words
from hostile.strangers import AUDIT, GATED, IMPORTED, bring

ENVIRONMENTS = dict.fromkeys(
    words(
        "init_exits init_raises actions_continuous actions_none actions_text actions_many actions_vast "
        "space_none space_text space_vast seen_nan seen_text seen_none seen_shape seen_beyond seen_negative "
        "seen_table reset_exits reset_interrupts reset_raises reset_no_info reset_none reset_random "
        "reset_ignores_seed step_exits step_os_exits step_interrupts step_generator_exits step_raises "
        "step_asserts step_recurses step_exits_late random reward_text reward_none reward_nan reward_infinite "
        "reward_vector reward_table reward_complex reward_random reward_by_step reward_digits ended_text "
        "ended_array four_values no_values entry_missing entry_number"
    ),
    USAGE,
) | dict.fromkeys(
    words("space_box space_start counts reward_list reward_vast ended_none never_ends info_none step_prints"),
    GATED | {2},
)


def cases() -> Iterable[Case]:
    """Environments of Gymnasium that a module registers."""
    files = bring("environments", "policies")
    for fault, exits in {"": GATED, **ENVIRONMENTS}.items():
        name = f"Row-{fault}-v0" if fault else "Row-v0"
        argv = ("audit", "policies:right", "--world", f"gym:environments:{name}", *AUDIT)
        yield Case(
            "environments",
            f"audit-{name}",
            argv,
            files,
            exits,
            says="environment|world|gym|Row",
            unlike=IMPORTED,
            torch=True,
        )
    choice = random.Random("other verbs of environments")
    for fault in choice.sample(sorted(ENVIRONMENTS), 14):
        argv = ("show", f"gym:environments:Row-{fault}-v0")
        yield Case("environments", f"show-{fault}", argv, files, frozenset({0, 2}), torch=True)
    for fault in choice.sample(sorted(ENVIRONMENTS), 8):
        argv = ("check", "world", f"gym:environments:Row-{fault}-v0", "--json")
        yield Case("environments", f"check-{fault}", argv, files, frozenset({0, 1, 2}), torch=True)
    odd = {
        "nothing": "gym:",
        "no-id": "gym:environments:",
        "no-package": "gym::Row-v0",
        "unknown": "gym:environments:Raw-v0",
        "no-such-package": "gym:a_package_that_nobody_has:Row-v0",
        "escapes": "gym:\x1b[31mRow-v0",
        "long": "gym:" + "Row" * 2000,
        "path": "gym:../environments:Row-v0",
        "dots": "gym:environments.Row:Row-v0",
        "unnamed": "gym:Row-v0",
        "box": "gym:LunarLander-v3",
        "continuous": "gym:Pendulum-v1",
        "endless": "gym:CartPole-v1",
    }
    for name, world in odd.items():
        argv = ("audit", "policies:right", "--world", world, *AUDIT)
        yield Case("environments", f"named-{name}", argv, files, USAGE, torch=True)
