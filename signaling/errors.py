"""The errors of the signaling server: stable ids, each with its sentence."""

from enum import StrEnum

from confapp.errors import ConfappError


class ErrorId(StrEnum):
    """What the server may refuse; the client raises the same ids."""

    ROOM_NOT_FOUND = "room-not-found"
    ROOM_FULL = "room-full"
    INVITATION_INVALID = "invitation-invalid"
    INVITATION_EXPIRED = "invitation-expired"
    PASSPHRASE_WRONG = "passphrase-wrong"  # noqa: S105 (an id)
    LOBBY_FULL = "lobby-full"
    NOT_ADMITTED = "not-admitted"
    SEAT_LOST = "seat-lost"
    SEAT_TAKEN_OVER = "seat-taken-over"
    BAD_MESSAGE = "bad-message"
    TOO_LARGE = "too-large"
    TOO_SLOW = "too-slow"
    IDLE = "idle"
    TOO_MANY_MESSAGES = "too-many-messages"
    TOO_MANY_JOINS = "too-many-joins"
    TOO_MANY_SOCKETS = "too-many-sockets"
    TOO_MANY_NEW_ROOMS = "too-many-new-rooms"
    TOO_MANY_OWN_ROOMS = "too-many-own-rooms"
    TOO_MANY_ROOMS = "too-many-rooms"
    SERVER_FULL = "server-full"
    SERVER_LEAVING = "server-leaving"
    STORE_UNAVAILABLE = "store-unavailable"
    ORIGIN_REFUSED = "origin-refused"


SENTENCES = {
    ErrorId.ROOM_NOT_FOUND: (
        "There is no such room: check the link, or make a new room, since an empty one expires."
    ),
    ErrorId.ROOM_FULL: "Two people are in this room already: make a new room for another call.",
    ErrorId.INVITATION_INVALID: (
        "The link is not complete or was changed: copy all of it, up to its last character."
    ),
    ErrorId.INVITATION_EXPIRED: "The link is too old: make a new room and pass on its link.",
    ErrorId.PASSPHRASE_WRONG: (
        "The room asks for a passphrase, and this was not it: ask whoever sent the link."
    ),
    ErrorId.LOBBY_FULL: "Too many people wait in the lobby of this room: try again later.",
    ErrorId.NOT_ADMITTED: "The host did not let you in: ask them before you try again.",
    ErrorId.SEAT_LOST: "The room gave your place away while you were gone: join again.",
    ErrorId.SEAT_TAKEN_OVER: "Your place was taken up again from another connection: close one.",
    ErrorId.BAD_MESSAGE: (
        "The signaling server could not read a message: use the same version of confapp on both."
    ),
    ErrorId.TOO_LARGE: "The signaling server refused a message over its size limit.",
    ErrorId.TOO_SLOW: "The signaling server waited too long for what was to come: try again.",
    ErrorId.IDLE: "The signaling server heard nothing for too long: join again.",
    ErrorId.TOO_MANY_MESSAGES: "The signaling server got too many messages at once: join again.",
    ErrorId.TOO_MANY_JOINS: "Too many joins from this network: wait a minute and try again.",
    ErrorId.TOO_MANY_SOCKETS: (
        "Too many people of this network are on the server: try again when some have left."
    ),
    ErrorId.TOO_MANY_NEW_ROOMS: (
        "Too many rooms were made from this network: wait a minute and try again."
    ),
    ErrorId.TOO_MANY_OWN_ROOMS: (
        "This network has as many rooms as it may: use one, or wait until the empty ones expire."
    ),
    ErrorId.TOO_MANY_ROOMS: (
        "The signaling server holds as many rooms as it may: try again later or raise its limit."
    ),
    ErrorId.SERVER_FULL: (
        "The signaling server holds as many people as it may: try again later or raise its limit."
    ),
    ErrorId.SERVER_LEAVING: "The signaling server is about to stop: try again in a moment.",
    ErrorId.STORE_UNAVAILABLE: (
        "The signaling server cannot reach its store of rooms: try again in a moment."
    ),
    ErrorId.ORIGIN_REFUSED: (
        "This web page may not use the signaling server: its operator can allow the page's origin."
    ),
}


def signaling_error(error_id: ErrorId) -> ConfappError:
    """The error with this id and its sentence."""
    return ConfappError(error_id.value, SENTENCES[error_id])
