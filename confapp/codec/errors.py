"""What can be wrong with coded motion, its tables and its files."""

from typing import ClassVar

from confapp.errors import ConfappError


class PacketError(ConfappError):
    """A motion packet that cannot be read; a session drops and counts it."""

    ERROR_ID: ClassVar[str] = "packet-unreadable"

    def __init__(self, message: str) -> None:
        super().__init__(self.ERROR_ID, message)


class TruncatedPacketError(PacketError):
    """The bytes end before the packet does."""

    ERROR_ID = "packet-truncated"


class MalformedPacketError(PacketError):
    """No sender of this version writes such bytes."""

    ERROR_ID = "packet-malformed"


class ForeignVersionError(PacketError):
    """A packet format that this end does not know."""

    ERROR_ID = "packet-foreign-version"


class ForeignEpochError(PacketError):
    """Coded with other frequency tables than this end's."""

    ERROR_ID = "packet-foreign-epoch"


class StalePacketError(PacketError):
    """Older than the first packet that this end has seen."""

    ERROR_ID = "packet-stale"


class MissingReferenceError(PacketError):
    """Told from a frame that this end does not hold; the sender should be told."""

    ERROR_ID = "packet-reference-missing"


class TableError(ConfappError):
    """Frequency tables that cannot be used (``tables-unreadable``, ``tables-damaged``)."""


class ContainerError(ConfappError):
    """A file that cannot be opened or made.

    Ids: ``container-foreign``, ``container-version``, ``container-damaged``, ``source-too-large``.
    """
