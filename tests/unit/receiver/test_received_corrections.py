"""Corrections of the remote person's pictures: of which source, and until when."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from fake_call import FakeCall
from receiver_stage import Screen, motion, photo, running, show_next

from confapp.codec import FvcReader, PaperCodec
from confapp.errors import ConfappError
from confapp.media.still import decode_still
from confapp.media.video_frame import RgbImage
from confapp.pose_offset import PoseOffset
from models.flow_correction import CONSTANT, FlowCorrection
from models.talking_head import TalkingHead
from receiver.packet_recorder import PacketRecorder
from receiver.session import ReceiverSession


def downwards() -> FlowCorrection:
    """Everything a pixel further down than it is shown."""
    coefficients = np.zeros_like(FlowCorrection.nothing().coefficients)
    coefficients[-1, 1] = -2 / 64 / CONSTANT
    return FlowCorrection(coefficients)


async def test_a_correction_shows_until_another_source_does(
    head: TalkingHead, codec: PaperCodec
) -> None:
    call = FakeCall()
    screen = Screen(call)
    session = ReceiverSession(head, codec, screen.show, smooth=False)
    show = partial(show_next, session, screen, codec)
    async with running(session, call):
        session.on_source(photo())
        await call.until(lambda: bool(call.ready_with))
        plain = (await show(40)).rgb
        with pytest.raises(ConfappError) as refused:
            session.on_correction(b"no correction")
        assert refused.value.error_id == "correction-unreadable"
        session.on_correction(downwards().to_bytes())
        corrected = (await show(4000)).rgb
        session.on_refresh(photo(1).still)
        await call.until(lambda: bool(call.refreshes))
        session.on_refresh_use(4080)
        still_corrected = (await show(4040)).rgb
        refreshed = (await show(4080)).rgb
        session.on_correction(downwards().to_bytes())
        session.on_source_announced("photo 2")
        session.on_source(photo())
        await call.until(lambda: len(call.ready_with) == 2)
        again = (await show(8000)).rgb
    assert np.array_equal(corrected[8:-8], plain[7:-9])
    assert np.array_equal(still_corrected, corrected)
    expected = head.render(head.encode_source(decode_still(photo(1).still)), motion(0, 4080))
    assert np.array_equal(refreshed, expected)
    assert np.array_equal(again, plain)
    assert session.statistics.corrections == 2


async def test_a_correction_is_of_the_source_that_was_named_last(
    head: TalkingHead, codec: PaperCodec
) -> None:
    """As after a link that broke: the use of a better photo, and what corrects it, said again."""
    call = FakeCall()
    screen = Screen(call)
    session = ReceiverSession(head, codec, screen.show, smooth=False)
    better = photo(1)
    show = partial(show_next, session, screen, codec)
    async with running(session, call):
        session.on_source(photo())
        await call.until(lambda: bool(call.ready_with))
        first = (await show(40)).rgb
        session.on_refresh(better.still)
        await call.until(lambda: bool(call.refreshes))
        session.on_refresh_use(4000)
        session.on_correction(downwards().to_bytes())
        before = (await show(3960)).rgb
        corrected = (await show(4000)).rgb
    assert np.array_equal(before, first)
    plain = head.render(head.encode_source(decode_still(better.still)), motion(0, 4000))
    assert np.array_equal(corrected[8:-8], plain[7:-9])


async def test_corrections_of_the_photo_that_is_kept_are_kept(
    head: TalkingHead, codec: PaperCodec, tmp_path: Path
) -> None:
    call = FakeCall()
    packets = PacketRecorder(tmp_path / "call.fvc", head, codec)
    screen = Screen(call)
    session = ReceiverSession(head, codec, screen.show, smooth=False, packets=packets)
    code, later = FlowCorrection.nothing().to_bytes(), downwards().to_bytes()
    async with running(session, call):
        session.on_source_announced("photo 0")
        session.on_source(photo())
        await call.until(lambda: bool(call.ready_with))
        session.on_motion(codec.encode(motion(0, 0), 0), 0.0)
        session.on_correction(code)
        await call.until(lambda: len(screen.frames) == 1)
        session.on_refresh(photo(1).still)
        await call.until(lambda: bool(call.refreshes))
        session.on_refresh_use(40)
        session.on_correction(later)
        session.on_motion(codec.encode(motion(0, 40), 1), 0.0)
        await call.until(lambda: len(screen.frames) == 2)
    packets.close()
    with (tmp_path / "call.fvc").open("rb") as file:
        reader = FvcReader(file)
        assert len(list(reader)) == 2
        assert reader.corrections == [code]


async def test_the_viewers_turn_is_corrected_as_the_heads(
    head: TalkingHead, codec: PaperCodec
) -> None:
    """A correction of turns alone shows where the viewer turns a head that rests."""
    coefficients = np.zeros_like(FlowCorrection.nothing().coefficients)
    coefficients[:3, 1] = 0.2
    code = FlowCorrection(coefficients).to_bytes()
    own = head.encode_source(decode_still(photo().still)).motion

    async def seen(offset: PoseOffset) -> tuple[RgbImage, RgbImage]:
        """Without and with the correction."""
        call = FakeCall()
        screen = Screen(call)
        session = ReceiverSession(head, codec, screen.show, offset=lambda: offset, smooth=False)
        async with running(session, call):
            session.on_source(photo())
            await call.until(lambda: bool(call.ready_with))
            session.on_motion(codec.encode(own, 0), 0.0)
            await call.until(lambda: len(screen.frames) == 1)
            session.on_correction(code)
            session.on_motion(codec.encode(replace(own, timestamp_ms=4000), 100), 0.0)
            await call.until(lambda: len(screen.frames) == 2)
        first, second = screen.frames
        return first.rgb, second.rgb

    assert np.array_equal(*await seen(PoseOffset()))
    assert not np.array_equal(*await seen(PoseOffset(yaw=10, pitch=10)))
