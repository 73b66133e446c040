"""The text form of a menu: a line of circumstances, then one line for each slot."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np

from mesascope.core.errors import WorldError
from mesascope.worlds.causal.menu import LETTERS, SLOTS, Circumstances, Menu

_SWITCHES = ("mesa_to_base", "base_to_effect", "cause_to_side", "cause_to_mesa", "offers", "near_tie", "shuffled")


def format_menu(menu: Menu, chosen: np.ndarray | None) -> str:
    """Returns a menu as text.

    The first line holds seven switches, the variant, cue, pointer and knowledge, each a digit, and the threat in
    hundredths; then a slot a line: the letter of its kind and its size in hundredths.

    **Arguments:**

    - `menu`: of one level, as numpy arrays.
    - `chosen`: which slots have been chosen, marked with a star; `None` for a level at its start.
    """
    given = menu.circumstances
    digits = [int(getattr(given, name)) for name in _SWITCHES]
    digits += [int(given.variant), round(float(given.cue)), round(float(given.pointer)), int(given.knowledge)]
    lines = ["".join(map(str, digits)) + f" {round(float(given.threat) * 100):03d}"]
    for slot in range(SLOTS):
        mark = "*" if chosen is not None and chosen[slot] else ""
        lines.append(f"{LETTERS[int(menu.kind[slot])]}{round(float(menu.size[slot]) * 100):03d}{mark}")
    return "\n".join(lines)


def parse_menu(text: str) -> Menu:
    """Returns the menu that a text describes.

    **Raises:** `WorldError` says which line is wrong.
    """
    lines = [line.strip() for line in text.strip().splitlines()]
    if len(lines) != SLOTS + 1:
        raise WorldError(
            f"A menu has {SLOTS + 1} lines, circumstances and {SLOTS} options; this text has {len(lines)}."
        )
    switches, _, threat = lines[0].partition(" ")
    binary = switches[:7] + switches[8:]
    fine = len(switches) == 11 and set(binary) <= set("01") and switches[7] in "012"
    if not (fine and threat.isdecimal() and int(threat) <= 100):
        raise WorldError(
            f"'{lines[0]}' is not a line of circumstances: seven switches, variant, cue, pointer and knowledge as "
            "digits, a space, and the threat in hundredths ('11110000000 090')."
        )
    flags = {name: jnp.asarray(digit == "1") for name, digit in zip(_SWITCHES, switches[:7], strict=True)}
    kinds, sizes = [], []
    for number, line in enumerate(lines[1:], 1):
        line = line.rstrip("*")
        if not line or line[0] not in LETTERS or not line[1:].isdecimal() or len(line) > 4:
            raise WorldError(f"Option {number}, '{line}', is not one of '{LETTERS}' and a size in hundredths ('m075').")
        kinds.append(LETTERS.index(line[0]))
        sizes.append(int(line[1:]) / 100)
    circumstances = Circumstances(
        **flags,
        variant=jnp.int32(int(switches[7])),
        cue=jnp.float32(switches[8] == "1"),
        threat=jnp.float32(int(threat) / 100),
        pointer=jnp.float32(switches[9] == "1"),
        knowledge=jnp.asarray(switches[10] == "1"),
    )
    return Menu(jnp.array(kinds), jnp.array(sizes, jnp.float32), circumstances, jnp.zeros((SLOTS, 3)))
