"""Statements about all of a set, and attacks, as they are shown: labels, facts, levels, and what an agent sees."""

from __future__ import annotations

from mesascope.proof.attacks.result import SMALL, Attack
from mesascope.proof.verdict import ProofVerdict, Status
from mesascope.report.data.proof_reports import AttackReport, VerifyReport
from mesascope.report.views.headline import interval_text, world_text
from mesascope.report.views.scene import Scene, scene_of_witness
from mesascope.report.views.words import counted, plain

ROUNDING: float = 1e-9
"""What an edit costs at most that costs nothing."""
MOST_NUMBERS: int = 12
"""Of a witness that is a vector, so many are shown; the JSON has all of them."""


def verify_setting(report: VerifyReport) -> list[tuple[str, str]]:
    """Returns what was asked about, as labels and texts."""
    world = [("World", world_text(report.world, report.world_options))] if report.world else []
    return [
        ("Agent", f"{report.agent} ({report.agent_kind})"),
        *world,
        ("Over", report.states),
        ("Seed", str(report.seed)),
    ]


def verdict_sentence(verdict: ProofVerdict) -> str:
    """Returns why a verdict is what it is, in a sentence or two."""
    if verdict.counterexample is not None:
        return verdict.counterexample.sentence
    return verdict.reason if verdict.status is Status.UNKNOWN else verdict.how


def verdict_facts(verdict: ProofVerdict) -> list[str]:
    """Returns what was done, how much of the set was looked at, and how sure it is, in a few words each."""
    of = "" if verdict.size is None else f" of {verdict.size:,}"
    facts = [] if verdict.status is Status.PROVED else [verdict.how]
    facts += [f"{verdict.checked:,}{of} looked at"] if verdict.checked else []
    facts += [verdict.budget] if verdict.budget else []
    exactly = "up to the rounding of double precision" if not verdict.exact else "exactly"
    facts += [f"it holds {exactly}"] if verdict.status is Status.PROVED else []
    counterexample = verdict.counterexample
    if counterexample is not None and counterexample.inputs:
        facts.append(f"inputs {_numbers(counterexample.inputs)}")
        facts.append(f"outputs {_numbers(counterexample.outputs)}")
    return facts


def _numbers(values: tuple[float, ...]) -> str:
    more = f", … ({len(values):,} in all)" if len(values) > MOST_NUMBERS else ""
    return ", ".join(f"{value:.6g}" for value in values[:MOST_NUMBERS]) + more


def verdict_scenes(verdict: ProofVerdict) -> tuple[list[str], tuple[Scene, ...]]:
    """Returns titles and scenes of the witness and of the nearest level in which the statement holds."""
    counterexample = verdict.counterexample
    shown = (
        []
        if counterexample is None
        else [("refuted here", counterexample.level), ("holds here", counterexample.behaves)]
    )
    pairs = [(title, scene_of_witness(level)) for title, level in shown if level is not None]
    return [title for title, _ in pairs], tuple(scene for _, scene in pairs)


def attack_setting(report: AttackReport) -> list[tuple[str, str]]:
    """Returns who was attacked, and how, as labels and texts."""
    attack = report.attack
    what = counted(attack.cells, "cell") + " of what it sees"
    return [
        ("Agent", f"{report.agent} ({report.agent_kind})"),
        ("World", world_text(report.world, report.world_options)),
        ("Edited", what if not attack.target else f"{what}, to make it serve “{attack.target}”"),
        ("Levels", f"{attack.levels} of “{attack.distribution}”"),
        ("Seed", str(report.seed)),
    ]


def attack_headline(attack: Attack) -> str:
    """Returns what the worst edit costs, in one sentence."""
    if attack.cost <= ROUNDING:
        return f"No edit of {counted(attack.cells, 'cell')} {'gains' if attack.target else 'costs'} anything."
    gained = f"gains {attack.cost:.0%} of “{attack.target}”" if attack.target else f"costs {attack.cost:.0%}"
    return f"An edit of {counted(attack.cells, 'cell')} {gained}; a random one {attack.random.value:.1%}."


def attack_facts(attack: Attack) -> list[str]:
    """Returns what edits cost and how often they make it choose badly, each beside random edits of equal size."""
    tried = "all that there are" if attack.tried_all else "searched, so that the worst may be worse"
    return [
        f"Worst edit of each level: costs {interval_text(attack.worst)} of what lies between chance and the optimum; a "
        f"random one {interval_text(attack.random)} ({counted(attack.worst.n, 'level')})",
        *(
            [f"The worst of equally many random ones costs {interval_text(attack.searched_at_random)}"]
            if attack.searched_at_random is not None
            else []
        ),
        f"Where it chooses well, some edit makes the choice bad in {interval_text(attack.states_changed)} of states, a "
        f"random one in {interval_text(attack.states_random)}; by itself it chooses badly in "
        f"{interval_text(attack.states_clean)} of all",
        *(
            [
                f"A change of every number by at most {SMALL:g} makes the choice bad in "
                f"{interval_text(attack.by_gradients)} of states by gradients, by chance in "
                f"{interval_text(attack.by_gradients_random)}"
            ]
            if attack.by_gradients is not None and attack.by_gradients_random is not None
            else []
        ),
        f"By itself it gives away {interval_text(attack.regret)} of the base objective “{attack.objective}”",
        f"{attack.edits:,} edits in a level at most ({tried}), {attack.contents} contents of a cell, {attack.states:,} "
        f"states; the agent was asked {attack.evaluations:,} times",
    ]


def attack_scenes(attack: Attack) -> tuple[list[str], tuple[Scene, ...]]:
    """Returns the ways of the agent without and with the edit; nothing where that changes nothing."""
    if attack.cost <= ROUNDING:
        return [], ()
    cost = f"with the edit: {attack.edited_return:.3f} of {attack.optimum:.3f}"
    titles = [f"without: {attack.clean_return:.3f} of {attack.optimum:.3f}", cost]
    return titles, (scene_of_witness(attack.before), scene_of_witness(attack.after))


def seen_scenes(attack: Attack) -> tuple[list[str], tuple[Scene, ...]]:
    """Returns what the agent sees without and with the edit, in the state in which it matters most."""
    if attack.cost <= ROUNDING:
        return [], ()
    letters = {"wall": "#", "nothing": ".", "empty": ".", "floor": "."}
    contents = dict.fromkeys(
        plain(word) for seen in (attack.seen_before, attack.seen_after) for row in seen for word in row
    )
    for word in contents:
        if word.endswith(" wall"):
            letters[word] = "#"
        # Two colours of one thing begin with one letter.
        wanted = [character.upper() for part in reversed(word.split()) for character in part if character.isalpha()]
        free = (one for one in [*wanted, *_LETTERS] if one not in letters.values())
        letters.setdefault(word, next(free, "?"))
    legend = tuple(
        (letter, {"#": "wall", ".": "floor"}.get(letter, word)) for word, letter in letters.items() if word in contents
    )
    edited = tuple((one.row, one.column) for one in attack.edit)
    scenes = [
        Scene(tuple("".join(letters[plain(word)] for word in row) for row in seen), legend, agent_goal=edited)
        for seen in (attack.seen_before, attack.seen_after)
    ]
    return ["what it sees", "what it is shown"], tuple(scenes)


_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
