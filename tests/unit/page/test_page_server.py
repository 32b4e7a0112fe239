"""The page's door: who comes in, who does not, and what it stands."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx
import numpy as np
import pytest
from page_visitor import Visitor
from websockets.exceptions import InvalidStatus

from confapp.errors import ConfappError
from confapp.page.messages import MAX_COMMAND_BYTES, Command, HangUp, Numbers, Turn
from confapp.page.page_server import MAX_PHOTO_BYTES, PageServer
from confapp.page.picture_stream import PictureKind, PictureStream
from confapp.page.tab import COMMANDS_BURST, MAX_MALFORMED, REFUSED, TAKEN_OVER


class Owner:
    """Notes what the page tells."""

    def __init__(self) -> None:
        self.commands: list[Command] = []
        self.photos: list[bytes] = []
        self.tabs: list[bool] = []
        self.changed = asyncio.Event()

    def on_command(self, command: Command) -> None:
        self.commands.append(command)
        self.changed.set()

    def on_photo(self, data: bytes) -> None:
        self.photos.append(data)
        self.changed.set()

    def on_tab(self, present: bool) -> None:
        self.tabs.append(present)
        self.changed.set()

    async def until(self, reached: Callable[[], bool]) -> None:
        async with asyncio.timeout(30):
            while not reached():
                self.changed.clear()
                await self.changed.wait()

    async def until_commands(self, count: int) -> None:
        await self.until(lambda: len(self.commands) >= count)


@pytest.fixture
def owner() -> Owner:
    return Owner()


@asynccontextmanager
async def serve(owner: Owner) -> AsyncIterator[tuple[PageServer, PictureStream]]:
    pictures = PictureStream()
    async with PageServer(owner, pictures) as server:
        yield server, pictures
    pictures.close()


@pytest.fixture
async def page(owner: Owner) -> AsyncIterator[PageServer]:
    async with serve(owner) as (server, _):
        yield server


async def get(page: PageServer, path: str = "/", **headers: str) -> httpx.Response:
    async with httpx.AsyncClient() as client:
        return await client.get(f"{page.link.origin}{path}", headers=headers)


async def test_the_page_is_served_with_a_strict_policy(page: PageServer) -> None:
    answer = await get(page)
    assert answer.status_code == 200
    assert "<title>confapp</title>" in answer.text
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "http:" not in policy.replace("http://127.0.0.1", "")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-frame-options"] == "DENY"
    assert page.link.token not in answer.text


@pytest.mark.parametrize("path", ["/main.js", "/style.css", "/icon.svg", "/pictures.js"])
async def test_all_parts_are_there(page: PageServer, path: str) -> None:
    assert (await get(page, path)).status_code == 200


async def test_nothing_else_is_served(page: PageServer) -> None:
    for path in ("/../page_server.py", "/%2e%2e/page_server.py", "/nothing", "/docs"):
        assert (await get(page, path)).status_code == 404


async def test_nothing_comes_from_elsewhere(page: PageServer) -> None:
    for path in ("/", "/style.css", "/main.js", "/connection.js"):
        text = (await get(page, path)).text
        assert "https://" not in text
        assert "//cdn" not in text


async def test_another_hosts_name_is_refused(page: PageServer) -> None:
    """DNS rebinding: a stranger's name that leads to this machine."""
    answer = await get(page, host=f"evil.example:{page.link.port}")
    assert answer.status_code == 421
    assert page.statistics.refused == 1
    with pytest.raises(InvalidStatus):
        async with Visitor(page.link, host=f"localhost:{page.link.port}"):
            pass
    assert page.statistics.refused == 2


