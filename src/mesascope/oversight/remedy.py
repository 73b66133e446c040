"""What a remedy is: an intervention on training, whose effect is the change in the audit (RFLO §1.2, "how can it be
aligned?").

A remedy says, stage by stage, what an agent that was trained already is trained on further, and may look at the agent
between stages. Training itself, its account and its resumption are written once, elsewhere.
"""

from __future__ import annotations

import abc
from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from mesascope.core.random import RandomKey
from mesascope.organisms.organism import Organism
from mesascope.oversight.stage import Stage

if TYPE_CHECKING:
    from mesascope.oversight.trainee import Trainee


class Remedy(abc.ABC):
    """An intervention on training.

    A concrete remedy is a frozen dataclass whose fields are its settings, plain values with defaults; one file of
    `remedies`, which ends in `REMEDY = ThatRemedy`.
    """

    name: ClassVar[str]
    """What users type: the file's name with dashes."""

    def inapplicable(self, organism: Organism) -> str | None:
        """Returns why a recipe cannot be changed in this way, as the end of "... cannot be applied: "; `None` if it
        can."""
        return None

    @abc.abstractmethod
    def stages(self, trainee: Trainee, *, key: RandomKey) -> Iterator[Stage]:
        """Yields what the agent is trained on, `trainee.updates` updates in all.

        When a stage has been yielded and the next is asked for, `trainee` is the agent after it. What is done in
        between hangs on the trainee and the key alone, because a run that was cut short repeats it. Labels and levels
        that it takes are added to `trainee.account`.

        **Arguments:**

        - `trainee`: the agent.
        - `key`: consumed.
        """


def parts_of(updates: int, stages: int) -> list[int]:
    """Returns how many updates each of some stages has, as equal as can be, `updates` in all; none is empty.

    **Arguments:**

    - `updates`, `stages`: 1 or more.
    """
    stages = min(updates, stages)
    return [updates * (place + 1) // stages - updates * place // stages for place in range(stages)]
