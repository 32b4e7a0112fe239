"""Run the signaling server in this process until it is told to stop."""

import contextlib
import errno
import gc
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator

import uvicorn

from confapp.errors import ConfappError

from .app import create_app
from .entrance import Entrance
from .journal import write_json
from .metrics import MetricsPort
from .server_state import ServerState
from .settings import SignalingSettings

BACKLOG = 2048  # connections that wait to be taken, as after another server was lost
SHUTDOWN_S = 2  # how long open connections may take to end
# Objects made and not freed until the collector looks at them; runs until it looks at older ones.
# An idle WebSocket is about 250 objects: with the usual (700, 10, 10), looking at all of them stops
# a server of 10,000 for a second, again and again while they come.
COLLECTOR = (2_000, 5, 200)
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)
WILDCARDS = ("", "0.0.0.0", "::")  # noqa: S104 (compared with, not bound)


class SignalingServer(uvicorn.Server):
    """A uvicorn server of the signaling application.

    Args:
        settings: host, port, limits.
        on_started: called once with the server's URL as soon as it takes connections. It runs on
            the event loop: it must not wait for an answer of this server.
        clock: seconds since 1970.

    Attributes:
        state: what its requests and WebSockets share.
    """

    def __init__(
        self,
        settings: SignalingSettings,
        on_started: Callable[[str], None] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        app = create_app(settings, clock)
        super().__init__(
            uvicorn.Config(
                Entrance(app),
                # Larger than the limit, so that too large a message gets a typed error;
                # far larger ones are cut off here (close code 1009).
                ws_max_size=2 * settings.max_message_bytes,
                ws="websockets-sansio",
                ws_ping_interval=settings.ping_s,
                ws_ping_timeout=settings.ping_s,
                # Its state for each connection would take more memory than all the rest.
                ws_per_message_deflate=False,
                # Never from anybody by default: the limits of an address hang on it.
                proxy_headers=bool(settings.trusted_proxies),
                forwarded_allow_ips=settings.trusted_proxies,
                # uvicorn logs the paths of WebSockets at level info, and a path holds the room.
                log_level="warning",
                access_log=False,
                server_header=False,
                backlog=BACKLOG,
                timeout_graceful_shutdown=SHUTDOWN_S,
            )
        )
        self._on_started = on_started
        self.state: ServerState = app.state.server

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then tell the URL."""
        await super().startup(sockets)
        if self._on_started is not None and sockets:
            host, port = sockets[0].getsockname()[:2]
            self._on_started(server_url(host, port))

    def serve_metrics(self, settings: SignalingSettings) -> MetricsPort:
        """Open the port of the metrics. Raises: as `run`."""
        host, port = settings.metrics_host, settings.metrics_port or 0
        try:
            return self.state.metrics.serve(host, port)
        except OSError as error:
            raise _cannot_listen(host, port, error) from error

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Tell everybody and let them go to another server; then stop."""
        # Who comes now finds another server; one who waits in here would be sent away for good.
        for listener in self.servers:
            listener.close()
        for listening in sockets or []:
            listening.close()
        await self.state.drain(SHUTDOWN_S)
        await super().shutdown(sockets)


def run(settings: SignalingSettings, on_started: Callable[[str], None] | None = None) -> None:
    """Serve until SIGINT or SIGTERM, then return.

    Raises:
        ConfappError: `port-in-use`, or `cannot-listen` for an address that is not ours.
    """
    with contextlib.ExitStack() as open_ports:
        listener = open_ports.enter_context(contextlib.closing(bind(settings)))
        server = SignalingServer(settings, on_started)
        if settings.metrics_port is not None:
            open_ports.enter_context(contextlib.closing(server.serve_metrics(settings)))
        if settings.json_logs:
            write_json()
        open_ports.enter_context(_quiet_stop())
        gc.set_threshold(*COLLECTOR)
        gc.freeze()  # what was imported stays for good
        server.run(sockets=[listener])


def bind(settings: SignalingSettings) -> socket.socket:
    """A socket bound to the host and port of the settings.

    Raises:
        ConfappError: as `run`.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((settings.host, settings.port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise _cannot_listen(settings.host, settings.port, error) from error
    return listener


def server_url(host: str, port: int) -> str:
    """The URL of a server that listens there; every-interface hosts become this machine's own."""
    if host in WILDCARDS:
        host = _own_address()
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _cannot_listen(host: str, port: int, error: OSError) -> ConfappError:
    if error.errno == errno.EADDRINUSE:
        return ConfappError(
            "port-in-use",
            f"Port {port} is in use already: stop what uses it, or choose another port.",
        )
    return ConfappError(
        "cannot-listen",
        f"Cannot listen on {host}, port {port} ({error.strerror}): "
        "choose an address of this machine and a port that you may use.",
    )


def _own_address() -> str:
    """The address that others on the network reach this machine by; no packet is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # a documentation address (RFC 5737)
        except OSError:
            return "127.0.0.1"
        address: str = probe.getsockname()[0]
        return address


@contextlib.contextmanager
def _quiet_stop() -> Iterator[None]:
    """uvicorn raises the stop signal again once it has stopped; for us, stopping is all of it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, lambda *_: None) for number in STOP_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
