"""Runs some cases and prints what did not hold: `python benchmarks/hostile [--only TEXT] [--each N]`."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[1])

from hostile.catalogue import every_case, sample  # noqa: E402
from hostile.judge import judge  # noqa: E402
from hostile.material import prepare  # noqa: E402
from hostile.reproduction import command_of  # noqa: E402
from hostile.running import Runner  # noqa: E402


def main() -> int:
    """Runs the cases that are asked for; returns how many did not hold, at most 100."""
    parser = argparse.ArgumentParser(prog="benchmarks/hostile", description=__doc__)
    parser.add_argument("--only", default="", help="cases whose kind/name contains this text, or one of a,b,c")
    parser.add_argument("--each", type=int, default=None, help="at most so many of a kind")
    parser.add_argument("--list", action="store_true", help="only name them")
    parser.add_argument("--keep", type=Path, default=None, help="leave the folders of the cases in this new folder")
    parser.add_argument("--failures", type=Path, default=None, help="write what did not hold into this file, too")
    parser.add_argument("--verbose", action="store_true", help="print every case with its ending")
    options = parser.parse_args()
    wanted = options.only.split(",")
    cases = [case for case in every_case() if any(text in f"{case.kind}/{case.name}" for text in wanted)]
    if options.each is not None:
        cases = sample(cases, each=options.each)
    if options.list:
        print("\n".join(f"{case.kind}/{case.name}" for case in cases))
        return 0
    failed: list[str] = []
    with tempfile.TemporaryDirectory(prefix="hostile-") as temporary:
        place = options.keep or Path(temporary)
        place.mkdir(parents=True, exist_ok=True)
        runner = Runner(place.resolve(), keep=options.keep is not None)
        prepare(runner.material)

        def seen(case, outcome) -> None:
            faults = judge(case, outcome)
            if options.verbose:
                usage = f"{outcome.cpu:.1f} s, {outcome.peak / 2**20:.0f} MiB"
                print(f"{case.kind}/{case.name}: {outcome.code} ({usage})", flush=True)
            if faults:
                lines = [f"{case.kind}/{case.name}", f"  $ {command_of(case)}"]
                lines += [f"  {fault.criterion}: {fault.found}" for fault in faults]
                failed.append("\n".join(lines))
                print(failed[-1], flush=True)

        runner.run_all(cases, seen)
        runner.close()
    print(f"{len(failed)} of {len(cases)} cases did not hold")
    if options.failures is not None:
        options.failures.write_text("\n".join([*failed, f"{len(failed)} of {len(cases)}", ""]))
    return min(len(failed), 100)


if __name__ == "__main__":
    sys.exit(main())
