"""A way to a TCP server that can be closed like a network that is gone: nothing is refused."""

import asyncio
import contextlib
from urllib.parse import urlsplit


class TcpGate:
    """Listens on a port of its own and passes bytes on while it is open.

    Args:
        url: of the server, on this machine.
    """

    def __init__(self, url: str) -> None:
        self._port = urlsplit(url).port
        self._listener: asyncio.Server | None = None
        self._pipes: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._open = True
        self.url = ""

    async def start(self) -> None:
        """Begin."""
        self._listener = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._listener.sockets[0].getsockname()[1]}"

    async def stop(self) -> None:
        """End, with every connection."""
        if self._listener is not None:
            self._listener.close()
        for pipe in self._pipes:
            pipe.cancel()
        for writer in self._writers:
            writer.transport.abort()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
        await asyncio.gather(*self._pipes, return_exceptions=True)

    def close(self) -> None:
        """From now on nothing passes. Connections of before stay silent for ever."""
        self._open = False

    def open(self) -> None:
        """New connections pass again."""
        self._open = True

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        if not self._open:
            return
        try:
            back_reader, back_writer = await asyncio.open_connection("127.0.0.1", self._port)
        except OSError:  # the server has stopped
            writer.close()
            return
        self._writers.add(back_writer)
        for one, other in ((reader, back_writer), (back_reader, writer)):
            pipe = asyncio.create_task(self._pipe(one, other))
            self._pipes.add(pipe)
            pipe.add_done_callback(self._pipes.discard)

    async def _pipe(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while (data := await reader.read(65536)) and self._open:
                writer.write(data)
                await writer.drain()
        if self._open:
            writer.close()
