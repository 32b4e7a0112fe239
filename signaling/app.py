"""The signaling web application: make a room, look at its page. Its WebSockets: `Entrance`.

Room ids, tokens and session descriptions are never logged: who has the link is in the room.
"""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse
from fastapi.staticfiles import StaticFiles

from confapp.errors import ConfappError

from .errors import ErrorId, signaling_error
from .http_guard import HttpGuard
from .invitation import Role
from .journal import note
from .messages import CreatedRoom, Problem, RoomRequest
from .pages import ASSETS, created_page, invited_page, landing_page, problem_page
from .room import Room
from .server_state import ServerState
from .settings import SignalingSettings
from .token_bucket import site_of

HTTP_STATUS = {
    ErrorId.ROOM_NOT_FOUND: 404,
    ErrorId.ORIGIN_REFUSED: 403,
    ErrorId.BAD_MESSAGE: 422,
    ErrorId.TOO_MANY_JOINS: 429,
    ErrorId.TOO_MANY_SOCKETS: 429,
    ErrorId.TOO_MANY_NEW_ROOMS: 429,
    ErrorId.TOO_MANY_OWN_ROOMS: 429,
    ErrorId.TOO_MANY_ROOMS: 503,
    ErrorId.SERVER_FULL: 503,
    ErrorId.SERVER_LEAVING: 503,
    ErrorId.STORE_UNAVAILABLE: 503,
}
router = APIRouter()


def create_app(settings: SignalingSettings, clock: Callable[[], float] = time.time) -> FastAPI:
    """The application; its `state.server` is the `ServerState`.

    Args:
        settings: limits, secrets and ICE servers; host and port are not used here.
        clock: seconds since 1970: invitations, TURN credentials and rooms end by it.
    """
    state = ServerState(settings, clock)

    @asynccontextmanager
    async def running(_: FastAPI) -> AsyncIterator[None]:
        await state.store.start()
        try:
            yield
        finally:
            await state.stop()

    # The usual documentation pages load scripts from elsewhere: the description itself must do.
    app = FastAPI(title="confapp signaling", docs_url=None, redoc_url=None, lifespan=running)
    app.state.server = state
    app.add_middleware(HttpGuard, state=state)
    app.include_router(router)
    app.mount("/page", StaticFiles(directory=ASSETS))
    app.add_exception_handler(ConfappError, _refuse_request)
    app.add_exception_handler(RequestValidationError, _refuse_body)
    app.add_exception_handler(400, _refuse_body)  # not even JSON
    return app


@router.get("/", include_in_schema=False)
async def show_landing(request: Request) -> HTMLResponse:
    """Where a room can be made."""
    return HTMLResponse(landing_page(_base(request)))


@router.post("/", include_in_schema=False)
async def create_room_by_page(request: Request) -> HTMLResponse:
    """Make a room and show its link."""
    created = await _create(request, RoomRequest())
    return HTMLResponse(created_page(_base(request), created.url), 201)


@router.post(
    "/rooms",
    status_code=201,
    responses={status: {"model": Problem} for status in (403, 408, 413, 422, 429, 503)},
)
async def create_room(request: Request, wishes: RoomRequest | None = None) -> CreatedRoom:
    """Make a room for two. Its links are its keys."""
    return await _create(request, wishes or RoomRequest())


@router.get(
    "/r/{room_id}",
    response_class=HTMLResponse,
    responses={status: {"content": {"text/html": {}}} for status in (404, 503)},
)
async def show_room(request: Request, room_id: str) -> HTMLResponse:
    """Say how to join."""
    room = await _state(request).store.find(room_id)
    base = _base(request)
    return HTMLResponse(invited_page(base, f"{base}/r/{room.id}"))


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@router.get("/readyz", responses={503: {"model": Problem}})
async def readyz(request: Request) -> dict[str, str]:
    """The server takes people in: it is not about to stop, and its store answers."""
    state = _state(request)
    if state.doorkeeper.leaving:
        raise signaling_error(ErrorId.SERVER_LEAVING)
    await state.store.check()
    return {"status": "ready"}


async def _create(request: Request, wishes: RoomRequest) -> CreatedRoom:
    state = _state(request)
    address = request.client.host if request.client is not None else ""
    headers = request.headers
    state.doorkeeper.admit_room(address, headers.get("origin"), headers.get("host"))
    await state.count_in(address, ErrorId.TOO_MANY_NEW_ROOMS, state.settings.rooms_per_min)
    maker = state.invitations.site_tag(site_of(address))
    room = Room(id=Room.new_id(), maker=maker, lobby=wishes.lobby)
    if wishes.passphrase is not None:
        room.passphrase_digest = state.invitations.passphrase_digest(room.id, wishes.passphrase)
    await state.store.add(room)
    state.metrics.rooms_created.inc()
    tag = state.invitations.room_tag(room.id)
    note("room-created", request=request.state.request_id, room=tag)
    expires_at = int(state.clock() + state.settings.invitation_s)
    guest, host = (
        state.invitations.sign(room.id, role, expires_at) for role in (Role.GUEST, Role.HOST)
    )
    link = f"{_base(request)}/r/{room.id}"
    return CreatedRoom(
        room=room.id,
        url=f"{link}#{guest}",
        host_url=f"{link}#{host}",
        guest_token=guest,
        host_token=host,
        expires_at=expires_at,
    )


def _state(request: Request) -> ServerState:
    state: ServerState = request.app.state.server
    return state


def _base(request: Request) -> str:
    """The server's URL without a slash at the end: the configured one, or the one asked for."""
    return _state(request).settings.public_url or str(request.base_url).rstrip("/")


def problem_response(error: ConfappError) -> JSONResponse:
    """The answer that says why not, with the status of its error id."""
    problem = Problem(error_id=error.error_id, message=error.message)
    return JSONResponse(problem.model_dump(), HTTP_STATUS[ErrorId(error.error_id)])


async def _refuse_request(request: Request, error: Exception) -> JSONResponse | HTMLResponse:
    assert isinstance(error, ConfappError)  # noqa: S101 (only those come here)
    _state(request).metrics.refusals.labels(error.error_id).inc()
    problem = problem_response(error)
    if request.url.path in ("/rooms", "/readyz"):
        return problem
    return HTMLResponse(problem_page(_base(request), error.message), problem.status_code)


async def _refuse_body(request: Request, error: Exception) -> JSONResponse:
    """The usual answer repeats what was sent, and that may be a passphrase."""
    _ = request, error
    return problem_response(signaling_error(ErrorId.BAD_MESSAGE))
