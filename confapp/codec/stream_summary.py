"""What a .fvc file holds, in figures (`confapp inspect`)."""

import statistics
from dataclasses import dataclass
from fractions import Fraction

from confapp.codec.container import FvcHeader, FvcReader
from confapp.codec.counter import WrappingCounter
from confapp.codec.errors import PacketError
from confapp.codec.packet import HEADER_BYTES, Packet

ROUNDING_MS = 1  # of the first and the last timestamp together


@dataclass(frozen=True, slots=True)
class StreamSummary:
    """Sizes of a file's stream. A payload is a packet's coded numbers, without its header.

    Attributes:
        header: the file's header.
        source_bytes: size of the source still.
        payload_sizes: bytes of each readable packet's payload, in file order.
        keypoint_counts: deformations of each, likewise.
        span_ms: from the earliest of their timestamps to the latest.
        packets_unreadable: packets of another format; they count nowhere else.
        break_reason: why packets are missing, None for a whole file.
    """

    header: FvcHeader
    source_bytes: int
    payload_sizes: tuple[int, ...]
    keypoint_counts: tuple[int, ...]
    span_ms: int
    packets_unreadable: int
    break_reason: str | None

    @classmethod
    def of(cls, reader: FvcReader) -> "StreamSummary":
        """Read a file to its end. Payloads are measured, not decoded: no tables are needed."""
        packets: list[Packet] = []
        unreadable = 0
        for message in reader:
            try:
                packets.append(Packet.from_bytes(message))
            except PacketError:
                unreadable += 1
        clock = WrappingCounter()
        times = [clock.unwrap(packet.timestamp_ms) for packet in packets]
        return cls(
            header=reader.header,
            source_bytes=len(reader.source_still),
            payload_sizes=tuple(len(packet.payload) for packet in packets),
            keypoint_counts=tuple(packet.keypoints for packet in packets),
            span_ms=max(times, default=0) - min(times, default=0),
            packets_unreadable=unreadable,
            break_reason=reader.break_reason,
        )

    @property
    def frames(self) -> int:
        """Readable packets; one a frame."""
        return len(self.payload_sizes)

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
        sizes, counts = self.payload_sizes, self.keypoint_counts
        return {
            "frames": self.frames,
            "fps": round(float(self.fps), 3),
            "duration_s": round(self.duration_s, 3),
            "width": self.header.width,
            "height": self.header.height,
            "source_bytes": self.source_bytes,
            "source_media_type": self.header.source_media_type,
            "header_bytes": HEADER_BYTES * self.frames,
            "payload_bytes": {
                "total": sum(sizes),
                "mean": statistics.fmean(sizes) if sizes else None,
                "min": min(sizes, default=None),
                "max": max(sizes, default=None),
                "median": statistics.median(sizes) if sizes else None,
            },
            "keypoints": {
                "model": self.header.keypoints,
                "min": min(counts, default=None),
                "max": max(counts, default=None),
            },
            "packets_unreadable": self.packets_unreadable,
            "break_reason": self.break_reason,
            "model_fingerprint": self.header.model_fingerprint,
            "tables_fingerprint": self.header.tables_fingerprint,
        }
