"""What must hold after every case, whatever it was, and what must hold after this one."""

from __future__ import annotations

import fnmatch
import json
import re
import unicodedata
from dataclasses import dataclass

from hostile.case import Case, Outcome

GIBIBYTE: int = 2**30
REFUSAL_SECONDS: float = 2.0
MESSAGE_BYTES: int = 4096
CRASHED: int = 70

CRITERIA: dict[str, str] = {
    "unnamed-code": "code ran that the command did not name",
    "files-lost": "a file of somebody else was changed, lost, or written outside the folder",
    "crashes": "the exit code was 70, or that of a signal",
    "tracebacks": "a traceback stood on standard error",
    "control-characters": "control, format or invalid characters reached an output",
    "memory": "the refusal of a file took more than 1 GiB",
    "time": "the refusal of a file took more than 2 CPU s",
    "long-messages": "a message was longer than 4,096 bytes",
    "open-gates": "a gate let pass what it had not reported on",
    "broken-json": "standard output was not one JSON object though --json was given and the code was 0",
    "unended": "the command had not ended within its limit of time or of 4 GiB",
    "wrong-endings": "the exit code, the message or what was written is not what this case asks for",
}
"""What is counted over all cases; of each there may be none."""


@dataclass(frozen=True)
class Fault:
    """Something that did not hold: which criterion, and what was found."""

    criterion: str
    found: str


def judge(case: Case, outcome: Outcome) -> list[Fault]:
    """Returns everything that did not hold."""
    faults: list[Fault] = []

    def fault(criterion: str, found: str) -> None:
        faults.append(Fault(criterion, found))

    if outcome.canary:
        fault("unnamed-code", "the canary was written")
    for path in lost(case, outcome):
        fault("files-lost", path)
    if not outcome.ended:
        fault("unended", f"not within {case.limit:.0f} s and 4 GiB ({outcome.peak / GIBIBYTE:.1f} GiB)")
        return faults
    if outcome.code == CRASHED or (outcome.code < 0 and outcome.code not in case.exits):
        fault("crashes", f"exit code {outcome.code}: {last_line(outcome.err)}")
    if b"Traceback (most recent call last)" in outcome.err + outcome.out:
        fault("tracebacks", last_line(outcome.err))
    for name, content in (("standard output", outcome.out), ("standard error", outcome.err)):
        if sign := hidden_sign(content):
            fault("control-characters", f"{sign} on {name}")
    refused = case.refusal and outcome.code not in (0, 1, 3)
    if refused and outcome.peak > GIBIBYTE:
        fault("memory", f"{outcome.peak / GIBIBYTE:.2f} GiB")
    if refused and outcome.cpu > REFUSAL_SECONDS:
        fault("time", f"{outcome.cpu:.1f} CPU s")
    if outcome.code not in (0, 1, 3) and len(outcome.err) > MESSAGE_BYTES:
        fault("long-messages", f"{len(outcome.err):,} bytes")
    if case.gated and outcome.code == 0 and not reported(outcome):
        fault("open-gates", "exit code 0 without a report")
    if "--json" in case.argv and outcome.code == 0 and not is_json(outcome.out):
        fault("broken-json", repr(outcome.out[:80]))
    if wrong := wrong_ending(case, outcome):
        fault("wrong-endings", wrong)
    return faults


def wrong_ending(case: Case, outcome: Outcome) -> str:
    """Returns what is not as this case asks; nothing if all is."""
    text = outcome.err.decode("utf-8", "replace")
    if outcome.code not in case.exits:
        wanted = ", ".join(map(str, sorted(case.exits)))
        return f"exit code {outcome.code}, not {wanted}: {last_line(outcome.err or outcome.out)}"
    # Who has closed standard error wants no word; on a terminal both outputs are one.
    silent = not text.strip() and not (case.shell and outcome.out.strip())
    if outcome.code in (2, 4) and silent and "2>" not in (case.shell or ""):
        return f"exit code {outcome.code} without a word"
    # A long message is wrapped in the help's boxes: lines are joined before they are compared.
    joined = " ".join(text.replace("│", " ").split())
    if case.says and outcome.code not in (0, 1, 3) and not re.search(case.says, joined, re.IGNORECASE):
        return f"the message does not match /{case.says}/: {last_line(outcome.err)}"
    both = joined + " " + outcome.out.decode("utf-8", "replace")
    if case.unlike and (match := re.search(case.unlike, both, re.IGNORECASE)):
        return f"the output says '{match.group()[:80]}'"
    return case.check(outcome) if case.check else ""


def lost(case: Case, outcome: Outcome) -> list[str]:
    """Returns files of others that are not as they were, and what was written beside the current folder."""
    found = []
    for path, what in outcome.before.items():
        inside = path.removeprefix("work/")
        if any(fnmatch.fnmatch(inside, pattern) for pattern in case.changes):
            continue
        if outcome.after.get(path) != what:
            found.append(f"{path} was {'removed' if path not in outcome.after else 'changed'}")
    found += [f"{path} was written" for path in outcome.after if path not in outcome.before and path[:5] != "work/"]
    return found


def hidden_sign(content: bytes) -> str:
    """Returns the first sign in an output that steers a terminal or cannot be read, or nothing."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        return f"byte {content[error.start]:#x}, which is not UTF-8,"
    for sign in set(text) - {"\n", "\t"}:
        if unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp"):
            return f"U+{ord(sign):04X}"
    return ""


def reported(outcome: Outcome) -> bool:
    """Says whether a report that is JSON was written."""
    for path, what in outcome.after.items():
        if path.endswith("report.json") and outcome.before.get(path) != what:
            return is_json((outcome.folder.parent / path).read_bytes())
    return False


def is_json(content: bytes) -> bool:
    """Says whether this is one JSON value, without the numbers that JSON does not have."""

    def refuse(name: str) -> None:
        raise ValueError(name)

    try:
        json.loads(content.decode("utf-8"), parse_constant=refuse)
    except (ValueError, RecursionError):
        return False
    return True


def last_line(content: bytes) -> str:
    """Returns the last line of a text that says something, fit to be printed and cut short."""
    lines = [line for line in content[-4000:].decode("utf-8", "replace").splitlines() if line.strip(" ╰─╯│")]
    return ascii(lines[-1])[1:241] if lines else "nothing was said"
