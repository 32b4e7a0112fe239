"""One RTCPeerConnection with its two data channels, and nothing that knows what they carry."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from aiortc import (
    RTCBundlePolicy,
    RTCCertificate,
    RTCConfiguration,
    RTCDataChannel,
    RTCIceServer,
    RTCIceTransportPolicy,
    RTCPeerConnection,
    RTCSctpTransport,
    RTCSessionDescription,
)
from aiortc.exceptions import InvalidStateError
from cryptography.hazmat.primitives.hashes import SHA256

from signaling.messages import IceServer

from . import wire_meter
from .ice_tuning import apply_ice_tuning
from .sctp_tuning import (
    delay_acknowledgements,
    follow_deliveries,
    keep_queues_short,
    skip_gaps_once,
)
from .sound_packet import SoundPacket
from .sound_track import (
    SoundTrack,
    first_timestamp,
    only_opus,
    take_packets,
    without_header_extensions,
)
from .statistics import CallStatistics

# Both sides know the channels beforehand (RFC 8832 section 3), so no round trip announces them.
CONTROL_CHANNEL_ID = 0
MOTION_CHANNEL_ID = 1
CLOSE_S = 3.0  # how long closing may take

Received = Callable[[str | bytes], None]


def _as_it_is(transport: asyncio.DatagramTransport) -> asyncio.DatagramTransport:
    return transport


@dataclass(frozen=True, slots=True)
class LinkOptions:
    """What all links of one session have in common.

    Attributes:
        relay_only: go through the TURN server alone, which hides each side's address from the
            other.
        wrap_transport: puts something between the connection and each of its sockets, such as an
            emulated network.
        certificate: of this side, for DTLS; the same one lets the peer know us again.
    """

    relay_only: bool = False
    wrap_transport: Callable[[asyncio.DatagramTransport], asyncio.DatagramTransport] = _as_it_is
    certificate: RTCCertificate = field(default_factory=RTCCertificate.generateCertificate)


class PeerLink:
    """A connection to the peer: a reliable control channel, an unreliable motion channel, sound.

    Motion is unordered and never retransmitted, and is refused while anything still waits to be
    sent: after an outage a queue would deliver seconds of the past.

    Args:
        ice_servers: STUN and TURN servers; none means host candidates alone.
        options: of the session.
        statistics: where wire bytes and unreadable datagrams are counted.
        on_control, on_motion, on_sound: called with each message or packet, on the event loop; must
            not raise.
        on_change: called when `is_open` or `is_closed` became true; must not raise.
        on_alive: called with whatever comes from the peer, acknowledgements included; must not
            raise.
        clock: seconds on the session's clock.
        on_delivered: called with each motion message that the peer acknowledged; must not raise.
    """

    def __init__(
        self,
        ice_servers: list[IceServer],
        options: LinkOptions,
        *,
        statistics: CallStatistics,
        on_control: Received,
        on_motion: Received,
        on_sound: Callable[[SoundPacket], None],
        on_change: Callable[[], None],
        on_alive: Callable[[], None],
        clock: Callable[[], float],
        on_delivered: Callable[[bytes], None],
    ) -> None:
        apply_ice_tuning()
        # Never None: aiortc would ask a public STUN server of its own choice.
        servers = [
            RTCIceServer(server.urls, server.username, server.credential) for server in ice_servers
        ]
        self._statistics = statistics
        self._closing: asyncio.Task[None] | None = None
        self._options = options
        policy = RTCIceTransportPolicy.RELAY if options.relay_only else RTCIceTransportPolicy.ALL
        self._connection = RTCPeerConnection(
            RTCConfiguration(
                iceServers=servers,
                iceTransportPolicy=policy,
                bundlePolicy=RTCBundlePolicy.MAX_BUNDLE,  # one path for sound and motion
            )
        )
        # aiortc makes a new one for each connection, and takes none.
        self._connection._RTCPeerConnection__certificates = [  # type: ignore[attr-defined]
            options.certificate
        ]
        self._track = SoundTrack(clock())
        self._sound = self._connection.addTransceiver(self._track, direction="sendrecv")
        self._sound_told = False
        only_opus(self._sound)
        take_packets(self._sound, on_sound, clock)
        self._control = self._connection.createDataChannel(
            "control", negotiated=True, id=CONTROL_CHANNEL_ID
        )
        self._motion = self._connection.createDataChannel(
            "motion",
            negotiated=True,
            id=MOTION_CHANNEL_ID,
            ordered=False,
            maxRetransmits=0,
        )
        self._control.on("message", on_control)
        self._motion.on("message", on_motion)
        for channel in (self._control, self._motion):
            channel.on("open", on_change)
            channel.on("close", on_change)
        self._connection.on("connectionstatechange", on_change)
        sctp = self._connection.sctp
        assert sctp is not None  # noqa: S101 (made with the first channel)
        self._sctp = sctp
        _shield(sctp, statistics, on_alive)
        delay_acknowledgements(sctp)
        keep_queues_short(sctp)
        skip_gaps_once(sctp)
        follow_deliveries(sctp, MOTION_CHANNEL_ID, on_delivered)

    @property
    def is_open(self) -> bool:
        """Both channels take messages."""
        return self._control.readyState == "open" and self._motion.readyState == "open"

    @property
    def is_closed(self) -> bool:
        """The connection is over, from whichever side."""
        return (
            self.has_failed
            or self._connection.connectionState == "closed"
            or "closed" in (self._control.readyState, self._motion.readyState)
        )

    @property
    def has_failed(self) -> bool:
        """No way to the peer was found, or it was lost."""
        return self._connection.connectionState == "failed"

    @property
    def has_relay(self) -> bool:
        """A TURN server has given this side a relay address."""
        candidates = self._sctp.transport.transport._connection.local_candidates
        return any(candidate.type == "relay" for candidate in candidates)

    @property
    def has_path(self) -> bool:
        """Datagrams go through to the peer and back."""
        return self._sctp.transport.transport.state in {"connected", "completed"}

    @property
    def fingerprints(self) -> tuple[bytes, bytes]:
        """SHA-256 of our certificate and of the one that the peer has shown; once it is open."""
        # Of the connection itself, not of what the signaling server has passed on.
        ssl = self._sctp.transport._ssl
        assert ssl is not None  # noqa: S101 (open)
        own = ssl.get_certificate(as_cryptography=True)
        theirs = ssl.get_peer_certificate(as_cryptography=True)
        assert own is not None  # noqa: S101 (aiortc's contexts have one)
        assert theirs is not None  # noqa: S101 (DTLS has asked for it)
        return own.fingerprint(SHA256()), theirs.fingerprint(SHA256())

    async def offer(self) -> str:
        """Start as the offering side: gather candidates and return the SDP offer."""
        return await self._describe()

    async def answer(self, offer: str) -> str:
        """Take the peer's offer and return the SDP answer.

        Raises:
            Exception: of any kind that aiortc raises on an SDP that it cannot use.
        """
        await self._connection.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        return await self._describe()

    async def accept(self, answer: str) -> None:
        """Take the peer's answer to our offer; raises as `answer` does."""
        await self._connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))

    def send_control(self, message: str | bytes) -> bool:
        """Send reliably and in order; False when the channel is not open or the peer refuses."""
        return _send(self._control, message)

    def send_motion(self, message: bytes) -> bool:
        """Send now or never; False when refused."""
        return self._motion.bufferedAmount == 0 and _send(self._motion, message)

    def send_sound(self, payload: bytes, captured: float) -> None:
        """Send a packet of Opus whose first sample was captured at this time."""
        self._track.put(payload, captured)

    def take_sound_clock(self) -> tuple[int, float] | None:
        """Once it is known: an RTP timestamp, and when what bears it was captured, in seconds."""
        base = first_timestamp(self._track, self._sound.sender)
        if base is None or self._sound_told:
            return None
        self._sound_told = True
        return base, self._track.origin

    @property
    def control_backlog(self) -> int:
        """Bytes of control messages that are still to be sent, or to be acknowledged."""
        return self._control.bufferedAmount + sum(
            len(chunk.user_data)
            for chunk in (*self._sctp._sent_queue, *self._sctp._outbound_queue)
            if chunk.stream_id == CONTROL_CHANNEL_ID and not chunk._acked
        )

    async def close(self) -> None:
        """End the connection without calling back; the peer learns of it if the network allows."""
        if self._closing is None:
            for source in (self._control, self._motion, self._connection):
                source.remove_all_listeners()
            self._closing = asyncio.create_task(self._connection.close())
        # In a task of its own, since aiortc cannot take up a close that was cancelled halfway.
        await asyncio.wait({self._closing}, timeout=CLOSE_S)

    async def _describe(self) -> str:
        await self._connection.setLocalDescription()
        # Sockets exist from here on, and nothing was sent to the peer yet.
        protocols = self._sctp.transport.transport._connection._protocols
        for protocol in protocols:
            protocol.transport = self._options.wrap_transport(protocol.transport)
        wire_meter.tap(protocols, self._statistics)
        return without_header_extensions(self._connection.localDescription.sdp)


def _send(channel: RTCDataChannel, message: str | bytes) -> bool:
    try:
        channel.send(message)
    except (InvalidStateError, ValueError):  # not open, or the peer takes only shorter messages
        return False
    return True


def _shield(
    sctp: RTCSctpTransport, statistics: CallStatistics, on_alive: Callable[[], None]
) -> None:
    """Count and drop what aiortc's SCTP cannot read, and tell of everything that comes.

    As shipped, text that is not UTF-8 or a packet that breaks an assertion raises through the
    receive loop of DTLS, which ends the connection.
    """
    handle = sctp._handle_data

    async def handle_data(data: bytes) -> None:
        on_alive()
        try:
            await handle(data)
        except ConnectionError:
            raise
        except Exception:
            statistics.control_malformed += 1

    sctp._handle_data = handle_data  # type: ignore[method-assign]
