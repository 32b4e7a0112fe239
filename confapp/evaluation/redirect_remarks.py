"""What is said before the tables of redirected heads."""

from collections.abc import Mapping

from confapp.evaluation.identity_threshold import ACCEPTED, IdentityThreshold
from confapp.evaluation.redirect import FRONTAL, GRID, MOST_ANGLE
from confapp.evaluation.rendering_grid import GOOD, GOOD_ANGLE, GOOD_IDENTITY

TITLES = {FRONTAL: "turned to the front", GRID: "turned by yaw and pitch"}
PAPER = (
    "The paper calls a frontalised face good within 0.05 of its own identity network and 15 "
    "degrees; its threshold belongs to that network and says nothing of the one used here."
)


def redirect_remarks(
    threshold: IdentityThreshold | None, rates: Mapping[str, Mapping[str, float]]
) -> list[str]:
    """Sentences: how good the renderings are, and how that is told.

    Args:
        rates: `good_rates` by grid.
    """
    remarks = [_rate(TITLES[name], of_grid) for name, of_grid in rates.items() if of_grid]
    if threshold is None:
        remarks.append(
            "Identity is not judged: that needs --landmarks FILE, --identity FILE and a person "
            "with two frames."
        )
    else:
        others = threshold.others_accepted
        besides = (
            ""
            if others is None
            else f" {others:.1%} of {threshold.other_pairs} pairs of two people reach it too."
        )
        remarks.append(
            f"Identity is good from a CSIM of {threshold.value:.3f} on, which {ACCEPTED:.0%} of "
            f"{threshold.same_pairs} pairs of frames of one person as filmed reach.{besides}"
        )
    return [*remarks, PAPER]


def _rate(title: str, rates: Mapping[str, float]) -> str:
    parts = []
    if GOOD in rates:
        parts.append(f"{rates[GOOD]:.1%} good")
    if GOOD_IDENTITY in rates:
        parts.append(f"{rates[GOOD_IDENTITY]:.1%} the same person")
    if GOOD_ANGLE in rates:
        parts.append(f"{rates[GOOD_ANGLE]:.1%} within {MOST_ANGLE:g} degrees")
    return f"Heads {title}: {', '.join(parts)}."
