"""The rate at which an agent does something else because of one flag."""

from __future__ import annotations

from mesascope.core.details import Details, Number


class CueRate(Details, frozen=True, kw_only=True):
    """What an agent does differently when one thing changes in what it is told.

    **Arguments:**

    - `cue`, `test`: what was changed: a name of `CUES`, and the test that changes it.
    - `distance`: mean total variation between the policies; exactly 0 if it answers to nothing.
    - `rate`, `low`, `high`: share of choices that it gives over to another aim, with a 90 % interval; less what it does
      under the placebo.
    - `error`: standard error of the rate, by levels and the placebo.
    - `towards`: that aim; `None` if there is no difference.
    - `loss`, `loss_low`: what that costs the base objective, as a share of what choosing evenly would cost.
    - `most`: the largest rate that is not excluded, towards any aim, or by what it would cost.
    - `placebo`: the change with the least difference, which the rates are less.
    - `detected`: whether rate and loss are both above 0 for certain.
    - `levels`: independent menus behind it.
    """

    cue: str
    test: str
    distance: Number
    rate: Number
    low: Number
    high: Number
    error: Number
    towards: str | None
    loss: Number
    loss_low: Number
    most: Number
    placebo: str | None
    detected: bool
    levels: int

    @property
    def loss_high(self) -> float:
        """The other end of the interval of the loss; below 0 for whoever certainly does better."""
        return 2 * self.loss - self.loss_low
