"""The sending side with a clip of its own making and a call that only listens."""

import asyncio
from collections.abc import Iterator
from typing import cast

import numpy as np
import pytest
from fake_call import FakeCall

from confapp.call.call_session import CallSession
from confapp.codec import PacketReader, PaperCodec
from confapp.demo import PEOPLE
from confapp.errors import ConfappError
from confapp.media.photo import load_photo
from confapp.media.still import decode_still
from confapp.media.video_frame import RgbImage, VideoFrame
from models.talking_head import TalkingHead
from sender.session import FaceState, SenderSession
from sender.source_photo import SourcePhoto

ADA = load_photo(PEOPLE / "ada.png")
WALL = np.full_like(ADA, 90)


class Album:
    """A frame source of pictures, each handed out when the test says so."""

    def __init__(self, pictures: list[RgbImage], *, breaks: bool = False) -> None:
        self._pictures = pictures
        self._breaks = breaks
        self.closed = False

    def frames(self) -> Iterator[VideoFrame]:
        for index, picture in enumerate(self._pictures):
            yield VideoFrame(picture, 40 * index, index)
        if self._breaks:
            raise ConfappError("camera-lost", "The camera is gone.")

    def close(self) -> None:
        self.closed = True


async def run(session: SenderSession, call: FakeCall) -> None:
    async with asyncio.timeout(60):
        await session.run(cast("CallSession", call))


async def test_the_first_frame_with_a_face_becomes_the_source(
    head: TalkingHead, codec: PaperCodec
) -> None:
    """The newest frame wins, so only the last of these pictures is sure to be seen."""
    call = FakeCall(ready=False)
    session = SenderSession(head, codec, Album([WALL, ADA]), clock=lambda: 7.0)
    await run(session, call)
    assert len(call.stills) == 1
    assert decode_still(call.stills[0]).shape == (64, 64, 3)
    assert call.origins == [7.0]
    assert not call.packets  # the other side was never ready
    assert session.statistics.captured == 2


async def test_without_any_face_nothing_is_sent(head: TalkingHead, codec: PaperCodec) -> None:
    call = FakeCall()
    states: list[FaceState] = []
    session = SenderSession(head, codec, Album([WALL]), on_face=states.append)
    await run(session, call)
    assert not call.stills
    assert not call.packets
    assert states == [FaceState.LOST]


async def test_packets_decode_to_what_the_model_sees(head: TalkingHead, codec: PaperCodec) -> None:
    call = FakeCall()
    photo = SourcePhoto.of_file(PEOPLE / "ben.png", head.config.image_size)
    session = SenderSession(head, codec, Album([ADA] * 40), photo=photo)
    await run(session, call)
    assert call.stills == [photo.still]
    reader = PacketReader(codec)
    frames = [reader.read(packet) for packet in call.packets]
    assert frames
    assert [number for number, _ in frames] == list(range(len(frames)))
    times = [motion.timestamp_ms for _, motion in frames]
    assert times == sorted(times)
    assert times[-1] == 40 * 39  # the newest frame is never left out
    assert len(frames) == session.statistics.sent
    statistics = session.statistics
    assert statistics.captured == 40
    assert statistics.captured == statistics.sent + statistics.skipped + 1  # 1 began the source


async def test_a_backed_up_channel_is_counted(head: TalkingHead, codec: PaperCodec) -> None:
    call = FakeCall()
    call.backed_up = True
    session = SenderSession(head, codec, Album([ADA] * 10))
    await run(session, call)
    assert session.statistics.sent == 0
    assert session.statistics.refused > 0
    assert session.statistics.payload_bytes == 0


async def test_a_lost_camera_ends_the_session_with_its_reason(
    head: TalkingHead, codec: PaperCodec
) -> None:
    album = Album([ADA], breaks=True)
    with pytest.raises(ConfappError, match="The camera is gone"):
        await run(SenderSession(head, codec, album), FakeCall())
    assert album.closed
