"""`python -m mesascope`, the same as `mesascope`."""

import sys

if __name__ == "__main__":
    # Python puts the current folder first, where what lies beside a data file would stand in for libraries.
    if not sys.flags.safe_path:
        del sys.path[0]
    from mesascope.cli.main import run

    run()
