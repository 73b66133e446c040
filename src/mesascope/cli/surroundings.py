"""What a command finds around it: environment variables and the current folder, looked at before any work."""

from __future__ import annotations

import os
import warnings

from mesascope.cli.compilation_cache import use_compilation_cache
from mesascope.core.errors import UsageError
from mesascope.core.quantities import Whole

EPOCH = "SOURCE_DATE_EPOCH"
LAST_SECOND: int = 253_402_300_799
"""Of the year 9999."""


def prepare_surroundings() -> None:
    """Makes the surroundings fit for a verb.

    **Raises:** `UsageError` for a current folder that is gone, or a date that is none.
    """
    try:
        os.getcwd()
    except OSError as error:
        reason = error.strerror or error
        raise UsageError(f"The current folder cannot be read ({reason}); change to another one.") from error
    if EPOCH in os.environ:
        # matplotlib writes this date into figures.
        seconds = Whole(0, LAST_SECOND)
        seconds.check(seconds.read(os.environ[EPOCH]), f"The environment variable {EPOCH}")
    # Figures are drawn into files, whatever windows a user draws others in.
    os.environ["MPLBACKEND"] = "agg"
    use_compilation_cache()
    # What is kept there is a help and no more: an entry that is broken is made again.
    warnings.filterwarnings("ignore", message=".*persistent compilation cache.*")
