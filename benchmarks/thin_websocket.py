"""A WebSocket client with almost no cost of its own, so that the load measures the server."""

import asyncio
import struct

# One key for all (RFC 6455 section 4.1 wants it random against caches; there are none here).
HANDSHAKE = (
    "GET {path} HTTP/1.1\r\nHost: load\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
FINAL, MASKED = 0x80, 0x80
TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
NO_MASK = bytes(4)  # masking with zeros leaves the bytes as they are


class ThinWebSocket(asyncio.Protocol):
    """Sends short text messages and queues what comes; whole messages in single frames only."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._received = bytearray()
        self._open = asyncio.Event()
        self._transport: asyncio.Transport
        self.messages: asyncio.Queue[bytes | None] = asyncio.Queue()

    @classmethod
    async def connect(cls, port: int, path: str) -> "ThinWebSocket":
        """Open one to this machine."""
        loop = asyncio.get_running_loop()
        _, websocket = await loop.create_connection(lambda: cls(path), "127.0.0.1", port)
        await websocket._open.wait()  # a server may drop what comes before its own answer
        return websocket

    def send(self, text: str) -> None:
        """Send a message of less than 64 KiB."""
        self._send_frame(TEXT, text.encode())

    async def receive(self) -> bytes:
        """The next message. Raises: ConnectionError."""
        message = await self.messages.get()
        if message is None:
            raise ConnectionError("closed")
        return message

    def close(self) -> None:
        """Say goodbye and go."""
        self._send_frame(CLOSE, struct.pack("!H", 1000))
        self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See `asyncio.Protocol`."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(HANDSHAKE.format(path=self._path).encode())

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        """See `asyncio.Protocol`."""
        self._open.set()
        self.messages.put_nowait(None)

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""
        self._received += data
        if not self._open.is_set():
            head, end, rest = self._received.partition(b"\r\n\r\n")
            if not end:
                return
            if b" 101 " not in head.partition(b"\r\n")[0]:
                self._transport.close()
                return
            self._received = rest
            self._open.set()
        while (frame := self._take_frame()) is not None:
            opcode, payload = frame
            if opcode == PING:
                self._send_frame(PONG, payload)
            elif opcode == TEXT:
                self.messages.put_nowait(payload)

    def _take_frame(self) -> tuple[int, bytes] | None:
        """RFC 6455 section 5.2."""
        received = self._received
        if len(received) < 2:
            return None
        length, start = received[1], 2
        if length == 126:
            if len(received) < 4:
                return None
            length, start = int.from_bytes(received[2:4]), 4
        if len(received) < start + length:
            return None
        frame = received[0] & 0x0F, bytes(received[start : start + length])
        del received[: start + length]
        return frame

    def _send_frame(self, opcode: int, payload: bytes) -> None:
        length = len(payload)
        if length < 126:
            head = struct.pack("!BB", FINAL | opcode, MASKED | length)
        else:
            head = struct.pack("!BBH", FINAL | opcode, MASKED | 126, length)
        self._transport.write(head + NO_MASK + payload)
