"""The errors of the signaling server: stable ids, each with its sentence."""

from enum import StrEnum

from confapp.errors import ConfappError


class ErrorId(StrEnum):
    """What the server may refuse; the client raises the same ids."""

    ROOM_NOT_FOUND = "room-not-found"
    ROOM_FULL = "room-full"
    BAD_MESSAGE = "bad-message"
    TOO_LARGE = "too-large"
    TOO_MANY_ROOMS = "too-many-rooms"


SENTENCES = {
    ErrorId.ROOM_NOT_FOUND: (
        "There is no such room: check the link, or make a new room, since an empty one expires."
    ),
    ErrorId.ROOM_FULL: "Two people are in this room already: make a new room for another call.",
    ErrorId.BAD_MESSAGE: (
        "The signaling server could not read a message: use the same version of confapp on both."
    ),
    ErrorId.TOO_LARGE: "The signaling server refused a message over its size limit.",
    ErrorId.TOO_MANY_ROOMS: (
        "The signaling server holds as many rooms as it may: try again later or raise its limit."
    ),
}


def signaling_error(error_id: ErrorId) -> ConfappError:
    """The error with this id and its sentence."""
    return ConfappError(error_id.value, SENTENCES[error_id])
