"""People meet at a running server, one of its processes is stopped, and they go on talking.

python tests/meet_and_resume.py SERVER_URL COMMAND...      (COMMAND stops one of several servers)
"""

import asyncio
import sys
import time

from confapp.call.signaling_client import SignalingClient, create_room
from signaling.messages import Description

ROOMS = 4  # with so many, some people of each sit at the server that stops
DEADLINE_S = 30


async def meet_and_resume(server: str, command: list[str]) -> None:
    """Raises if anybody is lost."""
    people: list[tuple[SignalingClient, SignalingClient]] = []
    for _ in range(ROOMS):
        room = await create_room(server)
        people.append((await SignalingClient.join(room), await SignalingClient.join(room)))
    print(f"{ROOMS} pairs met at {server}")
    stopping = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.DEVNULL)
    assert await stopping.wait() == 0
    began = time.monotonic()
    async with asyncio.timeout(DEADLINE_S):
        await asyncio.gather(*(talk(*pair) for pair in people))
    print(f"All of them talk again after {time.monotonic() - began:.1f} s")
    for person in (person for pair in people for person in pair):
        await person.close()


async def talk(ada: SignalingClient, ben: SignalingClient) -> None:
    """Each says something until the other has heard it."""
    heard = [asyncio.create_task(hear(person)) for person in (ada, ben)]
    while not all(task.done() for task in heard):
        await ada.send_description("offer", "v=0")
        await ben.send_description("answer", "v=0")
        await asyncio.wait(heard, timeout=0.5)


async def hear(person: SignalingClient) -> None:
    """Wait for a description."""
    async for event in person.events():
        if isinstance(event, Description):
            return
    raise ConnectionError("the server is lost for good")


if __name__ == "__main__":
    asyncio.run(meet_and_resume(sys.argv[1], sys.argv[2:]))
