"""A server that is told to stop, or is killed, while people talk: their calls go on."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest
from call_peer import Peer, within

from confapp.call.call_handlers import CallState
from confapp.call.signaling_client import create_room

CALLS = 4
DEADLINE_S = 30
SERVE = (
    "from signaling.server import run; from signaling.settings import SignalingSettings; "
    "run(SignalingSettings(port=0), lambda url: print(url, flush=True))"
)


@pytest.fixture
def server() -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-W", "error", "-c", SERVE], stdout=subprocess.PIPE, text=True
    ) as server:
        yield server
        server.kill()


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 0), (signal.SIGKILL, -9)])
async def test_calls_go_on(server: subprocess.Popen[str], number: int, status: int) -> None:
    assert server.stdout is not None
    url = server.stdout.readline().strip()
    calls: list[tuple[Peer, Peer]] = []
    for _ in range(CALLS):
        room = await create_room(url)
        ada, ben = Peer(), Peer()
        await asyncio.gather(ada.connect(room), ben.connect(room))
        calls.append((ada, ben))
    server.send_signal(number)
    assert await asyncio.to_thread(server.wait, DEADLINE_S) == status
    for ada, ben in calls:
        for sender, receiver in ((ada, ben), (ben, ada)):
            sender.session.send_source(b"photo", stream_origin=0.0)
            assert await within(sender.session.wait_source_ready())
            assert receiver.sources[-1].still == b"photo"
            assert sender.session.state is CallState.LIVE
    for ada, ben in calls:
        await ada.close()
        await ben.close()
