"""The signaling web application: make a room, look at its page, join it by WebSocket.

Room ids and session descriptions are never logged: who has the link is in the room.
"""

import asyncio
import contextlib
import html
import time
from collections.abc import Callable

from fastapi import FastAPI, Request, WebSocket, WebSocketDisconnect
from fastapi.responses import HTMLResponse, JSONResponse
from pydantic import ValidationError

from confapp.errors import ConfappError

from .errors import ErrorId, signaling_error
from .messages import ClientMessage, CreatedRoom, ErrorMessage, ServerMessage, Welcome
from .room import Room, Rooms, Seat
from .settings import SignalingSettings

POLICY_VIOLATION = 1008  # WebSocket close code (RFC 6455 section 7.4.1)
HTTP_STATUS = {ErrorId.ROOM_NOT_FOUND: 404, ErrorId.TOO_MANY_ROOMS: 503}

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<title>confapp</title>
<style>body {{ font: 1.1rem/1.6 sans-serif; max-width: 40rem; margin: 4rem auto; padding: 0 1rem }}
code {{ background: #eee; padding: .2rem .4rem; overflow-wrap: anywhere }}</style>
<h1>{title}</h1>
<p>{text}</p>
</html>
"""


def create_app(settings: SignalingSettings, clock: Callable[[], float] = time.monotonic) -> FastAPI:
    """The application.

    Args:
        settings: limits and ICE servers; host and port are not used here.
        clock: seconds on a monotonic clock, for the expiry of rooms.
    """
    rooms = Rooms(settings.max_rooms, settings.room_expiry_s, clock)
    app = FastAPI(title="confapp signaling", docs_url=None, redoc_url=None, openapi_url=None)

    @app.exception_handler(ConfappError)
    async def refuse_request(request: Request, error: Exception) -> JSONResponse | HTMLResponse:
        assert isinstance(error, ConfappError)  # noqa: S101 (only those come here)
        status = HTTP_STATUS[ErrorId(error.error_id)]
        if request.method == "GET":
            page = PAGE.format(title="No such room", text=html.escape(error.message))
            return HTMLResponse(page, status)
        return JSONResponse({"error_id": error.error_id, "message": error.message}, status)

    @app.post("/rooms", status_code=201)
    async def create_room(request: Request) -> CreatedRoom:
        room = rooms.create()
        return CreatedRoom(room=room.id, url=str(request.url_for("show_room", room_id=room.id)))

    @app.get("/r/{room_id}")
    async def show_room(request: Request, room_id: str) -> HTMLResponse:
        room = rooms.find(room_id)
        url = html.escape(str(request.url_for("show_room", room_id=room.id)))
        text = f"To join this call, run <code>confapp call {url}</code> on your machine."
        return HTMLResponse(PAGE.format(title="You are invited to a call", text=text))

    @app.get("/healthz")
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @app.websocket("/r/{room_id}/ws")
    async def join_room(websocket: WebSocket, room_id: str) -> None:
        await websocket.accept()
        try:
            room = rooms.find(room_id)
            seat = room.join()
        except ConfappError as error:
            await _refuse(websocket, error)
            return
        try:
            seat.tell(
                Welcome(
                    seat=seat.number,
                    peer_present=room.peer_of(seat) is not None,
                    ice_servers=settings.ice_servers,
                )
            )
            await _serve_seat(websocket, room, seat, settings.max_message_bytes)
        finally:
            rooms.leave(room, seat)

    return app


async def _serve_seat(websocket: WebSocket, room: Room, seat: Seat, limit: int) -> None:
    """Pass messages on until the client goes, or sends what it must not."""
    writer = asyncio.create_task(_write(websocket, seat))
    refusal: ConfappError | None = None
    try:
        while True:
            room.relay(seat, await _read(websocket, limit))
    except WebSocketDisconnect:
        pass
    except ConfappError as error:
        refusal = error
    finally:
        writer.cancel()
        await asyncio.gather(writer, return_exceptions=True)
    if refusal is not None:
        await _refuse(websocket, refusal)


async def _read(websocket: WebSocket, limit: int) -> ClientMessage:
    received = await websocket.receive()
    if received["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(received["code"])
    text: str | None = received.get("text")
    if text is None:
        raise signaling_error(ErrorId.BAD_MESSAGE)
    if len(text.encode()) > limit:
        raise signaling_error(ErrorId.TOO_LARGE)
    try:
        return ClientMessage.model_validate_json(text)
    except ValidationError:
        raise signaling_error(ErrorId.BAD_MESSAGE) from None


async def _write(websocket: WebSocket, seat: Seat) -> None:
    while True:
        await _send(websocket, await seat.outbox.get())


async def _send(websocket: WebSocket, message: ServerMessage) -> None:
    await websocket.send_text(message.model_dump_json())


async def _refuse(websocket: WebSocket, error: ConfappError) -> None:
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):  # gone already
        await _send(websocket, ErrorMessage(error_id=error.error_id, message=error.message))
        await websocket.close(POLICY_VIOLATION)
