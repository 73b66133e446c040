"""Known answers to not knowing where one is (RFLO §4.5): the absent-minded driver."""

from __future__ import annotations

from functools import partial

from mesascope.theory.known_answer import KnownAnswer

_DRIVER = "mesascope.theory.absent_minded_driver:"
_driver = partial(KnownAnswer, section="4.5", source="Aumann, Hart & Perry 1997, The absent-minded driver")
_TWO_EXITS, _THREE_EXITS = (0.0, 4.0, 1.0), (7.0, 0.0, 22.0, 2.0)
_TOLD = {_TWO_EXITS: "exits pay 0, 4, the end 1", _THREE_EXITS: "exits pay 7, 0, 22, the end 2"}
_CONTINUE = "continue_probability"
_WORSE = 7 / 30
ANSWERS: tuple[KnownAnswer, ...] = tuple(
    _driver(
        f"driver.{slug}",
        statement=f"{_TOLD[payoffs]}: {statement}",
        expected=expected,
        target=_DRIVER + function,
        arguments={"payoffs": payoffs, **further},
        part=part,
        tolerance=0.0 if function == "count_action_optima" else 1e-9,
    )
    for payoffs, rows in (
        (
            _TWO_EXITS,
            (
                ("plan", "planning_optimum", {}, _CONTINUE, 2 / 3, "best plan, drive on with 2/3"),
                ("value", "planning_optimum", {}, "value", 4 / 3, "value of the best plan, 4/3"),
                ("action-optima", "count_action_optima", {}, "", 1, "action-optimal plans, one"),
                ("action-optimum", "action_optima", {}, f"0.{_CONTINUE}", 2 / 3, "that one is the best plan, 2/3"),
                ("belief", "beliefs", {_CONTINUE: 2 / 3}, "0", 3 / 5, "belief at the first, 1 / (1 + p)"),
                (
                    "spurious",
                    "optimum_at_fixed_belief",
                    {"belief": 3 / 5},
                    _CONTINUE,
                    1 / 3,
                    "all planned anew with that belief held fixed, the spurious 1/3",
                ),
            ),
        ),
        (
            _THREE_EXITS,
            (
                ("three-plan", "planning_optimum", {}, _CONTINUE, 0, "best plan, leave at once"),
                ("three-value", "planning_optimum", {}, "value", 7, "value of the best plan, 7"),
                ("three-action-optima", "count_action_optima", {}, "", 3, "action-optimal plans, three"),
                ("three-first", "action_optima", {}, f"1.{_CONTINUE}", _WORSE, "a worse action-optimal plan, 7/30"),
                (
                    "three-first-value",
                    "action_optima",
                    {},
                    "1.value",
                    7 - 7 * _WORSE + 22 * _WORSE**2 - 20 * _WORSE**3,
                    "its value, 6.310",
                ),
                ("three-second", "action_optima", {}, f"2.{_CONTINUE}", 1 / 2, "another action-optimal plan, 1/2"),
                ("three-second-value", "action_optima", {}, "2.value", 6.5, "its value, 6.5"),
            ),
        ),
    )
    for slug, function, further, part, expected, statement in rows
)
"""Every row of this part."""
