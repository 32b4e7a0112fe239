"""How many people one signaling server holds, and how fast it pairs two more of them meanwhile.

    python -m benchmarks.signaling_load [--sockets 10000] [--rate 200] [--seconds 10]

Server and load run on this machine, over loopback, the server on one core. The same is asked of an
empty FastAPI WebSocket echo: there a "pairing" is two connections that each get their word back.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from signaling.invitation import Invitations, Role
from signaling.messages import Join

from .thin_websocket import ThinWebSocket

SECRET = "s" * 32
OPENING = 64  # connections under way at a time
DEADLINE_S = 300
LIMITS = ("MAX_ROOMS", "MAX_SOCKETS", "SOCKETS_PER_ADDRESS", "JOINS_PER_MIN", "ROOMS_PER_MIN")
MANY = 10_000_000

ECHO = """
import asyncio, uvicorn
from fastapi import FastAPI, WebSocket, WebSocketDisconnect
from signaling.server import bind
from signaling.settings import SignalingSettings
app = FastAPI()
@app.websocket("/")
async def echo(websocket: WebSocket):
    await websocket.accept()
    try:
        while True:
            await websocket.send_text(await websocket.receive_text())
    except WebSocketDisconnect:
        pass
listener = bind(SignalingSettings(port=0))
print(listener.getsockname()[1], flush=True)
uvicorn.Server(uvicorn.Config(app, ws="websockets-sansio", log_level="warning",
               ws_per_message_deflate=False, backlog=2048)).run(sockets=[listener])
"""
SERVE = """
from signaling.server import run
from signaling.settings import SignalingSettings
run(SignalingSettings(), lambda url: print(url.rpartition(":")[2], flush=True))
"""
Pair = Callable[[int], Awaitable[tuple[ThinWebSocket, ThinWebSocket]]]


class Server:
    """A server process on one core."""

    def __init__(self, code: str) -> None:
        names = (
            "MAX_ROOMS",
            "MAX_SOCKETS",
            "SOCKETS_PER_ADDRESS",
            "JOINS_PER_MIN",
            "ROOMS_PER_MIN",
        )
        raised = {f"CONFAPP_SIGNALING_{name}": str(MANY) for name in names}
        own = {"CONFAPP_SIGNALING_PORT": "0", "CONFAPP_SIGNALING_SECRET": SECRET}
        self._process = subprocess.Popen(
            [sys.executable, "-c", code],
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | raised | own,
        )
        os.sched_setaffinity(self._process.pid, {max(os.sched_getaffinity(0))})
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())

    @property
    def mib(self) -> float:
        """Resident memory."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) / 1024

    @property
    def cpu_s(self) -> float:
        """Processor time so far."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self) -> None:
        """End it."""
        self._process.kill()
        self._process.communicate()


async def make_rooms(port: int, count: int) -> list[str]:
    """Make rooms over one kept-alive connection after another; their ids."""
    request = b"POST /rooms HTTP/1.1\r\nHost: load\r\nContent-Length: 0\r\n\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    rooms = []
    for _ in range(count):
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        rooms.append(str(json.loads(await reader.readexactly(length))["room"]))
    writer.close()
    return rooms


async def expect(websocket: ThinWebSocket, said: bytes) -> None:
    """Raises where the next message is another."""
    message = await websocket.receive()
    if said not in message:
        raise ConnectionError(message.decode())


def pair_in(port: int, rooms: list[str]) -> Pair:
    """Pairs two people in the room of a number; done once both know of each other."""
    invitations = Invitations(SECRET)

    async def pair(number: int) -> tuple[ThinWebSocket, ThinWebSocket]:
        room = rooms[number]
        token = invitations.sign(room, Role.GUEST, int(time.time()) + 3600)
        join = Join(token=token).model_dump_json()
        first = await ThinWebSocket.connect(port, f"/r/{room}/ws")
        first.send(join)
        await expect(first, b'"welcome"')
        second = await ThinWebSocket.connect(port, f"/r/{room}/ws")
        second.send(join)
        await expect(second, b'"peer_present":true')
        await expect(first, b'"peer-joined"')
        return first, second

    return pair


def echo_in(port: int) -> Pair:
    """The same amount of connections and messages with an echo."""

    async def pair(number: int) -> tuple[ThinWebSocket, ThinWebSocket]:
        both = await ThinWebSocket.connect(port, "/"), await ThinWebSocket.connect(port, "/")
        for websocket in both:
            websocket.send(f"pair {number}")
            await websocket.receive()
        return both

    return pair


async def measure(server: Server, pair: Pair, idle: int, rate: int, seconds: int) -> None:
    """Hold `idle` pairs, then make `rate` more a second, and print what that took."""
    empty = server.mib
    opening = asyncio.Semaphore(OPENING)

    async def hold(number: int) -> tuple[ThinWebSocket, ThinWebSocket]:
        async with opening:
            return await pair(number)

    held = await asyncio.gather(*(hold(number) for number in range(idle)))
    full = server.mib
    took: list[float] = []

    async def timed(number: int) -> None:
        began = time.perf_counter()
        both = await pair(number)
        took.append(time.perf_counter() - began)
        for websocket in both:
            websocket.close()

    began, cpu = time.perf_counter(), server.cpu_s
    running = []
    for number in range(rate * seconds):
        await asyncio.sleep(max(0.0, began + number / rate - time.perf_counter()))
        running.append(asyncio.create_task(timed(idle + number)))
    await asyncio.gather(*running)
    passed, cpu = time.perf_counter() - began, server.cpu_s - cpu
    took.sort()
    print(
        f"  {2 * len(held)} idle sockets: {full:.0f} MiB ({empty:.0f} without), "
        f"{1024 * (full - empty) / max(1, 2 * idle):.1f} KiB each\n"
        f"  {len(took) / passed:.0f} pairings a second: p50 {1000 * took[len(took) // 2]:.1f} ms, "
        f"p99 {1000 * took[int(len(took) * 0.99)]:.1f} ms; server at {100 * cpu / passed:.0f} % "
        "of its core"
    )


async def main() -> None:
    """Measure the server, then the echo."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sockets", type=int, default=10_000)
    parser.add_argument("--rate", type=int, default=200, help="pairings a second")
    parser.add_argument("--seconds", type=int, default=10)
    options = parser.parse_args()
    idle, rate, seconds = options.sockets // 2, options.rate, options.seconds
    async with asyncio.timeout(DEADLINE_S):
        for name, code in (("signaling server", SERVE), ("empty echo", ECHO)):
            print(name, flush=True)
            server = Server(code)
            try:
                if code is ECHO:
                    pair = echo_in(server.port)
                else:
                    rooms = await make_rooms(server.port, idle + rate * seconds)
                    pair = pair_in(server.port, rooms)
                await measure(server, pair, idle, rate, seconds)
            finally:
                server.stop()


if __name__ == "__main__":
    asyncio.run(main())
