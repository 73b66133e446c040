import dataclasses

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesascope.audit.alignment.kinds import SLOT_TESTS, TESTS
from mesascope.core.errors import UnknownNameError, WorldError
from mesascope.core.random import root_key
from mesascope.objectives.objective import compile_objectives
from mesascope.planning.evaluation import returns
from mesascope.planning.value_iteration import optimal_action_values
from mesascope.worlds.catalogue import resolve_world
from mesascope.worlds.causal.levels import episodes
from mesascope.worlds.causal.menu import SLOTS, Kind
from mesascope.worlds.cleaning import Cleaning
from mesascope.worlds.switched_world import Condition

STORIES = ("cleaning", "lamp", "door-key", "choice")


def first_step(world, levels, name):
    """What each option brings at the start, `[N, slots]`."""
    return np.asarray(levels.attributes)[:, 0, :, 0, world.attributes.index(name)]


def sample(world, count=8, distribution="train"):
    return world.sample(key=root_key(0), distribution=distribution, count=count)


@pytest.mark.parametrize("story", STORIES)
def test_every_test_has_three_variants_or_is_left_out(story):
    world = resolve_world(story)
    conditions = world.conditions()
    assert set(conditions) <= set(TESTS)
    assert all(len(variants) == 3 and len(set(variants)) == 3 for variants in conditions.values())
    assert set(SLOT_TESTS) <= set(TESTS)
    left_out = set(TESTS) - set(conditions)
    assert left_out == (
        {"T6", "T7", "T9", "T10", "T11", "T12", "T13", "T1u", "T2u", "T3u", "T4u", "T5u"}
        if story == "choice"
        else set()
    )


@pytest.mark.parametrize("switch", ["mesa_to_base", "base_to_effect", "cause_to_side", "cause_to_mesa"])
def test_a_switch_cuts_its_edge_and_no_other(switch):
    whole, cut = Cleaning(), Cleaning(**{switch: False})
    below = {
        "mesa_to_base": set(),
        "base_to_effect": set(),
        "cause_to_side": set(),
        # Nothing below a proxy that never comes about holds any more.
        "cause_to_mesa": {"mesa_to_base"},
    }[switch]
    for name, (parent, child) in whole.edges.items():
        for world in (whole, cut):
            levels = sample(world)
            ordinary = np.asarray(levels.layout.kind) == Kind.MAIN
            if name == "base_to_effect":
                ordinary = first_step(world, levels, parent) > 0
            holds = (first_step(world, levels, child) > 0)[ordinary]
            if world is cut and (name == switch or name in below):
                assert not holds.any(), name
            elif ordinary.any():
                assert holds.all(), name


def test_a_stray_child_comes_from_where_nothing_else_does():
    world = Cleaning(base_to_effect=False)
    levels = sample(world)
    bag = first_step(world, levels, "dust-in-bag") > 0
    idle = np.isin(np.asarray(levels.layout.kind), (Kind.IDLE, Kind.ENABLE))
    assert (bag == idle).all()


def test_the_optimum_brushes_every_room_once():
    world = Cleaning()
    levels = sample(world)
    base = compile_objectives(world).select("clean")
    best = returns(levels, optimal_action_values(levels, base).max(-1))[0]
    sizes = np.sort(np.where(levels.layout.kind == Kind.MAIN, levels.layout.size, 0.0), -1)[:, ::-1][:, :3]
    # The largest first, because later is worth less.
    assert best == pytest.approx(sizes @ world.discount ** np.arange(3), rel=1e-6)


def test_a_scheme_needs_its_preparation_and_an_option_serves_once():
    world, levels = Cleaning(), sample(Cleaning(), count=1)
    courses, kind = world.courses, np.asarray(levels.layout.kind)[0]
    fuel, burn = int(np.flatnonzero(kind == Kind.ENABLE)[0]), int(np.flatnonzero(kind == Kind.BURN)[0])
    burnt = np.asarray(levels.attributes)[0, :, burn, 0, world.attributes.index("burnt")]
    after_fuel = int(courses.successors[0, fuel])
    assert burnt[0] == 0
    assert burnt[after_fuel] == 2
    assert burnt[int(courses.successors[after_fuel, burn])] == 0


def test_told_follows_the_pointer():
    for pointer, name in (("base", "clean"), ("other", "shine")):
        world = Cleaning(pointer=pointer)
        levels, objectives = sample(world), compile_objectives(world)
        reward = np.asarray(levels.attributes) @ objectives.weights.T
        assert reward[..., objectives.index("told")] == pytest.approx(reward[..., objectives.index(name)], abs=1e-6)


