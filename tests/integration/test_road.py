"""The whole road in one process: clip, sender, WebRTC, receiver, pictures."""

import asyncio
from pathlib import Path

import numpy as np
import pytest
from signaling_service import SignalingService

from confapp.call.call_handlers import CallHandlers
from confapp.call.call_session import CallSession
from confapp.call.control_message import ControlMessage
from confapp.call.hello import Hello
from confapp.call.outbox import Outbox
from confapp.call.signaling_client import create_room
from confapp.codec import CodecMode, CodecTables, MotionCodec
from confapp.demo import PEOPLE
from confapp.media.clip import Clip
from confapp.media.paced_clip import PacedClip
from confapp.pose_offset import PoseOffset
from models.talking_head import TalkingHead
from receiver.clip_decoder import ClipDecoder
from receiver.packet_recorder import PacketRecorder
from receiver.photo_cache import PhotoCache
from receiver.rendered_frame import RenderedFrame
from receiver.session import ReceiverSession
from sender import flow_calibration, source_refresher
from sender.session import SenderSession
from sender.source_photo import SourcePhoto

ENOUGH_FRAMES = 10


def hello(head: TalkingHead, codec: MotionCodec, *, sends: bool) -> Hello:
    return Hello(
        sends=sends,
        receives=not sends,
        model_fingerprint=head.fingerprint,
        tables_fingerprint=codec.fingerprint,
        keypoints=head.config.keypoints,
    )


@pytest.mark.parametrize("mode", CodecMode)
async def test_a_calls_pictures_are_the_files_pictures(
    signaling_service: SignalingService,
    head: TalkingHead,
    tables: CodecTables,
    mode: CodecMode,
    tmp_path: Path,
) -> None:
    """What the receiver shows is, byte for byte, what its recorded packets decode to."""
    codec = tables.codec(mode)
    room = await create_room(signaling_service.url)
    kept = tmp_path / "call.fvc"
    shown: list[RenderedFrame] = []
    enough = asyncio.Event()
    loop = asyncio.get_running_loop()

    def show(frame: RenderedFrame) -> None:
        shown.append(frame)
        if len(shown) >= ENOUGH_FRAMES:
            loop.call_soon_threadsafe(enough.set)

    packets = PacketRecorder(kept, head, codec)
    receiver = ReceiverSession(head, codec, show, smooth=False, packets=packets)
    photo = SourcePhoto.of_file(PEOPLE / "ben.png", head.config.image_size)
    sender = SenderSession(head, codec, PacedClip(Clip(PEOPLE / "ada.mp4"), loop=True), photo=photo)

    handlers = CallHandlers(on_source=receiver.on_source, on_motion=receiver.on_motion)
    sender_handlers = CallHandlers(
        on_delivered=sender.on_delivered, on_key_request=sender.on_key_request
    )
    receiving, sending = await asyncio.gather(
        CallSession.connect(room, hello(head, codec, sends=False), handlers),
        CallSession.connect(room, hello(head, codec, sends=True), sender_handlers),
    )
    async with receiving, sending:
        work = [
            asyncio.create_task(receiver.run(receiving)),
            asyncio.create_task(sender.run(sending)),
        ]
        await asyncio.wait_for(enough.wait(), 60)
        for task in work:
            task.cancel()
        await asyncio.gather(*work, return_exceptions=True)
    packets.close()

    decoder = ClipDecoder(kept, head, tables)
    decoded = {frame.timestamp_ms: frame.rgb for frame in decoder.frames(PoseOffset())}
    assert decoder.break_reason is None
    assert len(decoded) == receiver.statistics.received
    assert receiver.statistics.rendered == len(shown)
    for frame in shown:
        assert np.array_equal(frame.rgb, decoded[frame.timestamp_ms])
    assert sender.statistics.sent >= receiver.statistics.received
    assert receiver.statistics.key_requests == 0
    assert sender.statistics.source_bytes == len(photo.still)


