"""Cases of worlds: levels that are no decision problems, declarations that lie, methods that leave."""

from __future__ import annotations

import random
from collections.abc import Iterable

from hostile.case import ANY, REFUSED, Case, words
from hostile.strangers import AUDIT, GATED, IMPORTED, bring

# Faults of a level that every solution of it would be wrong with: an audit may not end in an answer.
LEVELS = words(
    "sum_seven sum_thirteen sum_off_one_state probability_negative probability_nan probability_infinite "
    "initial_two initial_nothing initial_negative initial_nan attribute_nan attribute_infinite "
    "attribute_minus_infinite successor_beyond successor_far_beyond successor_negative successor_fraction "
    "discount_one discount_two discount_zero discount_negative discount_nan one_unreachable "
    "nothing_reachable initial_at_end three_actions three_attributes initial_short samples_anew "
    "samples_counting samples_fewer samples_none samples_text samples_table samples_one observes_anew "
    "shows_nan shows_infinite shows_text shows_none shows_other_shape shape_lies shape_is_text "
    "shape_is_none shape_is_vast"
)
DECLARED = words(
    "no_objectives objectives_are_text objectives_twice objective_unknown_attribute objective_nan "
    "objective_infinite objective_text objective_unknown_stop base_unknown base_none no_actions "
    "three_names_of_actions attributes_twice no_attributes no_distributions name_none a_number NotAWorld "
    "Unfrozen"
)
# Odd, but an answer can be right all the same.
ODD = words(
    "terminal_numbers samples_more prints prints_from_a_thread shows_all_alike actions_twice "
    "one_distribution distributions_are_text name_escapes name_long name_leads_out action_escapes "
    "attribute_escapes format_number format_escapes format_long position_text position_beyond "
    "distinct_negative distinct_text legend_escapes options_text options_nan never_ends_nor_pays "
    "an_instance a_function"
)
METHODS = {
    "sample": REFUSED,
    "observe": REFUSED,
    "observation_shape": REFUSED,
    "__post_init__": REFUSED,
    "check_distribution": frozenset({0, 1, 2, 3}),
    "distinct_levels": frozenset({0, 1, 2, 3}),
    "options": frozenset({0, 1, 2, 3}),
    "observe_states": frozenset({0, 1, 2, 3}),
    "format": frozenset({0, 1, 2, 3}),
    "parse": frozenset({0, 1, 2, 3}),
    "position": frozenset({0, 1, 2, 3}),
}
WAYS = words("exit exit_text os_exit interrupt own generator_exit recursion memory stop value silent")


def cases() -> Iterable[Case]:
    """Worlds that break the contract, and worlds whose methods leave in every way."""
    files = bring("tiny_world", "broken_worlds", "policies")

    def case(world: str, verb: str, argv: tuple[str, ...], exits: frozenset[int], says: str = "") -> Case:
        return Case("worlds", f"{verb}-{world}", argv, files, exits, says=says, unlike=IMPORTED)

    for world in LEVELS:
        argv = ("audit", "policies:right", "--world", f"broken_worlds:{world}", *AUDIT)
        yield case(world, "audit", argv, REFUSED, "world|tiny|level")
        yield case(world, "check-world", ("check", "world", f"broken_worlds:{world}", "--json"), frozenset({1, 2}))
    for world in DECLARED:
        argv = ("audit", "policies:right", "--world", f"broken_worlds:{world}", *AUDIT)
        yield case(world, "audit", argv, REFUSED, "world|tiny|objective|attribute|action|distribution")
        yield case(world, "check-world", ("check", "world", f"broken_worlds:{world}"), frozenset({1, 2}))
    for world in ODD:
        argv = ("audit", "policies:right", "--world", f"broken_worlds:{world}", *AUDIT, "--json")
        yield case(world, "audit", argv, GATED | {2})
        yield case(world, "show", ("show", f"broken_worlds:{world}"), frozenset({0, 2}))
    choice = random.Random("ways of worlds")
    for method, exits in METHODS.items():
        central = method in ("sample", "observe", "__post_init__")
        for way in WAYS if central else choice.sample(WAYS, 4):
            world = f"{method}_{way}"
            argv = ("audit", "policies:right", "--world", f"broken_worlds:{world}", *AUDIT)
            yield case(world, "audit", argv, exits, "world|tiny")
    others = {
        "show": ("show",),
        "check-world": ("check", "world"),
        "distance": ("distance", "goal", "trap", "--levels", "4", "--world"),
        "list": ("list", "objectives", "--world"),
        "search": ("search", "policies:right", "--levels", "8", "--quiet", "--world"),
        "objective": ("objective", "policies:right", "--levels", "2", "--quiet", "--world"),
        "witness": ("witness", "policies:right", "--own", "goal", "--budget", "64", "--quiet", "--world"),
        "battery": ("battery", "policies:right", "--quiet", "--world"),
    }
    for verb, start in others.items():
        leaving = choice.sample([f"{m}_{w}" for m in ("sample", "observe", "format") for w in WAYS], 3)
        broken = [] if verb == "check-world" else choice.sample(LEVELS[:28], 2)
        sure = ["__post_init___exit", "sample_os_exit", *broken]
        for world in dict.fromkeys([*sure, *leaving]):
            # To list objectives no level is needed.
            exits = frozenset({0, 1, 2}) if world in sure and verb != "list" else ANY
            yield case(world, verb, (*start, f"broken_worlds:{world}"), exits)