@pytest.mark.parametrize("origin", ["https://evil.example", "null", None])
async def test_a_page_of_another_origin_is_refused(
    page: PageServer, owner: Owner, origin: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(InvalidStatus):
        async with Visitor(page.link, origin=origin):
            pass
    assert page.statistics.refused == 1
    assert owner.tabs == []
    assert "another origin" in caplog.text


async def test_a_wrong_token_is_refused_and_not_logged(
    page: PageServer, owner: Owner, caplog: pytest.LogCaptureFixture
) -> None:
    async with Visitor(page.link, token="guessed-it") as stranger:
        assert await stranger.closed() == REFUSED
    assert stranger.events == []
    assert owner.tabs == []
    assert page.statistics.refused == 1
    assert "wrong token" in caplog.text
    assert "guessed-it" not in caplog.text
    assert page.link.token not in caplog.text


async def test_a_tab_that_begins_otherwise_is_refused(page: PageServer, owner: Owner) -> None:
    async with Visitor(page.link, token="x" * 100) as stranger:
        assert await stranger.closed() == REFUSED
    assert owner.tabs == []


async def test_commands_arrive_and_events_go_out(page: PageServer, owner: Owner) -> None:
    async with Visitor(page.link) as visitor:
        await visitor.command("turn", yaw=10)
        await owner.until_commands(1)
        page.tell(Numbers(shown_fps=12.5))
        await visitor.until(lambda: visitor.told("numbers"))
        assert visitor.told("numbers")[0]["shown_fps"] == 12.5
    assert owner.commands == [Turn(yaw=10)]
    assert page.statistics.malformed == 0


async def test_malformed_messages_are_dropped_and_the_tab_goes_on(
    page: PageServer, owner: Owner, caplog: pytest.LogCaptureFixture
) -> None:
    async with Visitor(page.link) as visitor:
        for message in ("{", '{"type": "explode"}', b"\x00" * 3, b"\x63" + b"\x00" * 4):
            await visitor.say(message)
        await visitor.say('{"type": "hang-up", "why": "' + "x" * MAX_COMMAND_BYTES + '"}')
        await visitor.command("hang-up")
        await owner.until_commands(1)
    assert owner.commands == [HangUp()]
    assert page.statistics.malformed == 5
    assert len([r for r in caplog.records if r.levelno == logging.WARNING]) == 5


async def test_a_huge_message_closes_the_tab_and_another_may_come(
    page: PageServer, owner: Owner
) -> None:
    async with Visitor(page.link) as visitor:
        await visitor.command("hang-up")
        await owner.until_commands(1)
        await visitor.say("x" * 1_000_000)
        assert await visitor.closed() == 1009
    await owner.until(lambda: not owner.tabs[-1])
    assert page.statistics.malformed == 1
    async with Visitor(page.link) as visitor:
        await visitor.command("hang-up")
        await owner.until_commands(2)


async def test_a_tab_that_talks_nonsense_is_closed(page: PageServer) -> None:
    async with Visitor(page.link) as visitor:
        for _ in range(MAX_MALFORMED):
            await visitor.say("nonsense")
        assert await visitor.closed() == REFUSED
    assert page.statistics.malformed == MAX_MALFORMED


async def test_a_flood_of_commands_is_thinned(page: PageServer, owner: Owner) -> None:
    async with Visitor(page.link) as visitor:
        for _ in range(10 * COMMANDS_BURST):
            await visitor.command("turn", yaw=1)
        await visitor.say("the last one")
        async with asyncio.timeout(30):
            while page.statistics.malformed == 0:  # noqa: ASYNC110 - a counter, not an event
                await asyncio.sleep(0.01)
    assert page.statistics.throttled > 0
    assert len(owner.commands) + page.statistics.throttled == 10 * COMMANDS_BURST


async def test_a_second_tab_takes_over_politely(page: PageServer, owner: Owner) -> None:
    async with Visitor(page.link) as first:
        await first.command("turn", yaw=1)
        await owner.until_commands(1)
        async with Visitor(page.link) as second:
            assert await first.closed() == TAKEN_OVER
            assert first.told("taken-over")
            await second.command("turn", yaw=2)
            await owner.until_commands(2)
            page.tell(Numbers())
            await second.until(lambda: second.told("numbers"))
    await owner.until(lambda: not owner.tabs[-1])
    assert owner.tabs == [True, True, False]  # never without one in between


async def test_a_stranger_takes_nothing_over(page: PageServer, owner: Owner) -> None:
    async with Visitor(page.link) as first:
        await first.command("turn", yaw=1)
        await owner.until_commands(1)
        async with Visitor(page.link, token="wrong") as stranger:
            await stranger.closed()
        await first.command("turn", yaw=2)
        await owner.until_commands(2)


async def test_pictures_arrive_and_receipts_come_back(owner: Owner) -> None:
    async with serve(owner) as (server, pictures), Visitor(server.link) as visitor:
        for _ in range(5):
            before = pictures.statistics(PictureKind.REMOTE).shown
            pictures.offer(PictureKind.REMOTE, np.zeros((64, 64, 3), np.uint8))
            async with asyncio.timeout(30):
                while pictures.statistics(PictureKind.REMOTE).shown == before:  # noqa: ASYNC110
                    await asyncio.sleep(0.001)
        assert visitor.pictures[1][0][:2] == b"\xff\xd8"  # JPEG
        assert server.statistics.malformed == 0


async def test_the_last_event_arrives_before_the_page_goes(owner: Owner) -> None:
    async with serve(owner) as (server, _):
        visitor = Visitor(server.link)
        await visitor.__aenter__()
        await visitor.command("hang-up")
        await owner.until_commands(1)
        server.tell(Numbers(shown_fps=1))
    assert await visitor.closed() == 1001
    assert visitor.told("numbers")
    await visitor.__aexit__(None, None, None)


async def post(page: PageServer, data: bytes, **changes: str) -> httpx.Response:
    headers = {"authorization": f"Bearer {page.link.token}", "origin": page.link.origin}
    async with httpx.AsyncClient() as client:
        return await client.post(
            f"{page.link.origin}/photo", content=data, headers=headers | changes
        )


async def test_a_photo_from_disk_arrives(page: PageServer, owner: Owner) -> None:
    assert (await post(page, b"any file")).status_code == 204
    assert owner.photos == [b"any file"]


@pytest.mark.parametrize(
    "changes", [{"authorization": "Bearer x"}, {"authorization": ""}, {"origin": "http://evil"}]
)
async def test_a_strangers_photo_is_refused(
    page: PageServer, owner: Owner, changes: dict[str, str]
) -> None:
    assert (await post(page, b"any file", **changes)).status_code == 403
    assert owner.photos == []
    assert page.statistics.refused == 1


async def test_a_photo_that_is_too_large_is_refused_unread(page: PageServer, owner: Owner) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", page.link.port)
    head = (
        f"POST /photo HTTP/1.1\r\nHost: {page.link.host}\r\nOrigin: {page.link.origin}\r\n"
        f"Authorization: Bearer {page.link.token}\r\nContent-Length: {MAX_PHOTO_BYTES + 1}\r\n\r\n"
    )
    writer.write(head.encode())
    async with asyncio.timeout(30):
        answer = await reader.readuntil(b"}")
    writer.close()
    assert answer.startswith(b"HTTP/1.1 422")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["error_id"] == "photo-too-large"
    assert owner.photos == []


async def test_a_port_in_use(owner: Owner) -> None:
    async with serve(owner) as (server, pictures):
        with pytest.raises(ConfappError, match="--no-page") as refusal:
            PageServer(owner, pictures, server.link.port)
        assert refusal.value.error_id == "page-port"
