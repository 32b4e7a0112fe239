"""The receiving side with packets of its own making and a call that only listens."""

import asyncio
import itertools
import threading
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fake_call import FakeCall
from receiver_stage import Screen, motion, photo, running, show_next

from confapp.call.control_message import content_hash
from confapp.call.source_exchange import SourcePhoto
from confapp.codec import MissingReferenceError, MotionCodec, PacketError, PaperCodec
from confapp.media.still import decode_still
from confapp.media.video_frame import RgbImage
from confapp.motion_frame import MotionFrame
from confapp.pose_offset import PoseOffset
from models.talking_head import TalkingHead
from receiver.packet_recorder import PacketRecorder
from receiver.photo_cache import PhotoCache
from receiver.quality_step import STEPS
from receiver.rendered_frame import RenderedFrame
from receiver.session import ReceiverSession
from receiver.sized_renderer import SizedRenderer, SizedSource

HALF_SIZE = 4  # of STEPS


async def test_a_packet_becomes_a_picture(head: TalkingHead, codec: PaperCodec) -> None:
    call = FakeCall()
    screen = Screen(call)
    session = ReceiverSession(head, codec, screen.show, clock=lambda: 0.5)
    async with running(session, call):
        session.on_source(photo())
        await call.until(lambda: bool(call.ready_with))
        session.on_motion(codec.encode(motion(20, 400), 0), 0.0)
        await call.until(lambda: bool(session.statistics.latencies_ms))
    assert call.ready_with == ["photo 0"]
    assert [frame.timestamp_ms for frame in screen.frames] == [400]
    assert session.statistics.latencies_ms == pytest.approx([100])  # shown at 0.5, captured at 0.4
    assert session.statistics.rendered == 1


async def test_only_made_up_pictures_that_were_shown_count_as_extrapolated(
    head: TalkingHead, codec: PaperCodec
) -> None:
    call = FakeCall()
    screen = Screen(call)
    began = time.monotonic()

    def clock() -> float:
        return time.monotonic() - began

    def show_slowly(frame: RenderedFrame) -> None:
        time.sleep(0.12)  # three frames long
        screen.show(frame)

    session = ReceiverSession(head, codec, show_slowly, clock=clock)
    given = [40, 80, 120]
    async with running(session, call):
        session.on_source(photo())
        await call.until(lambda: bool(call.ready_with))
        for number, timestamp_ms in enumerate(given):
            session.on_motion(codec.encode(motion(number, timestamp_ms), number), clock())
            await asyncio.sleep(0.04)
        await asyncio.sleep(0.8)  # until all that is made up was shown or replaced
    made_up = [frame for frame in screen.frames if frame.timestamp_ms not in given]
    assert made_up
    assert session.statistics.extrapolated == len(made_up)


async def test_an_older_frame_is_late_and_not_shown(head: TalkingHead, codec: PaperCodec) -> None:
    call = FakeCall()
    screen = Screen(call)
    session = ReceiverSession(head, codec, screen.show, smooth=False)
    async with running(session, call):
        session.on_source(photo())
        await call.until(lambda: bool(call.ready_with))
        session.on_motion(codec.encode(motion(0, 80), 2), 0.0)
        await call.until(lambda: bool(screen.frames))
        session.on_motion(codec.encode(motion(0, 40), 1), 0.0)
        session.on_motion(codec.encode(motion(0, 80), 2), 0.0)
        session.on_motion(codec.encode(motion(0, 120), 3), 0.0)
        await call.until(lambda: len(screen.frames) == 2)
    assert session.statistics.late == 2
    assert [frame.timestamp_ms for frame in screen.frames] == [80, 120]


async def test_a_better_photo_is_seen_from_the_frame_that_is_named(
    head: TalkingHead, codec: PaperCodec
) -> None:
    call = FakeCall()
    screen = Screen(call)
    session = ReceiverSession(head, codec, screen.show, smooth=False)
    better = photo(1)
    show = partial(show_next, session, screen, codec)
    async with running(session, call):
        session.on_source(photo())
        await call.until(lambda: bool(call.ready_with))
        first = await show(40)
        session.on_refresh(b"no photo")
        await call.until(lambda: session.statistics.photos_refused == 1)
        session.on_refresh(better.still)
        await call.until(lambda: call.refreshes == [better.still])
        not_named = await show(80)
        session.on_refresh_use(160)
        before, named, after = [await show(timestamp_ms) for timestamp_ms in (120, 160, 200)]
    for frame in (not_named, before):
        assert np.array_equal(frame.rgb, first.rgb)
    appearance = head.encode_source(decode_still(better.still))
    for frame in (named, after):
        expected = head.render(appearance, motion(0, frame.timestamp_ms))
        assert np.array_equal(frame.rgb, expected)
        assert not np.array_equal(frame.rgb, first.rgb)
    assert session.statistics.refreshed == 1


