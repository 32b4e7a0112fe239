"""The sending side with a clip of its own making and a call that only listens."""

import asyncio
import threading
from collections.abc import Iterator
from typing import cast

import numpy as np
import pytest
from fake_call import FakeCall

from confapp.call.call_handlers import CallState
from confapp.call.call_session import CallSession
from confapp.codec import MotionCodec, PacketReader, PaperCodec
from confapp.codec.predictive_message import PredictiveMessage
from confapp.demo import PEOPLE
from confapp.errors import ConfappError
from confapp.media.framing import FaceFraming
from confapp.media.photo import load_photo
from confapp.media.still import decode_still
from confapp.media.video_frame import RgbImage, VideoFrame
from confapp.motion_frame import MotionFrame
from confapp.newest_slot import NewestSlot
from models.talking_head import TalkingHead
from sender.rate_control import LADDER, RateControl, Rung
from sender.session import FaceState, SenderSession
from sender.source_photo import SourcePhoto
from sender.source_refresher import SourceRefresher
from sender.source_watch import CHECK_EVERY_MS, SeenFrame, SourceCheck, SourceWatch

ADA = load_photo(PEOPLE / "ada.png")
WALL = np.full_like(ADA, 90)


class Album:
    """A frame source of pictures, 40 ms apart: the first `free` at once, the others by `permit`."""

    def __init__(self, pictures: list[RgbImage], *, free: int, breaks: bool = False) -> None:
        self._pictures = pictures
        self._permits = threading.Semaphore(free)
        self._breaks = breaks
        self.closed = False

    def permit(self) -> None:
        """Let one more picture out."""
        self._permits.release()

    def frames(self) -> Iterator[VideoFrame]:
        for index, picture in enumerate(self._pictures):
            assert self._permits.acquire(timeout=30)
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
    call = FakeCall(ready=False)
    session = SenderSession(head, codec, Album([WALL, ADA], free=2), clock=lambda: 7.0)
    await run(session, call)
    assert len(call.stills) == 1
    assert decode_still(call.stills[0]).shape == (64, 64, 3)
    assert call.live == [True]
    assert call.origins == [7.0]  # the stream's time begins with that frame, not the camera's
    assert not call.packets  # the other side was never ready


async def test_without_any_face_nothing_is_sent(head: TalkingHead, codec: PaperCodec) -> None:
    call = FakeCall()
    states: list[FaceState] = []
    photo = SourcePhoto.of_file(PEOPLE / "ben.png", head.config.image_size)
    album = Album([WALL] * 14, free=14)  # more than half a second
    session = SenderSession(head, codec, album, photo=photo, on_face=states.append)
    await run(session, call)
    assert not call.stills
    assert not call.packets
    assert states == [FaceState.LOST]


async def test_packets_decode_to_what_the_model_sees(head: TalkingHead, codec: PaperCodec) -> None:
    """In step: the next frame comes when the one before was sent, so none is replaced."""
    album = Album([WALL] * 2 + [ADA] * 10, free=3)
    call = FakeCall(on_motion=album.permit)
    photo = SourcePhoto.of_file(PEOPLE / "ben.png", head.config.image_size)
    session = SenderSession(head, codec, album, photo=photo, on_began=album.permit)
    await run(session, call)
    assert call.stills == [photo.still]
    assert call.live == [False]
    reader = PacketReader(codec)
    frames = [frame for packet in call.packets for frame in reader.read(packet)]
    assert [number for number, _ in frames] == list(range(9))
    assert [motion.timestamp_ms for _, motion in frames] == [40 * i for i in range(1, 10)]
    view = FaceFraming(64).frame(ADA).rgb
    assert view is not None
    expected = head.encode_motion(view).numbers()
    assert all(np.array_equal(motion.numbers(), expected) for _, motion in frames)
    statistics = session.statistics
    assert (statistics.captured, statistics.sent, statistics.skipped) == (9, 9, 0)
    assert statistics.first_timestamp_ms == 40


@pytest.mark.parametrize("refreshes", [True, False])
async def test_a_better_source_goes_out_while_motion_does(
    head: TalkingHead, codec: PaperCodec, monkeypatch: pytest.MonkeyPatch, refreshes: bool
) -> None:
    better = np.full((64, 64, 3), 200, np.uint8)
    checked: list[int] = []

    def check(_watch: SourceWatch, check: SourceCheck) -> RgbImage:
        checked.append(check.frame.motion.timestamp_ms)
        return better

    monkeypatch.setattr(SourceWatch, "check", check)
    album = Album([ADA] * 400, free=1)
    call = FakeCall(on_motion=album.permit)
    session = SenderSession(head, codec, album, refreshes=refreshes, on_began=album.permit)
    sending = asyncio.create_task(run(session, call))
    await call.until(lambda: bool(call.used_from_ms) or len(call.packets) > 120)
    sending.cancel()
    for _ in range(400):
        album.permit()  # the camera's thread is waited for
    await asyncio.gather(sending, return_exceptions=True)
    counted = session.statistics.refresh
    assert len(call.stills) == 1
    if refreshes:
        assert call.used_from_ms[0] > checked[0] >= CHECK_EVERY_MS
        assert decode_still(call.refreshes[0]).mean() == pytest.approx(200, abs=2)
        assert (counted.refreshes, counted.bytes) == (1, len(call.refreshes[0]))
    else:
        assert (checked, call.refreshes, counted.refreshes) == ([], [], 0)


