"""How the learning rate goes over a run, and when the run is over."""

from dataclasses import dataclass

from confapp.errors import ConfappError

FINAL_SHARE = 0.02  # of the learning rate, at the end of a decay
SECONDS_A_MINUTE = 60


def learning_rate(progress: float, first: float, decay_share: float) -> float:
    """Constant, then falling in a straight line over the last `decay_share` of the run.

    Args:
        progress: 0 at the start, 1 at the end.
        first: the learning rate of the constant part.
    """
    if decay_share == 0:
        return first
    remaining = min(1.0, (1 - min(progress, 1.0)) / decay_share)
    return first * max(FINAL_SHARE, remaining)


@dataclass(frozen=True, slots=True)
class Budget:
    """How long a run goes on, resumed parts included; exactly one of the two is given.

    Attributes:
        steps: optimiser steps.
        minutes: minutes of training.
    """

    steps: int | None = None
    minutes: float | None = None

    def __post_init__(self) -> None:
        given = [amount for amount in (self.steps, self.minutes) if amount is not None]
        if len(given) != 1 or given[0] <= 0:
            raise ConfappError(
                "budget-invalid", "give either --steps or --minutes, and more than 0 of them"
            )

    def progress(self, steps: int, seconds: float) -> float:
        """0 at the start; the run is over at 1."""
        if self.steps is not None:
            return steps / self.steps
        return seconds / ((self.minutes or 0) * SECONDS_A_MINUTE)
