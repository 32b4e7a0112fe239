"""What a session counts."""

from dataclasses import dataclass


@dataclass(slots=True)
class CallStatistics:
    """Counters of one session, from its first datagram on; read them at any time.

    Sizes are in bytes and use the words of the house: *payload* is coded motion without any
    header, *message* is a motion message as handed to the channel, *wire* is whole IP datagrams
    with everything in them (see `wire_meter`).

    Attributes:
        motion_sent: motion messages handed to the channel.
        motion_refused: motion messages not sent because the channel was backed up or not open.
        motion_received: motion messages passed on to the receiver.
        motion_early: motion messages dropped because the source was not ready yet.
        motion_malformed: motion messages dropped because they could not be read.
        control_malformed: control messages, descriptions and datagrams dropped as unreadable.
        payload_bytes_sent: told by `send_motion`.
        rtt_s: round trip in seconds, the least of the last exchanges; None until known.
        refused: share of our motion messages refused in the last seconds, 0 to 1.
        motion_loss: share of the peer's motion messages lost in the last seconds, 0 to 1.
        motion_loss_there: the same of ours, as the peer tells it.
        max_fps: the most frames a second that this side asks for; None for all.
        max_fps_there: the same of the peer.
        sound_sent, sound_received: packets of sound.
        sound_bytes_sent: their Opus, without any header.
        reconnects: how often the call came back after it was lost.
        queue_s: how much longer the last motion messages took to be acknowledged than the quickest.
        clock_offset_s: the peer's clock minus ours in seconds; None until known.
    """

    motion_sent: int = 0
    motion_refused: int = 0
    motion_received: int = 0
    motion_early: int = 0
    motion_malformed: int = 0
    control_malformed: int = 0
    payload_bytes_sent: int = 0
    message_bytes_sent: int = 0
    message_bytes_received: int = 0
    wire_bytes_sent: int = 0
    wire_bytes_received: int = 0
    wire_datagrams_sent: int = 0
    wire_datagrams_received: int = 0
    refused: float = 0.0
    motion_loss: float = 0.0
    motion_loss_there: float = 0.0
    max_fps: int | None = None
    max_fps_there: int | None = None
    sound_sent: int = 0
    sound_received: int = 0
    sound_bytes_sent: int = 0
    reconnects: int = 0
    rtt_s: float | None = None
    queue_s: float = 0.0
    clock_offset_s: float | None = None
