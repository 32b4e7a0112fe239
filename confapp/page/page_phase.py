"""The few words that both the page and the process use for where things stand."""

from enum import StrEnum


class PagePhase(StrEnum):
    """Which of its faces the page shows."""

    LOBBY = "lobby"
    JOINING = "joining"  # on the way into the room, or alone in it
    CALL = "call"
    ENDED = "ended"


class RecordingState(StrEnum):
    """Whether this side keeps the call."""

    OFF = "off"
    ASKED = "asked"
    ON = "on"
