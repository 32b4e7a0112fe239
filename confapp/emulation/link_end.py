"""One end of a bench call: all of a real call but the camera, the networks and the screen."""

import asyncio
import threading
import time
from collections.abc import Callable

import numpy as np

from confapp.call.call_handlers import CallHandlers, CallState, StateReason
from confapp.call.call_session import CallSession
from confapp.call.hello import Hello
from confapp.call.peer_link import LinkOptions
from confapp.call.source_exchange import SourcePhoto
from confapp.codec import MissingReferenceError, MotionCodec
from confapp.media.sound_file import PacedSound
from confapp.media.sound_format import BLOCK_MS, Samples
from confapp.media.speaker import Playout
from confapp.motion_frame import MotionFrame
from receiver.motion_playout import MotionPlayout
from receiver.sound_session import SoundReceiver
from sender.bundler import Bundler
from sender.rate_control import RateControl
from sender.sound_session import SoundSender

from .emulated_link import EmulatedLink

FPS = 25
STILL = bytes(12_000)  # as large as a photo
TURN_DEGREES, TURN_HZ = 15.0, 0.3
LIP, LIP_HZ = 0.03, 4.0
TREMBLING = 0.002


class LinkEnd:
    """Sends made-up motion and a file's sound, and takes the other end's.

    Args:
        codec: of the motion.
        motion: the frame of this number, `FPS` a second.
        link: that this end's datagrams go over.
        sound: what is said, again and again.

    Attributes:
        call: the session, once it stands.
        shown: for each frame shown: when, and how long after its capture; seconds.
        pictures: when any frame was shown, made up or not.
        states: each state, its reason, and when it began.
        speaker: the sound's receiving side.
        live_at: when the call stood.
    """

    def __init__(
        self,
        codec: MotionCodec,
        motion: Callable[[int], MotionFrame],
        link: EmulatedLink,
        sound: Samples,
    ) -> None:
        self.call: CallSession
        self.shown: list[tuple[float, float]] = []
        self.pictures: list[float] = []
        self.states: list[tuple[CallState, StateReason, float]] = []
        self.live_at: float | None = None
        self._codec = codec
        self._motion = motion
        self._link = link
        self._encoder, self._decoder = codec.encoder(), codec.decoder()
        self._rate = RateControl(time.monotonic)
        self._sender = SoundSender(PacedSound(sound, loop=True))
        self.speaker = SoundReceiver(_NoSpeaker)
        self._playout = MotionPlayout(self._earliest)
        self._origin = 0.0  # on this clock, at the other end's timestamp 0

    async def connect(self, room: str) -> None:
        """Join, and come back once the call stands."""
        handlers = CallHandlers(
            on_state=lambda state, reason: self.states.append((state, reason, time.monotonic())),
            on_motion=self._on_motion,
            on_delivered=self._on_delivered,
            on_key_request=self._encoder.begin_anew,
            on_sound=self.speaker.on_sound,
            on_sound_clock=self.speaker.sync.on_sound_clock,
            on_source=self._on_source,
        )
        keypoints = self._motion(0).keypoints
        hello = Hello(sends=True, receives=True, codec=self._codec.mode, keypoints=keypoints)
        options = LinkOptions(wrap_transport=self._link.wrap)
        self.call = await CallSession.connect(room, hello, handlers, options=options)
        self.live_at = time.monotonic()

    async def run(self) -> None:
        """Talk until cancelled."""
        work = [
            asyncio.create_task(part)
            for part in (
                self._send_motion(),
                self._show(),
                self._sender.run(self.call),
                self.speaker.run(self.call),
            )
        ]
        try:
            await asyncio.gather(*work)
        finally:
            for task in work:
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)

    # Sending

    async def _send_motion(self) -> None:
        origin = time.monotonic()
        self.call.send_source(STILL, origin)
        await self.call.wait_source_ready()
        bundler = Bundler(self._codec.max_frames, self._rate.rung.delay_ms)
        number = round((time.monotonic() - origin) * FPS)
        while True:
            await asyncio.sleep(origin + number / FPS - time.monotonic())
            sends = number % self._rate.rung.every == 0
            if sends and (bundle := bundler.add(self._motion(number))):
                self._send_bundle(bundle)
            number += 1
            bundler.delay_ms = self._rate.delay_ms(twice=self._encoder.repeats)

    def _send_bundle(self, bundle: list[MotionFrame]) -> None:
        message = self._encoder.encode(bundle)
        accepted = self.call.send_motion(message, len(message) - self._codec.header_bytes)
        self._rate.on_sent(message, accepted=accepted)
        self._encoder.level = self._rate.rung.level
        self._encoder.repeats = self.call.loses_much

    def _on_delivered(self, message: bytes) -> None:
        self._encoder.acknowledge(message)
        self._rate.on_delivered(message)

    # Receiving

    def _on_source(self, photo: SourcePhoto) -> None:
        self._origin = photo.stream_origin  # both ends are on one machine
        self._playout.restart()
        self._decoder = self._codec.decoder()
        self.call.send_source_ready(photo.sha256)

    def _on_motion(self, message: bytes, arrival: float) -> None:
        try:
            frames = self._decoder.read(message)
        except MissingReferenceError:
            self.call.request_key()
            raise
        for number, motion in frames:
            self._playout.put(number, motion, arrival)

    def _earliest(self, timestamp_ms: int) -> float | None:
        return self.speaker.picture_due(self._origin + timestamp_ms / 1000)

    async def _show(self) -> None:
        while True:
            now = time.monotonic()
            made_up = self._playout.extrapolated
            if (motion := self._playout.take(now)) is not None:
                captured = self._origin + motion.timestamp_ms / 1000
                self.speaker.on_picture(captured, now)
                self.pictures.append(now)
                if self._playout.extrapolated == made_up:
                    self.shown.append((now, now - captured))
            await asyncio.sleep(min(0.005, self._playout.wait_s(now) + 0.001))

    @property
    def extrapolated(self) -> int:
        """Frames made up for missing ones."""
        return self._playout.extrapolated


class _NoSpeaker:
    """Asks for sound as a speaker does, and throws it away."""

    def __init__(self, playout: Playout) -> None:
        self._playout = playout
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._play, name="speaker")
        self._thread.start()

    def close(self) -> None:
        self._closed.set()
        self._thread.join()

    def _play(self) -> None:
        due = time.monotonic()
        while not self._closed.is_set():
            self._playout(due)
            due += BLOCK_MS / 1000
            self._closed.wait(max(0.0, due - time.monotonic()))


def made_up_motion(number: int, keypoints: int) -> MotionFrame:
    """A head that turns to and fro, and a mouth that moves."""
    at = number / FPS
    yaw = TURN_DEGREES * np.sin(2 * np.pi * TURN_HZ * at)
    deformations = np.random.default_rng(number).normal(0, TREMBLING, (keypoints, 3))
    deformations[0, 1] += LIP * np.sin(2 * np.pi * LIP_HZ * at)
    return MotionFrame.of([yaw, 0.0, 0.0], [0.0] * 3, deformations, round(1000 * at))
