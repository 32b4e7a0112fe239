"""Our ways of sending motion, for rate-distortion; a new one is one entry in `stream_modes`."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from confapp.codec import (
    HEADER_BYTES,
    CodecTables,
    PaperCodec,
    PredictionTables,
    PredictiveCodec,
)
from confapp.motion_frame import MotionFrame

# Shares of the model's keypoints that are sent; the others' deformations are zero (10, 15 and 20
# keypoints of the paper's ablation).
KEYPOINT_SHARES = (1.0, 0.75, 0.5)
QUANTISER_LEVELS = (0, 2, 4, 6)
UNANSWERED = 2  # messages on their way when one is sent: about 100 ms there and back


@dataclass(frozen=True, slots=True, eq=False)
class CodedStream:
    """The motion of a clip as it was sent and received.

    Attributes:
        payload_sizes: bytes of coded numbers in each message, in order.
        message_sizes: bytes of each message, our header included.
        motions: each frame as the receiver decodes it.
    """

    payload_sizes: list[int]
    message_sizes: list[int]
    motions: list[MotionFrame]


class StreamMode(Protocol):
    """One way of coding motion.

    Attributes:
        name: in reports.
        family: modes of one family are points of one curve.
    """

    name: str
    family: str

    def code(self, motions: Sequence[MotionFrame]) -> CodedStream:
        """Send all frames of a clip, in order, without loss."""
        ...


class PaperMode:
    """Appendix C: every frame by itself, static tables; the receiver tells what is not sent.

    Args:
        tables: of the model.
        keypoints: deformations sent, at most the tables'.
        bundle: frames a message; their packets stand one after the other.
    """

    family = "paper"

    def __init__(self, tables: CodecTables, keypoints: int, bundle: int) -> None:
        self.name = f"paper, {keypoints} keypoints"
        self._codec = PaperCodec(tables.frequency, tables.completion)
        self._keypoints = keypoints
        self._bundle = bundle

    def code(self, motions: Sequence[MotionFrame]) -> CodedStream:
        """As `StreamMode`; a received frame's timestamp is modulo 65536 ms."""
        packets = [
            self._codec.encode(self._cut(motion), number) for number, motion in enumerate(motions)
        ]
        starts = range(0, len(packets), self._bundle)
        messages = [packets[start : start + self._bundle] for start in starts]
        sizes = [sum(map(len, message)) for message in messages]
        headers = [HEADER_BYTES * len(message) for message in messages]
        return CodedStream(
            payload_sizes=[size - header for size, header in zip(sizes, headers, strict=True)],
            message_sizes=sizes,
            motions=[
                self._codec.completion.complete(self._codec.decode(packet)[1]) for packet in packets
            ],
        )

    def _cut(self, motion: MotionFrame) -> MotionFrame:
        sent = motion.deformations[: self._keypoints]
        return MotionFrame(motion.rotation, motion.translation, sent, motion.timestamp_ms)


class PredictiveMode:
    """Frames told from the newest one that was acknowledged; each answer comes `UNANSWERED` late.

    Args:
        tables: of the model.
        level: of the quantiser.
        bundle: frames a message, at most the codec's.
    """

    family = "predictive"

    def __init__(self, tables: PredictionTables, level: int, bundle: int) -> None:
        self.name = f"predictive, level {level}"
        self._codec = PredictiveCodec(tables)
        self._level = level
        self._bundle = min(bundle, self._codec.max_frames)

    def code(self, motions: Sequence[MotionFrame]) -> CodedStream:
        """As `StreamMode`."""
        encoder, decoder = self._codec.encoder(), self._codec.decoder()
        encoder.level = self._level
        unanswered: deque[bytes] = deque()
        sizes: list[int] = []
        received: list[MotionFrame] = []
        for start in range(0, len(motions), self._bundle):
            if len(unanswered) > UNANSWERED:
                encoder.acknowledge(unanswered.popleft())
            message = encoder.encode(motions[start : start + self._bundle])
            unanswered.append(message)
            sizes.append(len(message))
            received += [frame.motion for frame in decoder.read(message)]
        payload = [size - self._codec.header_bytes for size in sizes]
        return CodedStream(payload, sizes, received)


def stream_modes(tables: CodecTables, bundle: int = 1) -> list[StreamMode]:
    """All modes of a model, the best of each family first.

    Args:
        bundle: frames a message.
    """
    counts = dict.fromkeys(round(share * tables.keypoints) for share in KEYPOINT_SHARES)
    return [
        *(PredictiveMode(tables.prediction, level, bundle) for level in QUANTISER_LEVELS),
        *(PaperMode(tables, count, bundle) for count in counts),
    ]
