"""What travels on the control channel: JSON text, and one binary message, the source photo."""

import hashlib
from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    TypeAdapter,
    ValidationError,
)

from .hello import Hello

MAX_CONTROL_BYTES = 16 * 1024
MAX_STILL_BYTES = 256 * 1024  # what aiortc and browsers take as one message
MAX_CORRECTION_BYTES = 2048
MAX_REASON = 64  # characters
MAX_CLOCK_S = 1e10  # seconds, 300 years
MAX_COUNT = 1 << 53  # as JSON numbers go

Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
# On some monotonic clock; bounded, so that sums of such times stay finite.
Seconds = Annotated[float, Field(ge=-MAX_CLOCK_S, le=MAX_CLOCK_S, allow_inf_nan=False)]
# In thousandths: a beat goes every second, and a digit of it is 8 bit/s of every call.
Share = Annotated[float, PlainSerializer(lambda share: round(share, 3), return_type=float)]

RecordingStep = Literal["ask", "agree", "refuse", "stop"]


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True)


class SourceAnnounce(_Message):
    """Sender to receiver: the source is the still with this hash.

    It follows as the next binary message: at once, or, to a receiver whose hello says that it keeps
    photos, when that asks for it.

    Attributes:
        sha256: of the still's bytes, in hexadecimal.
        size: of the still in bytes.
        stream_origin: seconds on the sender's monotonic clock at timestamp 0 of the motion.
        live: False for a picture from disk: the receiver shows that it was not taken for this call.
            A sender that does not know this field says nothing of it.
    """

    type: Literal["source"] = "source"
    sha256: Digest
    size: int = Field(ge=1, le=MAX_STILL_BYTES)
    stream_origin: Seconds
    live: bool = True

    def fits(self, still: bytes) -> bool:
        """Whether these are the bytes that were announced."""
        return len(still) == self.size and content_hash(still) == self.sha256


class SourceRequest(_Message):
    """Receiver to sender: the still of this hash is not here, send it."""

    type: Literal["source-request"] = "source-request"
    sha256: Digest


class SourceReady(_Message):
    """Receiver to sender: this still is ready to be animated, motion may begin."""

    type: Literal["source-ready"] = "source-ready"
    sha256: Digest


class RefreshAnnounce(_Message):
    """Sender to receiver, in the midst of motion: a better source follows in binary pieces.

    Attributes:
        sha256: of the still's bytes, in hexadecimal.
        size: of the still in bytes; so many follow.
    """

    type: Literal["refresh"] = "refresh"
    sha256: Digest
    size: int = Field(ge=1, le=MAX_STILL_BYTES)

    def fits(self, still: bytes) -> bool:
        """Whether these are the bytes that were announced."""
        return len(still) == self.size and content_hash(still) == self.sha256


class RefreshReady(_Message):
    """Receiver to sender: the better source is ready to be animated."""

    type: Literal["refresh-ready"] = "refresh-ready"
    sha256: Digest


class RefreshUse(_Message):
    """Sender to receiver: frames of this time and later are to be seen with the better source.

    Attributes:
        sha256: of the still.
        timestamp_ms: of the first such frame, on the stream.
    """

    type: Literal["refresh-use"] = "refresh-use"
    sha256: Digest
    timestamp_ms: int = Field(ge=0, le=MAX_COUNT)


class Correction(_Message):
    """Sender to receiver: where pictures of the last source that was named show things.

    It takes the place of the one before; another source has none at first.

    Attributes:
        code: as `models.flow_correction` writes it; base64url (RFC 4648, section 5) in JSON.
    """

    model_config = ConfigDict(frozen=True, ser_json_bytes="base64", val_json_bytes="base64")

    type: Literal["correction"] = "correction"
    code: Annotated[bytes, Field(min_length=1, max_length=MAX_CORRECTION_BYTES)]


class Echo(_Message):
    """The last beat heard from the other side.

    Attributes:
        sent: when it was sent, on the clock of who sent it.
        received: when it arrived, on the clock of who returns this echo.
    """

    sent: Seconds
    received: Seconds


class Beat(_Message):
    """Each side, every second: a ping that answers the other side's last one (RFC 5905, symmetric).

    Attributes:
        sent: seconds on the clock of the side that sends this.
        echo: of the other side's last beat, each echoed once; None when there was no new one.
        motion_sent: motion messages that this side has sent so far.
        motion_loss: share of the other side's that was lost on the way here in the last seconds.
        max_fps: the most frames a second that this side wants to be sent, as `max-fps` of RFC 8851,
            section 5; None for all. A side that does not know this field wants all of them.
    """

    type: Literal["beat"] = "beat"
    sent: Seconds
    echo: Echo | None = None
    motion_sent: int = Field(default=0, ge=0, le=MAX_COUNT)
    motion_loss: Share = Field(default=0.0, ge=0, le=1, exclude_if=lambda share: not share)
    max_fps: int | None = Field(default=None, ge=1, le=MAX_COUNT)


class SoundClock(_Message):
    """Once a link has carried sound: when the sender captured what.

    Attributes:
        timestamp: an RTP timestamp of the sender's sound.
        captured: seconds on the sender's clock at the sample that bears it.
    """

    type: Literal["sound-clock"] = "sound-clock"
    timestamp: int = Field(ge=0, lt=1 << 32)
    captured: Seconds


class Bye(_Message):
    """The last message of a side that leaves."""

    type: Literal["bye"] = "bye"
    reason: str = Field(default="", max_length=MAX_REASON)


class Recording(_Message):
    """The agreement on recording: one side asks, the other answers, the first stops."""

    type: Literal["recording"] = "recording"
    step: RecordingStep


class KeyRequest(_Message):
    """Receiver to sender: motion is told from a frame that is not here; tell it from nothing."""

    type: Literal["key-request"] = "key-request"


ControlMessage = (
    Hello
    | SourceAnnounce
    | SourceRequest
    | SourceReady
    | RefreshAnnounce
    | RefreshReady
    | RefreshUse
    | Correction
    | KeyRequest
    | Beat
    | SoundClock
    | Recording
    | Bye
)

_CONTROL_MESSAGE: TypeAdapter[ControlMessage] = TypeAdapter(
    Annotated[ControlMessage, Field(discriminator="type")]
)


def content_hash(still: bytes) -> str:
    """The name of a still: its SHA-256 in hexadecimal."""
    return hashlib.sha256(still).hexdigest()


def encode(message: ControlMessage) -> str:
    """A control message as JSON text."""
    return message.model_dump_json(exclude_none=True)


def decode(text: str) -> ControlMessage:
    """The inverse of `encode`, for any text from the network.

    Raises:
        ValueError: not a control message.
    """
    if len(text) > MAX_CONTROL_BYTES:
        raise ValueError(f"a control message of {len(text)} characters is too long")
    try:
        return _CONTROL_MESSAGE.validate_json(text)
    except ValidationError as error:
        raise ValueError("not a control message") from error
