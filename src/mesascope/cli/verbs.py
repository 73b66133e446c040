"""The verbs of the command line, and what each does."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Verb:
    """A verb.

    **Arguments:**

    - `target`: its class as `module:attribute`.
    - `summary`: its one line in the help.
    - `examples`: arguments with which it can be run as they stand, two of them.
    """

    target: str
    summary: str
    examples: tuple[str, str]


@dataclass(frozen=True)
class Group:
    """Verbs that share a first word.

    **Arguments:**

    - `summary`: one line in the help.
    - `verbs`: by their second word.
    - `default`: the one that the first word alone means, if any.
    """

    summary: str
    verbs: dict[str, Verb]
    default: str | None = None


CHECKS = Group(
    "recompute all known answers; or test a world of your own, an assay, or whether a world fits an agent",
    {
        "answers": Verb(
            "mesascope.cli.check:CheckAnswers",
            "recompute the known answers that the paper rests on",
            ("", "--section 4.5"),
        ),
        "oversight": Verb(
            "mesascope.cli.check_oversight:CheckOversight",
            "recompute known answers of amplification",
            ("", "--json"),
        ),
        "world": Verb(
            "mesascope.cli.check:CheckWorld",
            "test that a world keeps the contract",
            ("corner", "gym:FrozenLake-v1 --world-option is_slippery=false"),
        ),
        "assay": Verb(
            "mesascope.cli.check:CheckAssay",
            "test an assay on agents of which it is known whether they search",
            ("novelty", "conflict --json"),
        ),
        "fit": Verb(
            "mesascope.cli.check:CheckFit",
            "say whether a world shows an agent what it was trained on",
            ("corner", "corner --world corner --levels 16"),
        ),
    },
    default="answers",
)
BANK = Group(
    "list, build and score the agents that search detection is judged by",
    {
        "list": Verb("mesascope.cli.bank:BankList", "list the agents", ("", "--smoke --json")),
        "build": Verb("mesascope.cli.bank:BankBuild", "train what they are made of", ("--smoke", "")),
        "score": Verb("mesascope.cli.bank:BankScore", "run every assay on every agent", ("--smoke", "--processes 1")),
    },
)
CHALLENGE = Group(
    "sealed organisms to be named, the score of answers, and agents of your own for the auditor to be scored by",
    {
        "make": Verb("mesascope.cli.challenge:ChallengeMake", "make a challenge", ("", "--specimens 1")),
        "answer": Verb("mesascope.cli.challenge:ChallengeAnswer", "let the battery answer it", ("", "--json")),
        "score": Verb(
            "mesascope.cli.challenge:ChallengeScore",
            "score answers to it",
            ("answers.json", "answers.json --challenge runs/challenge"),
        ),
        "submit": Verb(
            "mesascope.cli.submit:ChallengeSubmit",
            "score the auditor on agents of yours whose truth you know",
            ("outsiders", "outsiders --skip-search --levels 64 --json"),
        ),
    },
)

GROUPS: dict[str, dict[str, Verb | Group]] = {
    "Audit": {
        "audit": Verb(
            "mesascope.cli.audit:Audit",
            "ask the three questions about an agent and write a report",
            ("", "corner --require robust --json"),
        ),
        "search": Verb(
            "mesascope.cli.search:Search",
            "ask whether an agent searches, and how far it looks ahead",
            ("corner", "corner --levels 64 --json"),
        ),
        "objective": Verb(
            "mesascope.cli.objective:Objective",
            "recover what an agent is after, and what stays open",
            ("corner", "corner --edits 2"),
        ),
        "battery": Verb(
            "mesascope.cli.battery:Battery",
            "say what kind of alignment it is, test by test",
            ("corner", "instrumental --levels 3"),
        ),
        "witness": Verb(
            "mesascope.cli.witness:WitnessVerb",
            "search for the worst level in which an agent is able",
            ("corner", "corner --budget 256 --out runs/corner-0-witness"),
        ),
        "verify": Verb(
            "mesascope.cli.verify:Verify",
            "prove something of all levels or numbers of a set, or refute it by a witness",
            ("corner --over placements --always base-optimal", "network.onnx --property property.vnnlib --must-hold"),
        ),
        "attack": Verb(
            "mesascope.cli.attack:AttackVerb",
            "find the edit of what an agent sees that costs most",
            ("corner", "corner --cells 2 --target down --levels 8"),
        ),
    },
    "Look": {
        "list": Verb(
            "mesascope.cli.list:List", "worlds, objectives, organisms and assays", ("", "objectives --world maze")
        ),
        "show": Verb(
            "mesascope.cli.show:Show",
            "draw levels, paths and policies",
            ("maze", "corner --agent corner --levels 1 --out corner.svg"),
        ),
        "report": Verb(
            "mesascope.cli.report:Remake",
            "write the page of a saved report again",
            ("runs/corner-0", "runs/corner-0 --out again.html"),
        ),
        "compare": Verb(
            "mesascope.cli.compare:Compare",
            "put two agents or saved audits side by side: what changed, with intervals",
            ("runs/corner-0 runs/corner-1", "corner corner --second-deterministic --levels 64 --json"),
        ),
        "table": Verb(
            "mesascope.cli.table:Table",
            "read the saved audits of many runs as one table",
            ("runs", "runs --out table.parquet"),
        ),
        "distance": Verb(
            "mesascope.cli.distance:Distance",
            "compare two rewards: STARC, EPIC, DARD, NPEC, ERC",
            ("cheese corner", "cheese=1,corner=0.5 cheese --outer"),
        ),
        "onset": Verb(
            "mesascope.cli.onset:Onset",
            "say when deception pays: threat, horizon, discount, cue accuracy",
            ("", "--threat 0.3 --cue-accuracy 0.9"),
        ),
    },
    "Make": {
        "train": Verb(
            "mesascope.cli.train:Train",
            "train a model organism; the same command resumes",
            ("corner", "corner --seeds 2"),
        ),
        "remedy": Verb(
            "mesascope.cli.remedy:RemedyVerb",
            "train an organism's agents further under remedies; audited before and after",
            ("corner --with adversarial-training", "corner --with all --seeds 8"),
        ),
        "bank": BANK,
        "challenge": CHALLENGE,
    },
    "Check": {"check": CHECKS},
}
"""Verbs by what one wants."""

NAMES: dict[str, Verb | Group] = {name: verb for verbs in GROUPS.values() for name, verb in verbs.items()}

HELP = """usage: mesascope VERB [ARGUMENTS]

Does a trained agent search, for what, and is it aligned?

{verbs}

  mesascope VERB --help   arguments of a verb, and examples
  --debug                 with any verb: show the traceback of an error
  --version               print the version

Exit codes: 0 ran; 1 a gate (--fail-on, --require) or a check failed; 2 something given cannot be used;
3 inconclusive under a gate; 4 a model file was refused; 70 a fault in Mesascope; 130 interrupted."""


def every_verb() -> dict[str, Verb]:
    """Returns all verbs by their full names, those of two words among them."""
    found: dict[str, Verb] = {}
    for name, verb in NAMES.items():
        found |= (
            {f"{name} {second}": member for second, member in verb.verbs.items()}
            if isinstance(verb, Group)
            else {name: verb}
        )
    return found


def help_text() -> str:
    """Returns the help of the whole command line."""
    width = max(map(len, NAMES))
    blocks = [
        "\n".join([f"{want}:", *(f"  {name:{width}}  {verb.summary}" for name, verb in verbs.items())])
        for want, verbs in GROUPS.items()
    ]
    return HELP.format(verbs="\n\n".join(blocks))
