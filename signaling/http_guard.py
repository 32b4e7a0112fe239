"""Around every HTTP request: limits, security headers, and a line in the journal."""

import asyncio
import secrets
from collections.abc import MutableMapping
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .errors import ErrorId, signaling_error
from .journal import note
from .server_state import ServerState

MAX_BODY_BYTES = 4096
HSTS_S = 365 * 24 * 3600
REQUEST_ID_BYTES = 6
PROBES = ("/healthz", "/readyz")  # asked every few seconds
HEADERS = {
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src data:; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    # Tells other sites nothing; `no-referrer` would make our own form's origin "null", too.
    "referrer-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
    "cross-origin-opener-policy": "same-origin",
    "cache-control": "no-store",
}


class HttpGuard:
    """ASGI middleware; WebSockets pass through."""

    def __init__(self, app: ASGIApp, state: ServerState) -> None:
        self._app = app
        self._state = state
        self._headers = dict(HEADERS)
        if (state.settings.public_url or "").startswith("https://"):
            self._headers["strict-transport-security"] = f"max-age={HSTS_S}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See the ASGI specification."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = secrets.token_hex(REQUEST_ID_BYTES)
        scope.setdefault("state", {})["request_id"] = request_id

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(self._headers)
                headers["x-request-id"] = request_id
                self._note(scope, request_id, message["status"])
            await send(message)

        if _may_be_too_large(Headers(scope=scope)):
            await _refusal(ErrorId.TOO_LARGE, 413)(scope, receive, send_guarded)
            return
        try:
            async with asyncio.timeout(self._state.settings.handshake_s):
                body = await _whole_body(receive)
        except TimeoutError:
            await _refusal(ErrorId.TOO_SLOW, 408)(scope, receive, send_guarded)
            return
        messages = [body]

        async def receive_whole() -> Message:
            return messages.pop() if messages else await receive()

        await self._app(scope, receive_whole, send_guarded)

    def _note(self, scope: MutableMapping[str, Any], request_id: str, status: int) -> None:
        """Tell the route and not the path, which may hold a room; good probes not at all."""
        fields = {"request": request_id, "method": scope["method"], "status": status}
        fields["route"] = getattr(scope.get("route"), "path", None)
        if status == 200 and fields["route"] in PROBES:
            return
        if room_id := scope.get("path_params", {}).get("room_id"):
            fields["room"] = self._state.invitations.room_tag(room_id)
        note("request", **fields)


def _refusal(error_id: ErrorId, status: int) -> JSONResponse:
    """Nothing more is read of this client."""
    error = signaling_error(error_id)
    problem = {"error_id": error.error_id, "message": error.message}
    return JSONResponse(problem, status, {"connection": "close"})


async def _whole_body(receive: Receive) -> Message:
    """All of a request's body, or the news that its client is gone."""
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body", False):
            return {**message, "body": bytes(body)}


def _may_be_too_large(headers: Headers) -> bool:
    """A body without a length said beforehand is not read: nobody needs to send one."""
    length = headers.get("content-length", "0")
    return "transfer-encoding" in headers or not length.isdecimal() or int(length) > MAX_BODY_BYTES
