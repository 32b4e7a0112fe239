"""Where everything comes in: WebSockets go straight to their seats, the rest to the application."""

import re
import secrets

from fastapi import FastAPI, WebSocket
from starlette.types import Receive, Scope, Send

from confapp.errors import ConfappError

from .app import problem_response
from .errors import ErrorId, signaling_error
from .journal import note
from .seat_socket import SeatSocket
from .server_state import ServerState

ROOM_SOCKET = re.compile(r"/r/([^/]+)/ws")
CONNECTION_ID_BYTES = 6


class Entrance:
    """ASGI around the application.

    A WebSocket holds every layer that it came through for as long as it is open: those of FastAPI
    would be a quarter of what ten thousand idle ones cost.

    Args:
        app: of `create_app`.
    """

    def __init__(self, app: FastAPI) -> None:
        self._app = app
        self._state: ServerState = app.state.server

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See the ASGI specification."""
        if scope["type"] != "websocket":
            await self._app(scope, receive, send)
            return
        websocket = WebSocket(scope, receive, send)
        if found := ROOM_SOCKET.fullmatch(scope["path"]):
            await self._join(websocket, found[1])
        else:
            no_room = signaling_error(ErrorId.ROOM_NOT_FOUND)
            await websocket.send_denial_response(problem_response(no_room))

    async def _join(self, websocket: WebSocket, room_id: str) -> None:
        """Serve a seat; what must not come in is refused before the WebSocket opens."""
        state = self._state
        connection_id = secrets.token_hex(CONNECTION_ID_BYTES)
        address = websocket.client.host if websocket.client is not None else ""
        headers = websocket.headers
        try:
            with state.doorkeeper.admit(address, headers.get("origin"), headers.get("host")):
                await state.count_in(address, ErrorId.TOO_MANY_JOINS, state.settings.joins_per_min)
                await websocket.accept()
                state.metrics.sockets.inc()
                try:
                    await SeatSocket(websocket, room_id, state, connection_id).serve()
                finally:
                    state.metrics.sockets.dec()
        except ConfappError as error:
            state.metrics.refusals.labels(error.error_id).inc()
            note("refused", connection=connection_id, error_id=error.error_id)
            await websocket.send_denial_response(problem_response(error))
