"""Why a run cannot go on."""

from confapp.errors import ConfappError


class TrainingStopped(ConfappError):  # noqa: N818 - says what happens, as an exception's name may
    """The run cannot go on; the message says why and what to try."""


def not_finite(what: str) -> TrainingStopped:
    """Numbers that are infinite or no numbers (id ``training-not-finite``)."""
    return TrainingStopped(
        "training-not-finite",
        f"{what} not finite; resume from the last checkpoint with a lower learning rate",
    )
