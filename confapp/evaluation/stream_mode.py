"""Our ways of sending motion, for rate-distortion; a new one is one entry in `stream_modes`."""

from collections import deque
from collections.abc import Iterator, Sequence
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
from sender.bundler import Bundler
from sender.rate_control import LADDER

# Shares of the model's keypoints that are sent; the others' deformations are zero (10, 15 and 20
# keypoints of the paper's ablation).
KEYPOINT_SHARES = (1.0, 0.75, 0.5)
QUANTISER_LEVELS = (0, 2, 4, 6)
ANSWER_MS = 100  # from a message to its answer
BUNDLE_MS = LADDER[0].delay_ms  # that a call lets a frame wait where the link is good


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
        attentive: whether the sender looks at what the other side sees: corrects poses, and sends
            the source anew where it no longer explains the frames.
    """

    name: str
    family: str
    attentive: bool

    def code(self, motions: Sequence[MotionFrame]) -> CodedStream:
        """Send all frames of a clip, in order, without loss."""
        ...


class PaperMode:
    """Appendix C: every frame by itself, static tables; the receiver tells what is not sent.

    Args:
        tables: of the model.
        keypoints: deformations sent, at most the tables'.
        bundle: frames a message; their packets stand one after the other. None: as in a call,
            where each travels alone.
    """

    family = "paper"
    attentive = False

    def __init__(self, tables: CodecTables, keypoints: int, bundle: int | None) -> None:
        self.name = f"paper, {keypoints} keypoints"
        self._codec = PaperCodec(tables.frequency, tables.completion)
        self._keypoints = keypoints
        self._bundle = bundle or self._codec.max_frames

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
    """Frames told from the newest one that was acknowledged; each answer comes `ANSWER_MS` late.

    Args:
        tables: of the model.
        level: of the quantiser.
        bundle: frames a message, at most the codec's; None: as a call bundles them.
        attentive: see `StreamMode`.
    """

    def __init__(
        self,
        tables: PredictionTables,
        level: int,
        bundle: int | None,
        *,
        attentive: bool = False,
    ) -> None:
        self.family = "attentive" if attentive else "predictive"
        self.name = f"predictive, level {level}" + attentive * ", attentive sender"
        self.attentive = attentive
        self._codec = PredictiveCodec(tables)
        self._level = level
        self._bundle = bundle

    def code(self, motions: Sequence[MotionFrame]) -> CodedStream:
        """As `StreamMode`."""
        encoder, decoder = self._codec.encoder(), self._codec.decoder()
        encoder.level = self._level
        unanswered: deque[tuple[int, bytes]] = deque()
        sizes: list[int] = []
        received: list[MotionFrame] = []
        for bundle in self._bundles(motions):
            now_ms = bundle[-1].timestamp_ms
            while unanswered and now_ms - unanswered[0][0] >= ANSWER_MS:
                encoder.acknowledge(unanswered.popleft()[1])
            message = encoder.encode(bundle)
            unanswered.append((now_ms, message))
            sizes.append(len(message))
            received += [frame.motion for frame in decoder.read(message)]
        payload = [size - self._codec.header_bytes for size in sizes]
        return CodedStream(payload, sizes, received)

    def _bundles(self, motions: Sequence[MotionFrame]) -> Iterator[Sequence[MotionFrame]]:
        most = self._codec.max_frames
        if self._bundle is not None:
            size = min(self._bundle, most)
            yield from (motions[start : start + size] for start in range(0, len(motions), size))
            return
        bundler = Bundler(most, BUNDLE_MS)
        for motion in motions:
            if bundle := bundler.add(motion):
                yield bundle
        if bundle := bundler.take():
            yield bundle


def stream_modes(tables: CodecTables, bundle: int | None = None) -> list[StreamMode]:
    """All modes of a model, the best of each family first.

    Args:
        bundle: frames a message; None: as a call bundles them.
    """
    counts = dict.fromkeys(round(share * tables.keypoints) for share in KEYPOINT_SHARES)
    return [
        *(PredictiveMode(tables.prediction, level, bundle) for level in QUANTISER_LEVELS),
        PredictiveMode(tables.prediction, 0, bundle, attentive=True),
        *(PaperMode(tables, count, bundle) for count in counts),
    ]
