"""`python -m mesascope`, the same as `mesascope`."""

import sys

from mesascope.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
