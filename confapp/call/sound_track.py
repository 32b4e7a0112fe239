"""Sound on an RTCPeerConnection: our own Opus packets out, and the peer's packets in as they are.

aiortc's encoder is fixed at 96 kbit/s in stereo, and its jitter buffer at one length, so both are
passed by.
"""

import asyncio
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import av
from aiortc import MediaStreamTrack, RTCRtpCapabilities, RTCRtpSender, RTCRtpTransceiver
from aiortc.rtp import RtpPacket

from .sound_packet import SoundPacket

RTP_RATE = 48_000  # of Opus, whatever it was made from (RFC 7587 section 4.1)
TIMESTAMPS = 1 << 32
WAITING_PACKETS = 2  # before older ones make way
TIME_BASE = Fraction(1, RTP_RATE)
BEFORE_S = 60.0  # sound captured so long before the link was made still has a time above 0


class SoundTrack(MediaStreamTrack):
    """Hands out packets that are coded already.

    Args:
        now: seconds on the session's clock.

    Attributes:
        origin: seconds on the session's clock at time 0 of this track.
    """

    kind = "audio"

    def __init__(self, now: float) -> None:
        super().__init__()
        self.origin = now - BEFORE_S
        self.handed: int | None = None
        self.asked_again = False
        self._packets: asyncio.Queue[av.Packet[Any]] = asyncio.Queue(WAITING_PACKETS)

    def put(self, payload: bytes, captured: float) -> None:
        """Send a packet of Opus.

        Args:
            payload: the packet.
            captured: seconds on the session's clock at its first sample.
        """
        packet = av.Packet(payload)
        packet.pts = round((captured - self.origin) * RTP_RATE)
        packet.time_base = TIME_BASE
        if self._packets.full():
            self._packets.get_nowait()
        self._packets.put_nowait(packet)

    async def recv(self) -> "av.Packet[Any]":
        """The next packet; aiortc takes packets as well as frames."""
        self.asked_again = self.handed is not None
        packet = await self._packets.get()
        self.handed = packet.pts
        return packet


def first_timestamp(track: SoundTrack, sender: RTCRtpSender) -> int | None:
    """The RTP timestamp at time 0 of the track; None before a packet was sent.

    aiortc adds a random number that it tells nobody, so it is read off what was sent.
    """
    if not track.asked_again or track.handed is None:
        return None
    sent: int = sender._RTCRtpSender__rtp_timestamp  # type: ignore[attr-defined]
    return (sent - track.handed) % TIMESTAMPS


def only_opus(transceiver: RTCRtpTransceiver) -> None:
    """Offer no other codec, which keeps the description short."""
    capabilities: RTCRtpCapabilities = RTCRtpSender.getCapabilities("audio")
    transceiver.setCodecPreferences(
        [codec for codec in capabilities.codecs if codec.mimeType == "audio/opus"]
    )


def take_packets(
    transceiver: RTCRtpTransceiver,
    on_sound: Callable[[SoundPacket], None],
    clock: Callable[[], float],
) -> None:
    """Take the peer's packets as they come, in place of aiortc's decoder."""

    async def handle(packet: RtpPacket, arrival_time_ms: int) -> None:  # noqa: ARG001
        if packet.payload:
            on_sound(
                SoundPacket(
                    packet.ssrc,
                    packet.sequence_number,
                    packet.timestamp,
                    packet.payload,
                    clock(),
                )
            )

    transceiver.receiver._handle_rtp_packet = handle  # type: ignore[method-assign]


def without_header_extensions(sdp: str) -> str:
    """A description that asks for none: they would cost 12 bytes a packet and serve nobody here."""
    return "".join(
        line for line in sdp.splitlines(keepends=True) if not line.startswith("a=extmap:")
    )
