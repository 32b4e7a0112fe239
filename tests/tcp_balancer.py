"""The smallest load balancer: each connection to the next server that takes it."""

import asyncio
import contextlib
import itertools


class TcpBalancer:
    """Listens on a port of its own and passes bytes on.

    Args:
        ports: of the servers, on this machine.
    """

    def __init__(self, ports: list[int]) -> None:
        self._order = itertools.cycle(ports)
        self._servers = len(ports)
        self._listener: asyncio.Server | None = None
        self._pipes: set[asyncio.Task[None]] = set()

    async def start(self) -> str:
        """Begin; the URL to ask."""
        self._listener = await asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=1000)
        return f"http://127.0.0.1:{self._listener.sockets[0].getsockname()[1]}"

    async def stop(self) -> None:
        """End, with every connection."""
        assert self._listener is not None
        self._listener.close()
        for pipe in self._pipes:
            pipe.cancel()
        await asyncio.gather(*self._pipes, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for port in itertools.islice(self._order, self._servers):
            try:
                back_reader, back_writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                continue
            for pipe in (_pipe(reader, back_writer), _pipe(back_reader, writer)):
                task = asyncio.create_task(pipe)
                self._pipes.add(task)
                task.add_done_callback(self._pipes.discard)
            return
        writer.close()


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()
