"""One side of a call as a process of its own, to be killed: python tests/lone_peer.py ROOM."""

import asyncio
import sys

from call_peer import Peer


async def main(room: str) -> None:
    """Join, send a photo, and stay."""
    peer = await Peer().connect(room)
    peer.session.send_source(b"lone", stream_origin=0.0)
    print("live", flush=True)
    await peer.session.wait_ended()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