async def test_another_source_outdates_a_better_photo_of_the_last(
    head: TalkingHead, codec: PaperCodec
) -> None:
    call = FakeCall()
    screen = Screen(call)
    session = ReceiverSession(head, codec, screen.show)
    async with running(session, call):
        session.on_source(photo())
        await call.until(lambda: bool(call.ready_with))
        session.on_refresh(photo(1).still)
        await call.until(lambda: bool(call.refreshes))
        session.on_source(photo(2))
        await call.until(lambda: len(call.ready_with) == 2)
        session.on_refresh_use(0)
        session.on_motion(codec.encode(motion(0, 40), 0), 0.0)
        await call.until(lambda: bool(screen.frames))
    appearance = head.encode_source(decode_still(photo(2).still))
    assert np.array_equal(screen.frames[0].rgb, head.render(appearance, motion(0, 40)))
    assert session.statistics.refreshed == 0


async def test_frames_that_came_together_are_shown_one_after_the_other(
    head: TalkingHead, predictive: MotionCodec
) -> None:
    call = FakeCall()
    screen = Screen(call)
    session = ReceiverSession(head, predictive, screen.show)
    message = predictive.encoder().encode([motion(yaw, 100 * yaw) for yaw in range(4)])
    async with running(session, call):
        session.on_source(photo())
        await call.until(lambda: bool(call.ready_with))
        session.on_motion(message, 0.0)
        session.on_motion(message, 0.0)
        await call.until(lambda: bool(screen.frames) and screen.frames[-1].timestamp_ms == 300)
    times = [frame.timestamp_ms for frame in screen.frames]
    assert times == sorted(set(times))
    statistics = session.statistics
    assert (statistics.received, statistics.late) == (4, 0)  # what came twice was read once
    assert statistics.rendered + statistics.skipped == 4
    assert statistics.payload_bytes == 2 * (len(message) - predictive.header_bytes)


async def test_motion_goes_on_after_a_minute_without_a_camera(
    head: TalkingHead, predictive: MotionCodec
) -> None:
    """Timestamps travel as 16 bits, 65 seconds; the pause itself says how far they went on."""
    call = FakeCall()
    screen = Screen(call)
    now = 10.0
    session = ReceiverSession(head, predictive, screen.show, clock=lambda: now, smooth=False)
    sender = predictive.encoder()
    async with running(session, call):
        session.on_source(photo())
        await call.until(lambda: bool(call.ready_with))
        session.on_motion(sender.encode([motion(0, 1000)]), 0.0)
        await call.until(lambda: bool(screen.frames))
        now += 70
        session.on_motion(sender.encode([motion(5, 71_000)]), 0.0)
        await call.until(lambda: len(screen.frames) == 2)
    assert [frame.timestamp_ms for frame in screen.frames] == [1000, 71_000]
    assert session.statistics.late == 0


async def test_what_is_told_from_a_missing_frame_is_asked_for(
    head: TalkingHead, predictive: MotionCodec
) -> None:
    """Not with every message, though: the sender needs time to hear of it."""
    call = FakeCall()
    now = 10.0
    session = ReceiverSession(head, predictive, Screen(call).show, clock=lambda: now)
    sender = predictive.encoder()
    sender.acknowledge(sender.encode([motion(0, 0)]))
    async with running(session, call):
        session.on_source(photo())
        await call.until(lambda: bool(call.ready_with))
        for number in range(1, 6):
            with pytest.raises(MissingReferenceError):
                session.on_motion(sender.encode([motion(0, 40 * number)]), 0.0)
        assert call.key_requests == 1
        now += 0.3
        with pytest.raises(MissingReferenceError):
            session.on_motion(sender.encode([motion(0, 240)]), 0.0)
        assert call.key_requests == session.statistics.key_requests == 2
        sender.begin_anew()
        session.on_motion(sender.encode([motion(0, 280)]), 0.0)
    assert session.statistics.received == 1


@pytest.mark.parametrize("records", [False, True])
async def test_a_machine_that_is_too_slow_asks_for_fewer_frames(
    head: TalkingHead,
    codec: PaperCodec,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    records: bool,
) -> None:
    """But for a recording of all that comes, which would miss them."""
    monkeypatch.setattr("receiver.quality_step.WINDOW_S", 0.0)
    call = FakeCall()
    screen = Screen(call)
    seconds = itertools.count()
    packets = PacketRecorder(tmp_path / "call.fvc", head, codec) if records else None
    session = ReceiverSession(
        head, codec, screen.show, smooth=False, packets=packets, clock=lambda: float(next(seconds))
    )
    async with running(session, call):
        session.on_source(photo())
        await call.until(lambda: bool(call.ready_with))
        before = call.max_fps_requests.copy()
        session.on_motion(codec.encode(motion(0, 40), 0), 0.0)
        await call.until(lambda: bool(session.statistics.latencies_ms))
    assert STEPS[session.statistics.quality_step] == STEPS[-1]
    assert before == ([] if records else [15])  # a second a picture, by the trials
    assert call.max_fps_requests[1:] == ([] if records else [STEPS[-1].max_fps])
    if packets is not None:
        packets.close()


