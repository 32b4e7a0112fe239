"""The errors that a person or a program on the other end is told about."""


class ConfappError(Exception):
    """An expected failure with a stable id and one sentence that says what to do.

    Args:
        error_id: stable, lower case with hyphens (``room-not-found``); safe to match on.
        message: one sentence for a person: what is wrong and what to do about it.
    """

    def __init__(self, error_id: str, message: str) -> None:
        super().__init__(message)
        self.error_id = error_id
        self.message = message
