"""Bits a second of a stream: payload or wire, with or without its first picture."""

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from confapp.evaluation.compression import ClipCompression, StreamScores
from confapp.evaluation.wire_rate import (
    MESSAGE_OVERHEAD,
    data_channel_wire_bytes,
    rtp_wire_bytes,
)

BITS = 8
KILO = 1000


class Layer(Enum):
    """What is counted of a stream."""

    WIRE = "wire"
    PAYLOAD = "payload"


class FirstPicture(Enum):
    """Whose first picture is counted: our source still, a codec's intra picture."""

    BOTH = "counted"
    NEITHER = "not counted"
    THEIRS = "not counted, the codec's is (the paper's way)"

    def counted(self, *, ours: bool) -> bool:
        """Whether that of our streams, or of a codec's, counts."""
        return self is FirstPicture.BOTH or (self is FirstPicture.THEIRS and not ours)


class Counting(NamedTuple):
    """One way to count bits."""

    layer: Layer
    first: FirstPicture


COUNTINGS = tuple(Counting(layer, first) for layer in Layer for first in FirstPicture)


@dataclass(frozen=True, slots=True)
class RateRule:
    """How messages of motion go on the wire.

    Attributes:
        overhead: bytes a datagram besides the message.
    """

    overhead: int = MESSAGE_OVERHEAD

    def kbps(self, clip: ClipCompression, stream: StreamScores, counting: Counting) -> float:
        """Kilobits a second over the whole clip, forward."""
        layer = counting.layer
        first, rest = (
            self._ours(clip, stream, layer) if stream.ours else self._theirs(stream, layer)
        )
        total = rest + first * counting.first.counted(ours=stream.ours)
        return total * BITS / KILO / clip.seconds

    def _ours(self, clip: ClipCompression, stream: StreamScores, layer: Layer) -> tuple[int, int]:
        if layer is Layer.PAYLOAD:
            return clip.source_bytes, sum(stream.sizes) + sum(stream.refreshes)
        messages = [*stream.messages, *stream.refreshes]
        wire = sum(data_channel_wire_bytes(size, self.overhead) for size in messages)
        return data_channel_wire_bytes(clip.source_bytes, self.overhead), wire

    def _theirs(self, stream: StreamScores, layer: Layer) -> tuple[int, int]:
        sizes = stream.sizes
        if layer is Layer.WIRE:
            sizes = [rtp_wire_bytes(size) for size in sizes]
        return sizes[0], sum(sizes[1:])