async def test_what_the_sender_learns_of_its_pictures_corrects_the_receivers(
    signaling_service: SignalingService,
    head: TalkingHead,
    codec: MotionCodec,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Random networks show nothing of the person, so all that is found is taken for true."""
    monkeypatch.setattr(flow_calibration, "LEAST_SURE", 0.0)
    monkeypatch.setattr(flow_calibration, "LEAST_CHANGE", 0.0)
    monkeypatch.setattr(source_refresher, "LEARN_EVERY_MS", 40)
    told: list[bytes] = []
    come = asyncio.Event()

    def on_correction(code: bytes) -> None:
        told.append(code)
        receiver.on_correction(code)
        come.set()

    room = await create_room(signaling_service.url)
    receiver = ReceiverSession(head, codec, lambda _: None)
    sender = SenderSession(head, codec, PacedClip(Clip(PEOPLE / "ada.mp4"), loop=True))
    handlers = CallHandlers(
        on_source=receiver.on_source, on_motion=receiver.on_motion, on_correction=on_correction
    )
    takes = hello(head, codec, sends=False).model_copy(update={"takes_corrections": True})
    receiving, sending = await asyncio.gather(
        CallSession.connect(room, takes, handlers),
        CallSession.connect(
            room, hello(head, codec, sends=True), CallHandlers(on_delivered=sender.on_delivered)
        ),
    )
    async with receiving, sending:
        work = [
            asyncio.create_task(receiver.run(receiving)),
            asyncio.create_task(sender.run(sending)),
        ]
        await asyncio.wait_for(come.wait(), 60)
        for task in work:
            task.cancel()
        await asyncio.gather(*work, return_exceptions=True)
    refresh = sender.statistics.refresh
    assert receiver.statistics.corrections == len(told) >= 1
    assert refresh.corrections >= len(told)
    assert refresh.frames_learned >= 4
    assert receiving.statistics.control_malformed == 0


async def test_a_second_call_begins_without_the_photo(
    signaling_service: SignalingService,
    head: TalkingHead,
    codec: MotionCodec,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The first call sends it when asked; the second shows the same person and sends no photo."""
    photo = SourcePhoto.of_file(PEOPLE / "ben.png", head.config.image_size)
    cache = PhotoCache(tmp_path)
    stills: list[bytes] = []
    send = Outbox.send

    def spy(outbox: Outbox, message: ControlMessage | bytes) -> bool:
        if isinstance(message, bytes):
            stills.append(message)
        return send(outbox, message)

    monkeypatch.setattr(Outbox, "send", spy)

    async def hold_call() -> ReceiverSession:
        room = await create_room(signaling_service.url)
        shown = asyncio.Event()
        loop = asyncio.get_running_loop()

        def show(_: RenderedFrame) -> None:
            loop.call_soon_threadsafe(shown.set)

        receiver = ReceiverSession(head, codec, show, cache=cache)
        clip = PacedClip(Clip(PEOPLE / "ada.mp4"), loop=True)
        sender = SenderSession(head, codec, clip, photo=photo)
        handlers = CallHandlers(
            on_source_announced=receiver.on_source_announced,
            on_source=receiver.on_source,
            on_motion=receiver.on_motion,
        )
        listens = hello(head, codec, sends=False).model_copy(update={"keeps_photos": True})
        receiving, sending = await asyncio.gather(
            CallSession.connect(room, listens, handlers),
            CallSession.connect(room, hello(head, codec, sends=True)),
        )
        async with receiving, sending:
            work = [
                asyncio.create_task(receiver.run(receiving)),
                asyncio.create_task(sender.run(sending)),
            ]
            await asyncio.wait_for(shown.wait(), 60)
            for task in work:
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)
        return receiver

    first = await hold_call()
    assert stills == [photo.still]
    assert first.statistics.photos_kept == 0
    second = await hold_call()
    assert stills == [photo.still]
    assert second.statistics.photos_kept == 1
    assert second.statistics.rendered > 0
