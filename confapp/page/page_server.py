"""Serves the page on the loopback address, in the process's own event loop."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Iterator
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket

from confapp.errors import ConfappError
from confapp.page.messages import MAX_COMMAND_BYTES, Event
from confapp.page.page_link import HOST, PageLink
from confapp.page.picture_stream import PictureStream
from confapp.page.tab import PageOwner, PageStatistics, Tab

STATIC = Path(__file__).parent / "static"
MAX_PHOTO_BYTES = 16 * 1024 * 1024
PHOTO_S = 20.0  # from this machine's own disk
SHUTDOWN_S = 1
BACKLOG = 16
BEARER = "Bearer "

logger = logging.getLogger(__name__)


class PageServer:
    """The page of one process; `async with` serves it.

    One tab at a time steers: a new one takes the old one's place.

    Args:
        owner: told of commands, photos and tabs.
        pictures: what is shown.
        port: 0 for any free one.

    Attributes:
        link: where the page is.
        statistics: what was refused.

    Raises:
        ConfappError: `page-port` when nothing can be served there.
    """

    def __init__(self, owner: PageOwner, pictures: PictureStream, port: int = 0) -> None:
        self.statistics = PageStatistics()
        self._owner = owner
        self._pictures = pictures
        self._tab: Tab | None = None
        self._listener = _listen(port)
        self.link = PageLink(self._listener.getsockname()[1])
        self._server = _Server(
            uvicorn.Config(
                _Guard(self._routes(), self.link, self.statistics),
                ws="websockets-sansio",
                # Slightly more than is taken, so that it is told from a command that is no command.
                ws_max_size=2 * MAX_COMMAND_BYTES,
                ws_per_message_deflate=False,  # pictures are coded already
                log_level="warning",
                access_log=False,
                server_header=False,
                lifespan="off",
                backlog=BACKLOG,
                timeout_graceful_shutdown=SHUTDOWN_S,
            )
        )
        self._serving: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "PageServer":
        self._serving = asyncio.create_task(self._server.serve(sockets=[self._listener]))
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._serving is not None  # noqa: S101 (entered)
        if self._tab is not None:
            await self._tab.say_goodbye()
        self._server.should_exit = True
        await self._serving
        self._listener.close()

    def tell(self, event: Event) -> None:
        """Send an event to the tab, if there is one."""
        if self._tab is not None:
            self._tab.tell(event)

    def _routes(self) -> Starlette:
        return Starlette(
            routes=[
                WebSocketRoute("/ws", self._serve_tab),
                Route("/photo", self._take_photo, methods=["POST"]),
                Mount("/", StaticFiles(directory=STATIC, html=True)),
            ]
        )

    async def _serve_tab(self, websocket: WebSocket) -> None:
        tab = Tab(websocket, self.link, self._owner, self._pictures, self.statistics)
        if not await tab.open():
            return
        before, self._tab = self._tab, tab
        if before is not None:
            await before.give_way()
        self._owner.on_tab(True)
        try:
            await tab.run()
        finally:
            if self._tab is tab:
                self._tab = None
                self._owner.on_tab(False)

    async def _take_photo(self, request: Request) -> Response:
        token = request.headers.get("authorization", "").removeprefix(BEARER)
        if not self.link.is_origin(request.headers.get("origin")) or not self.link.admits(token):
            self.statistics.refused += 1
            logger.warning("a photo was refused: another origin, or a wrong token")
            return PlainTextResponse("This page is not yours.", 403)
        length = request.headers.get("content-length", "")
        if not length.isdecimal() or int(length) > MAX_PHOTO_BYTES:
            return _problem(
                "photo-too-large",
                f"That photo takes more than {MAX_PHOTO_BYTES // 2**20} MB: use a smaller copy.",
            )
        try:
            async with asyncio.timeout(PHOTO_S):
                data = await request.body()  # never more than content-length: h11 sees to it
        except (TimeoutError, ClientDisconnect):
            return _problem("photo-incomplete", "The photo did not arrive: try again.")
        self._owner.on_photo(data)
        return Response(status_code=204)


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: Ctrl-C hangs up first."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class _Guard:
    """ASGI middleware: refuses another host's name, and says what a browser may do with the page.

    WebSockets are checked where they are opened.
    """

    def __init__(self, app: ASGIApp, link: PageLink, statistics: PageStatistics) -> None:
        self._app = app
        self._link = link
        self._statistics = statistics
        self._headers = {
            "content-security-policy": (
                "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
                # Safari before 15.4 does not count a WebSocket as 'self'
                f"connect-src 'self' ws://{link.host}; "
                "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
            ),
            "x-content-type-options": "nosniff",
            "x-frame-options": "DENY",
            "referrer-policy": "no-referrer",
            "permissions-policy": "camera=(), microphone=(), geolocation=()",
            "cross-origin-opener-policy": "same-origin",
            "cross-origin-resource-policy": "same-origin",
            "cache-control": "no-store",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See the ASGI specification."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self._headers)
            await send(message)

        if self._link.is_host(Headers(scope=scope).get("host")):
            await self._app(scope, receive, send_guarded)
        else:
            self._statistics.refused += 1
            logger.warning("a request was refused: another host's name")
            refusal = PlainTextResponse("This page has another address.", 421)
            await refusal(scope, receive, send_guarded)


def _listen(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise ConfappError(
            "page-port",
            f"The page cannot be served on {HOST}, port {port} ({error.strerror}): "
            "stop what uses it, or go on without the page by --no-page.",
        ) from error
    return listener


def _problem(error_id: str, sentence: str) -> Response:
    return JSONResponse({"error_id": error_id, "message": sentence}, 422)