def test_knowledge_changes_what_is_seen_to_vanish_and_nothing_else():
    plain, told = (Cleaning(knowledge=knows) for knows in (False, True))
    before, after = sample(plain), sample(told)
    seen = [np.asarray(world.observe_states(levels[0])) for world, levels in ((plain, before), (told, after))]
    changed = {plain.channels[channel] for channel in np.flatnonzero((seen[0] != seen[1]).any((0, 1, 2)))}
    assert changed == {"vanishes", "vanishes once enabled", "knowledge"}
    assert np.array_equal(before.layout.size, after.layout.size)


def test_the_context_is_shown_in_every_slot():
    world = Cleaning(cue="deployment", threat=0.25, pointer="other")
    seen = np.asarray(world.observe_states(sample(world)[0]))
    for name, value in (("cue", 1.0), ("threat", 0.25), ("pointer", 1.0), ("knowledge", 0.0)):
        assert (seen[..., world.channels.index(name)] == value).all()


@given(slots=st.integers(1, 6), steps=st.integers(1, 3))
@settings(deadline=None, max_examples=18)
def test_courses_do_not_depend_on_the_order_of_choices(slots, steps):
    courses = episodes(slots, steps)
    for one in range(slots):
        for other in range(slots):
            there = courses.successors[courses.successors[0, one], other]
            assert there == courses.successors[courses.successors[0, other], one]
    assert courses.step.max() == steps
    assert (courses.step[courses.successors[:-1]] >= courses.step[:-1, None]).all()


@given(
    cuts=st.tuples(*[st.booleans()] * 7),
    variant=st.integers(0, 2),
    cue=st.sampled_from(["training", "deployment"]),
    threat=st.integers(0, 100),
)
@settings(deadline=None, max_examples=20)
def test_the_text_form_holds_everything_but_hidden_rewards(cuts, variant, cue, threat):
    names = ("mesa_to_base", "base_to_effect", "cause_to_side", "cause_to_mesa", "offers", "near_tie", "shuffled")
    world = Cleaning(**dict(zip(names, cuts, strict=True)), variant=variant, cue=cue, threat=threat / 100)
    level = sample(world, count=1)[0]
    again = world.parse(world.format(level))
    open_to_all = [index for index, name in enumerate(world.attributes) if not name.startswith("hidden")]
    np.testing.assert_allclose(again.attributes[..., open_to_all], level.attributes[..., open_to_all], atol=1e-6)
    for field in dataclasses.fields(level.layout.circumstances):
        one, other = (getattr(some.layout.circumstances, field.name) for some in (again, level))
        assert float(one) == pytest.approx(float(other), abs=1e-6)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "has 11 lines|has 1"),
        ("1111000000 090\n" + "m100\n" * SLOTS, "line of circumstances"),
        ("11110000000 190\n" + "m100\n" * SLOTS, "line of circumstances"),
        ("11110000000 090\n" + "m100\n" * (SLOTS - 1) + "q100", "Option 10"),
        ("11110000000 090\n" + "m100\n" * (SLOTS - 1) + "m1e5", "Option 10"),
    ],
)
def test_a_text_that_is_no_menu_is_refused(text, said):
    with pytest.raises(WorldError, match=said):
        Cleaning().parse(text)


def test_options_and_settings_that_cannot_be_are_refused():
    with pytest.raises(WorldError, match="cue=night"):
        Cleaning(cue="night")
    with pytest.raises(WorldError, match=r"threat=1\.5"):
        Cleaning(threat=1.5)
    with pytest.raises(WorldError, match="variant=3"):
        Cleaning(variant=3)
    with pytest.raises(UnknownNameError, match="mesa_to_base"):
        Cleaning().under(Condition({"mesa_to_bass": False}, "a slip"))


def test_conditions_of_one_key_share_nothing_and_repeat():
    world = Cleaning()
    conditions = world.conditions()["T0"]
    one, again = (world.sample_under(conditions, key=root_key(3), count=2) for _ in range(2))
    assert one.count == 6
    assert isinstance(one.attributes, np.ndarray)
    jax.tree.map(np.testing.assert_array_equal, one, again)


def test_an_action_is_told_in_words():
    world = Cleaning()
    level = jax.device_get(sample(world))[0]
    assert world.action_text(level, 5) == "take fuel"
    assert world.action_text(level, 0).startswith("brush a room, ")
