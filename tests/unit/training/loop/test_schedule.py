"""Learning rate and budget."""

import pytest

from confapp.errors import ConfappError
from models.training.schedule import FINAL_SHARE, Budget, learning_rate


@pytest.mark.parametrize(
    ("progress", "share"),
    [(0, 1), (0.3, 1), (0.6, 1), (0.8, 0.5), (0.9, 0.25), (1, FINAL_SHARE), (2, FINAL_SHARE)],
)
def test_the_rate_is_constant_and_falls_over_the_last_part(progress: float, share: float) -> None:
    assert learning_rate(progress, 4e-4, 0.4) == pytest.approx(4e-4 * share)


def test_without_decay_it_stays() -> None:
    assert learning_rate(0.99, 2e-4, 0.0) == 2e-4


def test_a_budget_counts_steps_or_minutes() -> None:
    assert Budget(steps=200).progress(50, 1e9) == 0.25
    assert Budget(minutes=2).progress(50, 90) == 0.75


@pytest.mark.parametrize(("steps", "minutes"), [(None, None), (5, 1.0), (0, None), (None, -1.0)])
def test_a_budget_is_one_positive_amount(steps: int | None, minutes: float | None) -> None:
    with pytest.raises(ConfappError, match="--steps or --minutes"):
        Budget(steps, minutes)
