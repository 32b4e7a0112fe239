"""How many people one signaling server holds, and how fast it pairs two more of them meanwhile.

    python -m benchmarks.signaling_load [--sockets 10000] [--rate 200] [--seconds 10]

Server and load run on this machine, over loopback, the server on a core of its own. A pairing is a
room made by HTTP and two people who join it until both know of each other. The same is asked of an
empty FastAPI app: there it is an empty answer by HTTP and two WebSockets that each get their word
back.
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

from signaling.messages import Join

from .thin_websocket import ThinWebSocket

OPENING = 64  # connections under way at a time
DEADLINE_S = 300
LAST_CORE = max(os.sched_getaffinity(0))
LIMITS = (
    *("MAX_ROOMS", "ROOMS_PER_ADDRESS", "ROOMS_PER_MIN"),
    *("MAX_SOCKETS", "SOCKETS_PER_ADDRESS", "JOINS_PER_MIN"),
)
MANY = 10_000_000
ROOM_REQUEST = (
    b"POST /rooms HTTP/1.1\r\nHost: load\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
)

ECHO = """
import asyncio, uvicorn
from fastapi import FastAPI, WebSocket, WebSocketDisconnect
from signaling.server import bind
from signaling.settings import SignalingSettings
app = FastAPI()
@app.post("/rooms", status_code=201)
async def room(): return {}
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
Pair = Callable[[], Awaitable[tuple[ThinWebSocket, ThinWebSocket]]]


class Server:
    """A server process on the last core."""

    def __init__(self, code: str) -> None:
        raised = {f"CONFAPP_SIGNALING_{name}": str(MANY) for name in LIMITS}
        own = {"CONFAPP_SIGNALING_PORT": "0"}
        self._process = subprocess.Popen(
            [sys.executable, "-c", code],
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | raised | own,
        )
        os.sched_setaffinity(self._process.pid, {LAST_CORE})
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


async def ask_for_room(port: int) -> dict[str, str]:
    """`POST /rooms` on a connection of its own; the JSON answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(ROOM_REQUEST)
    answer = await reader.read()
    writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    if b" 201 " not in head.partition(b"\r\n")[0]:
        raise ConnectionError(answer.decode())
    created: dict[str, str] = json.loads(body)
    return created


async def expect(websocket: ThinWebSocket, said: bytes) -> None:
    """Raises where the next message is another."""
    message = await websocket.receive()
    if said not in message:
        raise ConnectionError(message.decode())


def pair_in(port: int) -> Pair:
    """Pairs two people in a new room; done once both know of each other."""

    async def pair() -> tuple[ThinWebSocket, ThinWebSocket]:
        created = await ask_for_room(port)
        path, join = f"/r/{created['room']}/ws", Join(token=created["guest_token"])
        first = await ThinWebSocket.connect(port, path)
        first.send(join.model_dump_json())
        await expect(first, b'"welcome"')
        second = await ThinWebSocket.connect(port, path)
        second.send(join.model_dump_json())
        await expect(second, b'"peer_present":true')
        await expect(first, b'"peer-joined"')
        return first, second

    return pair


def echo_in(port: int) -> Pair:
    """The same connections and requests where nothing stands behind them."""

    async def pair() -> tuple[ThinWebSocket, ThinWebSocket]:
        await ask_for_room(port)
        both = await ThinWebSocket.connect(port, "/"), await ThinWebSocket.connect(port, "/")
        for websocket in both:
            websocket.send("pair")
            await websocket.receive()
        return both

    return pair


async def measure(server: Server, pair: Pair, idle: int, rate: int, seconds: int) -> None:
    """Hold `idle` pairs, then make `rate` more a second, and print what that took."""
    empty = server.mib
    opening = asyncio.Semaphore(OPENING)

    async def hold() -> tuple[ThinWebSocket, ThinWebSocket]:
        async with opening:
            return await pair()

    held = await asyncio.gather(*(hold() for _ in range(idle)))
    full = server.mib
    took: list[float] = []

    async def timed() -> None:
        began = time.perf_counter()
        both = await pair()
        took.append(time.perf_counter() - began)
        for websocket in both:
            websocket.close()

    began, cpu = time.perf_counter(), server.cpu_s
    running = []
    for number in range(rate * seconds):
        await asyncio.sleep(max(0.0, began + number / rate - time.perf_counter()))
        running.append(asyncio.create_task(timed()))
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
    if others := os.sched_getaffinity(0) - {LAST_CORE}:
        os.sched_setaffinity(0, others)  # the load beside the server, not in its way
    idle, rate, seconds = options.sockets // 2, options.rate, options.seconds
    async with asyncio.timeout(DEADLINE_S):
        for name, code in (("signaling server", SERVE), ("empty echo", ECHO)):
            print(name, flush=True)
            server = Server(code)
            try:
                pair = echo_in if code is ECHO else pair_in
                await measure(server, pair(server.port), idle, rate, seconds)
            finally:
                server.stop()


if __name__ == "__main__":
    asyncio.run(main())
