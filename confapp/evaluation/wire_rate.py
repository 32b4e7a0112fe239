"""From payload to wire: whole IP datagrams, forward direction, without acknowledgements.

The video codecs are carried by RTP, our messages by a WebRTC data channel. Where a choice had to be
made it is for the video codecs: no SRTP tag, no payload descriptor, no RTCP.
"""

IP_UDP_BYTES = 20 + 8  # RFC 791, RFC 768
RTP_BYTES = 12  # RFC 3550, no extensions
MTU = 1200  # bytes of a datagram at most, IP header and all, as WebRTC stacks send them

# DTLS 1.2 with AES-GCM: record header, explicit nonce, tag (RFC 6347, RFC 5288).
DTLS_BYTES = 13 + 8 + 16
# SCTP: common header and the header of a DATA chunk (RFC 9260).
SCTP_BYTES = 12 + 16
SCTP_ALIGNMENT = 4  # bytes; a chunk is filled up to a multiple
SCTP_CHUNK = 1200  # bytes of a message in one chunk, as aiortc cuts them
MESSAGE_OVERHEAD = IP_UDP_BYTES + DTLS_BYTES + SCTP_BYTES

RTP_RULE = (
    f"RTP: a frame's units in datagrams of at most {MTU} bytes, each with {IP_UDP_BYTES} bytes of "
    f"IPv4 and UDP and {RTP_BYTES} of RTP; no SRTP, no RTCP, no parameter sets"
)
DATA_CHANNEL_RULE = (
    f"data channel: a message filled up to a multiple of {SCTP_ALIGNMENT} bytes, and "
    f"{MESSAGE_OVERHEAD} bytes a datagram (IPv4 and UDP {IP_UDP_BYTES}, DTLS 1.2 {DTLS_BYTES}, "
    f"SCTP {SCTP_BYTES}; a test checks it on a real connection); forward direction, without the "
    "acknowledgements that go back"
)


def rtp_wire_bytes(frame_bytes: int) -> int:
    """Of one frame."""
    datagrams = -(-frame_bytes // (MTU - IP_UDP_BYTES - RTP_BYTES))
    return frame_bytes + datagrams * (IP_UDP_BYTES + RTP_BYTES)


def data_channel_wire_bytes(message_bytes: int, overhead: int = MESSAGE_OVERHEAD) -> int:
    """Of one message; a long one goes in several datagrams.

    Args:
        overhead: bytes a datagram; another figure where one was captured.
    """
    chunks = max(1, -(-message_bytes // SCTP_CHUNK))
    filled = -(-message_bytes // SCTP_ALIGNMENT) * SCTP_ALIGNMENT
    return filled + chunks * overhead
