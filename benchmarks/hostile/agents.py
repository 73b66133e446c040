"""Cases of agents: functions, modules of torch and agents of the public class."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterable

from hostile.case import USAGE, Case, Outcome, words
from hostile.strangers import AUDIT, GATED, IMPORTED, bring

RANDOM = words(
    "counts_calls counts_rows later_other draws draws_a_little draws_plain draws_generator by_place "
    "by_place_from_end by_size by_large_size by_first_row by_mean_of_batch by_normalised_batch by_clock "
    "remembers"
)
SOUND = words("right single half half_thirds lists whole booleans of_jax")
PRINTS = words(
    "prints writes echoes runs prints_to_original puts puts_unflushed logs prints_late prints_at_exit prints_much"
)
ROUGH = words(
    "closes_output closes_descriptor removes_error removes_output changes_folder numpy_raises seeds_numpy "
    "warnings_raise warns shallow ignores_interrupts alters_input alters_input_first returns_view "
    "same_array"
)
RETURNS = words(
    "nothing text bytes_ texts a_table a_generator a_number actions three one_column deep turned one_row "
    "no_rows more_rows a_pair object_none complex_ digits dates records nan one_nan infinite negative "
    "logits nine_tenths eleven_tenths zeros vast masked ragged itself a_class the_module lying_array "
    "hostile_exit hostile_raise hostile_text"
)
LEAVES = words(
    "exit exit_none exit_text exit_builtin os_exit exec execvp interrupt own generator_exit cancelled "
    "recursion memory memory_really stop assertion value lines silent renamed unicode surrogate "
    "broken_pipe timeout system_error group base_group thread import usage"
)
NOT_POLICIES = words(
    "a_number a_text nothing Policy acting_attribute wants_two wants_none keyword_only later yields "
    "leaves_when_asked raises_when_asked missing_attribute"
)


def whole_json(outcome: Outcome) -> str:
    """Says what is wrong unless standard output is a report of JSON, whatever the code of the gate."""
    try:
        answers = json.loads(outcome.out)["answers"]
    except (ValueError, KeyError, TypeError):
        return f"standard output is not a report: {outcome.out[:80]!r}"
    return "" if answers else "a report without answers"


def named_in_report(outcome: Outcome) -> str:
    """Says what is wrong if an agent left in the middle and the report does not say so."""
    report = outcome.folder / "out" / "report.json"
    if outcome.code == 2:
        return ""
    text = report.read_text() if report.exists() else ""
    return "" if re.search("raised|tried to|more memory", text) else "the report does not say that the agent left"


def functions() -> Iterable[Case]:
    """Functions that are no policies, or not quite."""
    files = bring("tiny_world", "policies")

    def case(name: str, exits: frozenset[int], says: str = "", *more: str, check=None, verb: str = "audit") -> Case:
        start = {
            "audit": ("audit", f"policies:{name}", "--world", "tiny_world:Tiny", *AUDIT),
            "search": ("search", f"policies:{name}", "--world", "tiny_world:Tiny", "--levels", "8", "--quiet"),
            "objective": ("objective", f"policies:{name}", "--world", "tiny_world:Tiny", "--levels", "2", "--quiet"),
            "battery": ("battery", f"policies:{name}", "--world", "cleaning", "--levels", "2", "--quiet"),
            "witness": ("witness", f"policies:{name}", "--world", "tiny_world:Tiny", "--own", "goal", "--budget", "64"),
            "show": ("show", "tiny_world:Tiny", "--agent", f"policies:{name}"),
        }[verb]
        return Case("agents", f"{verb}-{name}", (*start, *more), files, exits, says=says, unlike=IMPORTED, check=check)

    for name in SOUND:
        yield case(name, GATED, "", "--json", check=whole_json)
    for name in RANDOM:
        yield case(name, USAGE, "random|memory|remember|order|batch|same|again|twice|differ|place|other")
    for name in PRINTS:
        yield case(name, GATED, "", "--json", check=whole_json)
    for name in ROUGH:
        yield case(name, GATED | {2}, "", "--json")
    for name in ("aborts", "kills_itself"):
        yield case(name, frozenset({-6, -9, 2}))
    for name in RETURNS:
        yield case(f"returns_{name}", USAGE, "policies:|agent")
    for way in LEAVES:
        yield case(f"leaves_{way}", USAGE, "policies:|agent")
        yield case(f"leaves_late_{way}", GATED | {2}, "policies:|agent", check=named_in_report)
    for name in NOT_POLICIES:
        yield case(name, USAGE, "policies|agent")
    choice = random.Random("other verbs of agents")
    for verb in ("search", "objective", "battery", "witness", "show"):
        for name in choice.sample(RANDOM[:9], 2):
            yield case(name, frozenset({0, 2}), verb=verb)
        for name in [*choice.sample([f"leaves_{way}" for way in LEAVES], 3), f"returns_{choice.choice(RETURNS)}"]:
            yield case(name, USAGE, "policies:|agent", verb=verb)


MODULES = {
    "sound": GATED,
    "plain": GATED,
    "in_double": GATED | {2},
    "in_half": GATED | {2},
    "with_dropout": GATED | {2},
    "with_norm": GATED | {2},
    "with_frozen_training": GATED | {2},
    "one_masked": GATED | {2},
    "alters_input": GATED | {2},
    "returns_array": GATED | {2},
    "prints": GATED,
    # Both are documented: a distribution over actions, and several answers of which one is about actions.
    "returns_pair": GATED | {2},
    "returns_distribution": GATED,
} | dict.fromkeys(
    words(
        "wrong_size other_actions on_meta recurrent no_forward nan_weights vast_weights "
        "returns_none returns_text returns_complex draws minus_infinite plus_infinite "
        "exits interrupts by_batch_size hooked a_parameter a_tensor the_class state"
    ),
    USAGE,
)
OBJECTS = (
    {
        "says_memoryless_and_remembers": USAGE,
        "state_exits": USAGE,
        "act_exits": USAGE,
        "act_exits_with_memory": USAGE,
        "returns_no_pair": USAGE,
        "returns_three": USAGE,
        "returns_none": USAGE,
        "returns_texts": USAGE,
        "draws": USAGE,
        "other_count": USAGE,
        "the_class": USAGE,
        "state_of_other_batch": USAGE,
        "name_exits": USAGE,
        "memoryless_exits": USAGE,
    }
    | {"sound": GATED, "remembers": GATED}
    | dict.fromkeys(
        words(
            "remembers_from_nothing changes_its_state state_is_text draws_with_memory count_is_text "
            "count_of_names name_none name_number name_escapes name_long name_leads_out kind_none kind_escapes "
            "notes_escape notes_none notes_text memoryless_none memoryless_text"
        ),
        GATED | {2},
    )
)


def objects() -> Iterable[Case]:
    """Agents of the public class and modules of torch."""
    for kind, named in (("modules", MODULES), ("agents", OBJECTS)):
        files = bring("tiny_world", "policies", kind)
        for name, exits in named.items():
            argv = ("audit", f"{kind}:{name}", "--world", "tiny_world:Tiny", *AUDIT, "--json")
            yield Case("agents", f"{kind}-{name}", argv, files, exits, unlike=IMPORTED, torch=kind == "modules")


def cases() -> Iterable[Case]:
    """Every case of this module."""
    yield from functions()
    yield from objects()