async def test_a_poorer_link_has_no_room_for_more_than_motion(
    head: TalkingHead, codec: PaperCodec, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is seen is what travels."""
    seen: list[tuple[SeenFrame, bool]] = []

    def see(_: SourceRefresher, frame: SeenFrame, *, spare: bool) -> None:
        seen.append((frame, spare))

    monkeypatch.setattr(SourceRefresher, "see", see)
    album = Album([ADA] * 12, free=1)

    def on_motion() -> None:
        if len(call.packets) == 6:
            monkeypatch.setattr(RateControl, "rung", LADDER[1])
        album.permit()

    call = FakeCall(on_motion=on_motion)
    session = SenderSession(head, codec, album, on_began=album.permit)
    await run(session, call)
    reader = PacketReader(codec)
    sent = [motion for packet in call.packets for _, motion in reader.read(packet)]
    assert [spare for _, spare in seen[:6]].count(True) > 3
    assert not any(spare for _, spare in seen[6:])
    for motion, (frame, _) in zip(sent, seen, strict=True):
        assert np.array_equal(motion.numbers(), frame.motion.numbers())


async def test_a_frame_without_a_face_holds_the_last_motion(
    head: TalkingHead, codec: PaperCodec
) -> None:
    """The face goes; the detector looks every fifth frame, and from then on the motion is held."""
    album = Album([ADA] * 2 + [WALL] * 10, free=1)
    call = FakeCall(on_motion=album.permit)
    session = SenderSession(head, codec, album, on_began=album.permit)
    await run(session, call)
    reader = PacketReader(codec)
    frames = [motion for packet in call.packets for _, motion in reader.read(packet)]
    assert len(frames) == 11
    held = session.statistics.without_face
    assert 5 <= held <= 10
    last = frames[-held - 1].numbers()
    assert all(np.array_equal(frame.numbers(), last) for frame in frames[-held:])
    assert frames[-1].timestamp_ms == 40 * 11


async def test_motion_is_told_from_what_was_delivered(
    head: TalkingHead, predictive: MotionCodec
) -> None:
    """Bundled by the frames' times, all decodable in order, and from nothing when asked to."""
    album = Album([ADA] * 40, free=40)
    call = FakeCall()
    session = SenderSession(head, predictive, album, clock=lambda: 0.0)
    distances = []

    def on_motion() -> None:
        message = call.packets[-1]
        distances.append(PredictiveMessage.from_bytes(message).distance)
        if len(distances) == 2:
            session.on_key_request()
        elif len(distances) != 3:
            session.on_delivered(message)

    call = FakeCall(on_motion=on_motion)
    await run(session, call)
    decoder = predictive.decoder()
    frames = [frame for packet in call.packets for frame in decoder.read(packet)]
    assert [number for number, _ in frames] == list(range(len(frames)))
    times = [motion.timestamp_ms for _, motion in frames]
    assert times == sorted(set(times))
    statistics = session.statistics
    assert statistics.sent == len(frames)
    assert statistics.messages == len(call.packets)
    assert statistics.payload_bytes == sum(map(len, call.packets)) - 5 * len(call.packets)
    assert distances[0] == 0
    if len(distances) > 3:  # how many messages depends on how many frames were replaced
        assert distances[2:4] == [0, 0]
        assert all(distances[4:])


async def test_another_photo_begins_another_stream(head: TalkingHead, codec: PaperCodec) -> None:
    """Sent in the middle of the motion: numbers and times begin anew, the account does not."""
    album = Album([ADA] * 12, free=1)
    photos = [
        SourcePhoto.of_file(PEOPLE / f"{name}.png", head.config.image_size)
        for name in ("ada", "ben")
    ]

    def on_motion() -> None:
        if len(call.packets) == 4:
            session.retake(photos[1])
            album.permit()  # the frame that finds out, and is left out
            album.permit()  # the one that the new stream begins with
        album.permit()

    call = FakeCall(on_motion=on_motion)
    session = SenderSession(head, codec, album, photo=photos[0], on_began=album.permit)
    await run(session, call)
    assert call.stills == [photo.still for photo in photos]
    first, second = PacketReader(codec), PacketReader(codec)
    before = [frame.number for packet in call.packets[:4] for frame in first.read(packet)]
    after = [frame for packet in call.packets[4:] for frame in second.read(packet)]
    assert before == [0, 1, 2, 3]
    assert [frame.number for frame in after] == list(range(len(after)))
    assert 0 < after[0].motion.timestamp_ms < 40 * 4
    assert session.statistics.sent == len(call.packets)


async def test_a_backed_up_channel_is_counted(head: TalkingHead, codec: PaperCodec) -> None:
    album = Album([ADA] * 10, free=1)
    call = FakeCall(on_motion=album.permit)
    call.backed_up = True
    now = 0.0
    session = SenderSession(head, codec, album, on_began=album.permit, clock=lambda: now)
    await run(session, call)
    assert (session.statistics.sent, session.statistics.refused) == (0, 9)
    assert session.statistics.payload_bytes == 0


SECOND = 25  # frames


def one_by_one(album: Album) -> type[NewestSlot[VideoFrame]]:
    """A slot with which the album goes on when a frame was taken: none is replaced."""

    class Slot(NewestSlot[VideoFrame]):
        async def take(self) -> VideoFrame | None:
            frame = await super().take()
            album.permit()
            return frame

    return Slot


@pytest.mark.parametrize(
    ("every", "max_fps", "sent"),
    [(1, None, 50), (1, 15, 30), (1, 8, 16), (2, None, 25), (2, 15, 25), (2, 8, 16)],
)
async def test_the_least_of_camera_link_and_other_side_is_encoded_and_sent(
    head: TalkingHead,
    codec: PaperCodec,
    monkeypatch: pytest.MonkeyPatch,
    *,
    every: int,
    max_fps: int | None,
    sent: int,
) -> None:
    encoded: list[int] = []
    encode_motion = TalkingHead.encode_motion

    def count(self: TalkingHead, view: RgbImage, timestamp_ms: int = 0) -> MotionFrame:
        encoded.append(timestamp_ms)
        return encode_motion(self, view, timestamp_ms)

    album = Album([ADA] * (2 * SECOND + 1), free=1)
    monkeypatch.setattr(TalkingHead, "encode_motion", count)
    monkeypatch.setattr("sender.rate_control.LADDER", [Rung(delay_ms=100, level=0, every=every)])
    monkeypatch.setattr("sender.session.NewestSlot", one_by_one(album))
    call = FakeCall()
    call.max_fps = max_fps
    session = SenderSession(head, codec, album)
    await run(session, call)
    statistics = session.statistics
    assert statistics.sent == pytest.approx(sent, abs=1)
    assert statistics.sent == len(encoded) - 1  # and the one that the stream begins with
    assert statistics.captured == 2 * SECOND
    assert statistics.skipped == statistics.refused == 0
    assert statistics.sent + statistics.left_out + statistics.thinned == statistics.captured


async def test_every_frame_comes_again_as_soon_as_it_is_wanted(
    head: TalkingHead, codec: PaperCodec, monkeypatch: pytest.MonkeyPatch
) -> None:
    album = Album([ADA] * (2 * SECOND + 1), free=1)
    monkeypatch.setattr("sender.session.NewestSlot", one_by_one(album))

    def on_motion() -> None:
        call.max_fps = 8 if len(call.packets) < 8 else None

    call = FakeCall(on_motion=on_motion)
    call.max_fps = 8
    await run(SenderSession(head, codec, album), call)
    reader = PacketReader(codec)
    frames = [frame for packet in call.packets for frame in reader.read(packet)]
    assert [number for number, _ in frames] == list(range(len(frames)))  # nothing seems lost
    steps = np.diff([motion.timestamp_ms for _, motion in frames])
    assert steps[:7].sum() == pytest.approx(7 * 125, abs=40)
    assert list(steps[7:]) == [40] * (2 * SECOND - frames[7].motion.timestamp_ms // 40)


async def test_a_lost_camera_ends_the_session_with_its_reason(
    head: TalkingHead, codec: PaperCodec
) -> None:
    album = Album([ADA], free=1, breaks=True)
    with pytest.raises(ConfappError, match="The camera is gone"):
        await run(SenderSession(head, codec, album), FakeCall())
    assert album.closed


async def test_a_camera_lost_while_the_other_side_prepares(
    head: TalkingHead, codec: PaperCodec
) -> None:
    call = FakeCall(ready=None)
    with pytest.raises(ConfappError, match="The camera is gone"):
        await run(SenderSession(head, codec, Album([ADA], free=1, breaks=True)), call)


async def test_a_photo_that_is_never_taken(
    head: TalkingHead, codec: PaperCodec, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sender.session.SOURCE_READY_S", 0.01)
    with pytest.raises(ConfappError, match="did not take the photo") as refusal:
        await run(SenderSession(head, codec, Album([ADA], free=1)), FakeCall(ready=None))
    assert refusal.value.error_id == "source-refused"


async def test_a_photo_has_time_until_the_call_stands_again(
    head: TalkingHead, codec: PaperCodec, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sender.session.SOURCE_READY_S", 0.02)
    monkeypatch.setattr("sender.session.LOOK_S", 0.01)
    call = FakeCall(ready=None)
    call.state = CallState.RECONNECTING
    looked = 0

    async def wait_source_ready() -> bool:
        nonlocal looked
        while looked < 20:  # ten times what is left of a call that stands
            await asyncio.sleep(0.01)
            looked += 1
        return True

    monkeypatch.setattr(call, "wait_source_ready", wait_source_ready)
    await run(SenderSession(head, codec, Album([ADA, ADA], free=2)), call)
    assert looked == 20
