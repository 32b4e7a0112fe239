"""What a .fvc file holds, in figures (`confapp inspect`)."""

import statistics
from dataclasses import dataclass
from fractions import Fraction

from confapp.codec.container import FvcHeader, FvcReader
from confapp.codec.errors import PacketError
from confapp.codec.message_figures import PARTS, MessageFigures, figures_reader
from confapp.codec.motion_codec import CodecMode
from confapp.codec.prediction_tables import PredictionTables

ROUNDING_MS = 1  # of the first and the last timestamp together


@dataclass(frozen=True, slots=True)
class StreamSummary:
    """Sizes of a file's stream. A payload is a message's coded numbers, without its header.

    Attributes:
        header: the file's header.
        source_bytes: size of the source still.
        messages: the readable ones, in file order.
        corrections: bytes of each.
        packets_unreadable: messages of another format or without what they are told from; they
            count nowhere else.
        break_reason: why packets are missing, None for a whole file.
    """

    header: FvcHeader
    source_bytes: int
    messages: tuple[MessageFigures, ...]
    corrections: tuple[int, ...]
    packets_unreadable: int
    break_reason: str | None

    @classmethod
    def of(cls, reader: FvcReader, tables: PredictionTables | None = None) -> "StreamSummary":
        """Read a file to its end.

        Args:
            tables: those that coded a predictive stream; without them its sizes are known, and
                not what it holds. Paper mode needs none.
        """
        read = figures_reader(reader.header, tables)
        messages: list[MessageFigures] = []
        unreadable = 0
        for message in reader:
            try:
                messages.append(read(message))
            except PacketError:
                unreadable += 1
        return cls(
            header=reader.header,
            source_bytes=len(reader.source_still),
            messages=tuple(messages),
            corrections=tuple(map(len, reader.corrections)),
            packets_unreadable=unreadable,
            break_reason=reader.break_reason,
        )

    @property
    def frames(self) -> int:
        """Frames of the readable messages."""
        return sum(message.frames for message in self.messages)

    @property
    def payload_sizes(self) -> tuple[float, ...]:
        """Bytes of each frame's payload: its share of the message's."""
        return tuple(
            message.payload_bytes / message.frames
            for message in self.messages
            for _ in range(message.frames)
        )

    @property
    def span_ms(self) -> int:
        """From the earliest timestamp to the latest."""
        times = [time for message in self.messages for time in message.times_ms]
        return max(times, default=0) - min(times, default=0)

    @property
    def fps(self) -> Fraction:
        """Frames a second by the packets' times; the header's where these do not contradict it.

        A clip's header is exact, a recorded call's nominal.
        """
        steps = self.frames - 1
        nominal_ms = 1000 * steps / self.header.fps
        if self.span_ms == 0 or abs(self.span_ms - nominal_ms) <= ROUNDING_MS:
            return self.header.fps
        return Fraction(1000 * steps, self.span_ms)

    @property
    def duration_s(self) -> float:
        """Playing time in seconds: the packets' span and one frame."""
        return float(self.frames / self.fps)

    def as_json(self) -> dict[str, object]:
        """Everything above by name, for `json.dumps`; figures of no frames are null."""
        sizes = self.payload_sizes
        counts = [count for message in self.messages for count in message.keypoints]
        return {
            "mode": self.header.mode.value,
            "frames": self.frames,
            "messages": len(self.messages),
            "fps": round(float(self.fps), 3),
            "duration_s": round(self.duration_s, 3),
            "width": self.header.width,
            "height": self.header.height,
            "source_bytes": self.source_bytes,
            "source_media_type": self.header.source_media_type,
            "corrections": {"count": len(self.corrections), "bytes": sum(self.corrections)},
            "header_bytes": sum(message.header_bytes for message in self.messages),
            "payload_bytes": {
                "total": sum(message.payload_bytes for message in self.messages),
                "mean": round(statistics.fmean(sizes), 3) if sizes else None,
                "min": min(sizes, default=None),
                "max": max(sizes, default=None),
                "median": statistics.median(sizes) if sizes else None,
            },
            "keypoints": {
                "model": self.header.keypoints,
                "min": min(counts, default=None),
                "max": max(counts, default=None),
            },
            **(self._predictive_json() if self.header.mode is CodecMode.PREDICTIVE else {}),
            "packets_unreadable": self.packets_unreadable,
            "break_reason": self.break_reason,
            "model_fingerprint": self.header.model_fingerprint,
            "tables_fingerprint": self.header.tables_fingerprint,
        }

    def _predictive_json(self) -> dict[str, object]:
        """References, quantiser levels and parts; null where the tables are not at hand."""
        distances = [message.distance for message in self.messages if message.distance]
        levels = [level for message in self.messages for level in message.levels]
        parts = [sum(each) for each in zip(*(m.parts for m in self.messages), strict=False)]
        return {
            "references": {
                "without": len(self.messages) - len(distances),
                "mean_distance": round(statistics.fmean(distances), 2) if distances else None,
                "max_distance": max(distances, default=None),
            },
            "quantiser_levels": {
                "min": min(levels, default=None),
                "max": max(levels, default=None),
            },
            "bytes_a_frame_by_part": {
                name: round(size / self.frames, 3) for name, size in zip(PARTS, parts, strict=False)
            },
        }
