"""One browser tab that holds the page open: its WebSocket from the first message to the last."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from confapp.page.messages import (
    MAX_COMMAND_BYTES,
    Command,
    Event,
    TakenOver,
    decode_command,
    decode_open,
)
from confapp.page.outbox import Outbox
from confapp.page.page_link import PageLink
from confapp.page.picture_stream import PictureStream
from signaling.token_bucket import TokenBucket

OPEN_S = 5.0  # how long a tab may take to say its first message
GOODBYE_S = 1.0
COMMANDS_BURST = 120
COMMANDS_PER_S = 60.0  # a slider that is drawn moves once a frame
MAX_MALFORMED = 20  # of one tab, then it is closed: our own page sends none

REFUSED = 4403  # close codes; 4000 to 4999 are free for programs (RFC 6455, section 7.4.2)
TAKEN_OVER = 4001
TOO_LARGE = 1009
GONE = 1001

logger = logging.getLogger(__name__)


class PageOwner(Protocol):
    """Who the page belongs to: the call."""

    def on_command(self, command: Command) -> None:
        """The person wants something; returns at once."""
        ...

    def on_photo(self, data: bytes) -> None:
        """The person chose a photo from disk: the file as it is, not looked into."""
        ...

    def on_tab(self, present: bool) -> None:
        """A tab opened the page, or the last one is gone."""
        ...


@dataclass(slots=True)
class PageStatistics:
    """What was refused since the page was made.

    Attributes:
        refused: requests and tabs of another origin, host or without the secret.
        malformed: messages that are no command, or too large.
        throttled: commands that came too fast and were dropped.
    """

    refused: int = 0
    malformed: int = 0
    throttled: int = 0


class Tab:
    """The WebSocket of one tab.

    Args:
        socket: not accepted yet.
        link: whom to let in.
        owner: told of commands.
        pictures: what is shown.
        statistics: counts what is refused.
    """

    def __init__(
        self,
        socket: WebSocket,
        link: PageLink,
        owner: PageOwner,
        pictures: PictureStream,
        statistics: PageStatistics,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._socket = socket
        self._link = link
        self._owner = owner
        self._pictures = pictures
        self._statistics = statistics
        self._clock = clock
        self._outbox = Outbox()
        self._sending = asyncio.Lock()
        self._bucket = TokenBucket(COMMANDS_BURST, COMMANDS_PER_S, clock())
        self._malformed = 0

    async def open(self) -> bool:
        """Let the tab in if it is our own page and knows the secret; else close it."""
        headers = self._socket.headers
        if not self._link.is_host(headers.get("host")):
            return await self._refuse("another host's name")
        if not self._link.is_origin(headers.get("origin")):
            return await self._refuse("a page of another origin")
        await self._socket.accept()
        try:
            async with asyncio.timeout(OPEN_S):
                first = decode_open(await self._socket.receive_text())
        except (TimeoutError, ValueError, KeyError):
            return await self._refuse("no opening message")
        except WebSocketDisconnect:
            return False
        if not self._link.admits(first.token):
            return await self._refuse("a wrong token")
        return True

    def tell(self, event: Event) -> None:
        """Send an event, soon."""
        self._outbox.put(event)

    async def run(self) -> None:
        """Serve the tab until it goes."""
        work = [
            asyncio.create_task(self._listen()),
            asyncio.create_task(self._send_events()),
            asyncio.create_task(self._send_pictures()),
        ]
        try:
            done, _ = await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                if (fault := task.exception()) is not None:
                    _report(fault)
        finally:
            for task in work:
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)

    async def give_way(self) -> None:
        """Tell the tab that another one took its place, and close it."""
        try:
            async with asyncio.timeout(GOODBYE_S), self._sending:
                await self._socket.send_text(TakenOver().model_dump_json())
        except (TimeoutError, WebSocketDisconnect, RuntimeError):
            return
        await self.close(TAKEN_OVER)

    async def say_goodbye(self) -> None:
        """Close the tab once it knows the last that there is to tell: the process ends."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GOODBYE_S):
                await self._outbox.emptied()
        await self.close(GONE)

    async def close(self, code: int) -> None:
        """Close the WebSocket, if it is open."""
        if self._socket.application_state is WebSocketState.DISCONNECTED:
            return
        try:
            async with asyncio.timeout(GOODBYE_S):
                await self._socket.close(code)
        except (TimeoutError, WebSocketDisconnect, RuntimeError):
            return  # it has just gone by itself

    async def _refuse(self, reason: str) -> bool:
        self._statistics.refused += 1
        logger.warning("a tab was refused: %s", reason)
        await self.close(REFUSED)
        return False

    async def _listen(self) -> None:
        while self._malformed < MAX_MALFORMED:
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                if message.get("code") == TOO_LARGE:
                    self._note_malformed("a message that is too large")
                return
            try:
                self._take(message)
            except ValueError as error:
                self._note_malformed(str(error))
        await self.close(REFUSED)

    def _take(self, message: Mapping[str, Any]) -> None:
        """Raises: ValueError: malformed."""
        data, text = message.get("bytes"), message.get("text")
        if isinstance(data, bytes):
            self._pictures.on_receipt(data)
        elif isinstance(text, str):
            if len(text) > MAX_COMMAND_BYTES:
                raise ValueError("a message that is too large")
            command = decode_command(text)
            if self._bucket.take(self._clock()):
                self._owner.on_command(command)
            else:
                self._statistics.throttled += 1

    def _note_malformed(self, reason: str) -> None:
        self._malformed += 1
        self._statistics.malformed += 1
        logger.warning("a message of the page was dropped: %s", reason)

    async def _send_events(self) -> None:
        while True:
            text = (await self._outbox.take()).model_dump_json()
            async with self._sending:
                await self._socket.send_text(text)

    async def _send_pictures(self) -> None:
        async for message in self._pictures.messages():
            async with self._sending:
                await self._socket.send_bytes(message)


def _report(fault: BaseException) -> None:
    """A socket that broke is everyday life; anything else is a fault in this program."""
    if not isinstance(fault, WebSocketDisconnect | RuntimeError | OSError):
        logger.error("a tab's connection failed", exc_info=fault)