async def test_pictures_go_on_while_a_smaller_size_is_made_ready(
    head: TalkingHead, codec: PaperCodec, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = FakeCall()
    screen = Screen(call)
    session = ReceiverSession(head, codec, screen.show, smooth=False)
    go_on = threading.Event()
    shares: list[float] = []
    prepare, render = SizedRenderer.prepare, SizedRenderer.render

    def slowly(self: SizedRenderer, source: SizedSource, share: float) -> None:
        assert go_on.wait(60)
        prepare(self, source, share)

    def noted(
        self: SizedRenderer, source: SizedSource, motion: MotionFrame, *given: Any
    ) -> RgbImage:
        shares.append(given[-1])
        return render(self, source, motion, *given)

    async def shown(number: int) -> float:
        before = len(screen.frames)
        session.on_motion(codec.encode(motion(0, 1000 * number), number), 0.0)
        await call.until(lambda: len(screen.frames) > before)
        return shares[-1]

    monkeypatch.setattr(SizedRenderer, "prepare", slowly)
    monkeypatch.setattr(SizedRenderer, "render", noted)
    async with running(session, call):
        session.on_source(photo())
        await call.until(lambda: bool(call.ready_with))
        session._quality.step = HALF_SIZE
        try:
            assert [await shown(number) for number in (1, 2)] == [1, 1]
        finally:
            go_on.set()
        assert session._preparing is not None
        await asyncio.wait([session._preparing])
        assert await shown(3) == STEPS[HALF_SIZE].share
    assert session.statistics.rendered == 3


async def test_the_viewers_offset_turns_the_head(head: TalkingHead, codec: PaperCodec) -> None:
    call = FakeCall()
    screen = Screen(call)
    offset = PoseOffset()
    session = ReceiverSession(head, codec, screen.show, offset=lambda: offset)
    async with running(session, call):
        session.on_source(photo())
        await call.until(lambda: bool(call.ready_with))
        session.on_motion(codec.encode(motion(0, 0), 0), 0.0)
        await call.until(lambda: len(screen.frames) == 1)
        offset = PoseOffset(yaw=30)
        session.on_motion(codec.encode(motion(0, 40), 1), 0.0)
        await call.until(lambda: len(screen.frames) == 2)
    assert not np.array_equal(screen.frames[0].rgb, screen.frames[1].rgb)


async def test_a_new_photo_takes_over_with_a_new_stream(
    head: TalkingHead, codec: PaperCodec
) -> None:
    call = FakeCall()
    screen = Screen(call)
    session = ReceiverSession(head, codec, screen.show)
    async with running(session, call):
        for seed, number in ((0, 900), (1, 3)):
            session.on_source(photo(seed))
            await call.until(lambda: len(call.ready_with) == seed + 1)  # noqa: B023
            session.on_motion(codec.encode(motion(0, 40 * number), number), 0.0)
            await call.until(lambda: len(screen.frames) == seed + 1)  # noqa: B023
    assert call.ready_with == ["photo 0", "photo 1"]
    assert session.statistics.late == 0
    assert not np.array_equal(screen.frames[0].rgb, screen.frames[1].rgb)


async def test_a_photo_is_kept_for_the_next_call(
    head: TalkingHead, codec: PaperCodec, tmp_path: Path
) -> None:
    """One that cannot be used is not."""
    cache = PhotoCache(tmp_path)
    sent = photo()
    hashes = [content_hash(still) for still in (b"no picture", sent.still)]
    call = FakeCall()
    session = ReceiverSession(head, codec, Screen(call).show, cache=cache)
    async with running(session, call):
        session.on_source(SourcePhoto(b"no picture", hashes[0], 0.0))
        session.on_source_announced(hashes[1])
        await call.until(lambda: session.statistics.photos_refused == 1)
        session.on_source(sent)
        await call.until(lambda: cache.get(hashes[1]) is not None)
        session.on_source_announced(hashes[0])
        await call.until(lambda: len(call.source_answers) == 2)
    assert call.source_answers == [(hashes[1], None), (hashes[0], None)]
    assert session.statistics.photos_kept == 0

    call = FakeCall()
    session = ReceiverSession(head, codec, Screen(call).show, cache=cache)
    async with running(session, call):
        session.on_source_announced(hashes[1])
        await call.until(lambda: bool(call.source_answers))
        session.on_source(replace(sent, kept=True))
        await call.until(lambda: bool(call.ready_with))
        await call.until(lambda: session.statistics.photos_kept == 1)
    assert call.source_answers == [(hashes[1], sent.still)]


async def test_bad_input_is_refused_without_harm(head: TalkingHead, codec: PaperCodec) -> None:
    call = FakeCall()
    screen = Screen(call)
    session = ReceiverSession(head, codec, screen.show)
    async with running(session, call):
        with pytest.raises(PacketError):
            session.on_motion(b"noise", 0.0)
        for bad in (SourcePhoto(b"no picture", "hash", 0.0), photo(size=128)):
            refused = session.statistics.photos_refused
            session.on_source(bad)
            await call.until(lambda: session.statistics.photos_refused == refused + 1)  # noqa: B023
        session.on_source(photo())
        await call.until(lambda: bool(call.ready_with))
        session.on_motion(codec.encode(motion(0, 0), 0), 0.0)
        await call.until(lambda: bool(screen.frames))
    assert call.ready_with == ["photo 0"]
    assert session.statistics.received == 1
