"""Pictures on their way to the page."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator

import cv2
import numpy as np
import pytest

from confapp.media.video_frame import RgbImage
from confapp.page.picture_stream import HEADER, RECEIPT, PictureKind, PictureStream

REMOTE, CAMERA = PictureKind.REMOTE, PictureKind.CAMERA


def grey(level: int) -> RgbImage:
    return np.full((32, 32, 3), level, np.uint8)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def stream(clock: Clock) -> AsyncIterator[PictureStream]:
    stream = PictureStream(clock)
    yield stream
    stream.close()


def seen(message: bytes) -> tuple[int, int, int, int]:
    """Kind, sequence, timestamp and grey level of a message."""
    kind, sequence, timestamp_ms = HEADER.unpack_from(message)
    coded = np.frombuffer(message[HEADER.size :], np.uint8)
    picture = cv2.imdecode(coded, cv2.IMREAD_COLOR)
    assert picture is not None
    return kind, sequence, timestamp_ms, round(float(picture.mean()))


async def next_of(messages: AsyncIterator[bytes]) -> bytes:
    return await asyncio.wait_for(anext(messages), 10)


async def assert_none(messages: "asyncio.Task[bytes]") -> None:
    for _ in range(20):
        await asyncio.sleep(0)
    assert not messages.done()


def receipt(message: bytes) -> bytes:
    kind, sequence, _ = HEADER.unpack_from(message)
    return RECEIPT.pack(kind, sequence)


async def test_without_receipts_two_pictures_go_and_then_the_newest(stream: PictureStream) -> None:
    messages = stream.messages()
    sent = []
    for level in (10, 20):
        stream.offer(REMOTE, grey(level), level)
        sent.append(await next_of(messages))
    for level in range(30, 250, 10):
        stream.offer(REMOTE, grey(level), level)
    waiting = asyncio.ensure_future(anext(messages))
    await assert_none(waiting)
    stream.on_receipt(receipt(sent[0]))
    assert seen(await asyncio.wait_for(waiting, 10)) == (REMOTE, 3, 240, 240)


async def test_kinds_do_not_wait_for_each_other(stream: PictureStream) -> None:
    messages = stream.messages()
    for level in (10, 20):
        stream.offer(REMOTE, grey(level))
        await next_of(messages)
    stream.offer(REMOTE, grey(30))
    stream.offer(CAMERA, grey(40))
    assert seen(await next_of(messages))[0] == CAMERA


async def test_a_busy_kind_does_not_starve_another(stream: PictureStream) -> None:
    messages = stream.messages()
    kinds = []
    for _ in range(4):
        stream.offer(REMOTE, grey(1))
        stream.offer(CAMERA, grey(2))
        message = await next_of(messages)
        stream.on_receipt(receipt(message))
        kinds.append(message[0])
    assert set(kinds) == {REMOTE, CAMERA}


async def test_another_thread_may_offer(stream: PictureStream) -> None:
    messages = stream.messages()
    waiting = asyncio.ensure_future(anext(messages))
    thread = threading.Thread(target=stream.offer, args=(REMOTE, grey(7), 5))
    thread.start()
    assert seen(await asyncio.wait_for(waiting, 10)) == (REMOTE, 1, 5, 7)
    thread.join()


async def test_a_new_tab_sees_the_last_of_each_kind(stream: PictureStream) -> None:
    stream.offer(REMOTE, grey(90))
    stream.offer_still(PictureKind.PEER_PHOTO, b"a picture file")
    stream.offer(CAMERA, grey(50))
    stream.forget(CAMERA)
    for _ in range(2):  # each tab
        messages = stream.messages()
        first, second = await next_of(messages), await next_of(messages)
        assert seen(first)[3] == 90
        assert second[HEADER.size :] == b"a picture file"
        waiting = asyncio.ensure_future(anext(messages))
        await assert_none(waiting)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)


async def test_receipts_are_counted_with_their_delay(stream: PictureStream, clock: Clock) -> None:
    messages = stream.messages()
    waiting = asyncio.ensure_future(anext(messages))
    await assert_none(waiting)
    stream.offer(REMOTE, grey(1))
    message = await asyncio.wait_for(waiting, 10)
    clock.now = 0.03
    stream.on_receipt(receipt(message))
    statistics = stream.statistics(REMOTE)
    assert (statistics.offered, statistics.shown) == (1, 1)
    assert statistics.delay_ms(95) == 30.0


def bad_receipts() -> Iterator[bytes]:
    yield b""
    yield b"\x01" * 4
    yield b"\x01" * 6
    yield RECEIPT.pack(99, 1)
    yield RECEIPT.pack(REMOTE, 77)


@pytest.mark.parametrize("message", list(bad_receipts()))
async def test_receipts_of_nothing_are_refused(stream: PictureStream, message: bytes) -> None:
    with pytest.raises(ValueError, match=r"receipt|PictureKind"):
        stream.on_receipt(message)
    assert stream.statistics(REMOTE).shown == 0


async def test_a_receipt_counts_once(stream: PictureStream) -> None:
    messages = stream.messages()
    stream.offer(REMOTE, grey(1))
    message = await next_of(messages)
    stream.on_receipt(receipt(message))
    with pytest.raises(ValueError, match="never sent"):
        stream.on_receipt(receipt(message))
