"""A call's motion over a link that suddenly gets narrow, and wide again; in a time of its own."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
import pytest

from confapp.codec import CodecMode, CodecTables, MotionCodec
from confapp.emulation.emulated_link import EmulatedLink
from confapp.emulation.link_profile import LinkProfile
from confapp.motion_frame import MotionFrame
from sender.bundler import Bundler
from sender.rate_control import LADDER, RateControl

FPS = 25
KEYPOINTS = 20
HEADERS = 92  # IP, UDP, DTLS and SCTP around a message
SACK = 93
WIDE = LinkProfile(delay_ms=50, rate_kbps=200, queue_ms=2000)
# too little for the best rung, and enough for the last
NARROW_KBPS = {CodecMode.PREDICTIVE: 7.0, CodecMode.PAPER: 30.0}


@dataclass
class Call:
    """One direction of motion, and its acknowledgements."""

    codec: MotionCodec
    now: float = 0.0
    rungs: list[int] = field(default_factory=list)  # for each frame captured
    waits: list[tuple[float, float]] = field(default_factory=list)  # when sent; sent to arrived

    def __post_init__(self) -> None:
        self.there, self.back = EmulatedLink(WIDE), EmulatedLink(WIDE)
        self.rate = RateControl(lambda: self.now)
        self.encoder, self.decoder = self.codec.encoder(), self.codec.decoder()
        self.bundler = Bundler(self.codec.max_frames, self.rate.rung.delay_ms)
        self.events: list[tuple[float, int, Callable[[], None]]] = []
        self.frames = 0
        self.order = 0
        self.chances = np.random.default_rng(0)

    def hold(self, seconds: float, profile: LinkProfile) -> None:
        """Go on for so long, over such a link."""
        self.there.profile = profile
        until = self.now + seconds
        while (at := self.frames / FPS) < until:
            self._pass(at)
            self._capture()
        self._pass(until)

    def _pass(self, until: float) -> None:
        while self.events and self.events[0][0] <= until:
            self.now, _, happen = heapq.heappop(self.events)
            happen()
        self.now = until

    def _at(self, when: float, happen: Callable[[], None]) -> None:
        self.order += 1
        heapq.heappush(self.events, (when, self.order, happen))

    def _capture(self) -> None:
        rung = self.rate.rung
        self.encoder.level, self.bundler.delay_ms = rung.level, rung.delay_ms
        self.rungs.append(LADDER.index(rung))
        self.frames += 1
        if self.frames % rung.every:
            return
        turn = 15 * np.sin(self.now)
        deformations = self.chances.normal(0, 0.004, (KEYPOINTS, 3))
        motion = MotionFrame.of([turn, 0, 0], [0, 0, 0], deformations, round(1000 * self.now))
        if bundle := self.bundler.add(motion):
            self._send(self.encoder.encode(bundle))

    def _send(self, message: bytes) -> None:
        sent = self.now
        arrival = self.there.arrival(len(message) + HEADERS, sent)
        self.rate.on_sent(message, accepted=True)
        if arrival is not None:
            self._at(arrival, lambda: self._arrive(message, sent))

    def _arrive(self, message: bytes, sent: float) -> None:
        self.decoder.read(message)
        self.waits.append((sent, self.now - sent))
        answered = self.back.arrival(SACK, self.now)
        assert answered is not None
        self._at(answered, lambda: self._deliver(message))

    def _deliver(self, message: bytes) -> None:
        self.encoder.acknowledge(message)
        self.rate.on_delivered(message)

    def longest_wait_s(self, begin: float, end: float) -> float:
        """Of the messages sent in a time, link and queue."""
        return max(wait for sent, wait in self.waits if begin <= sent < end)


@pytest.mark.parametrize("mode", CodecMode)
def test_it_follows_a_link_that_suddenly_gets_narrow(mode: CodecMode) -> None:
    call = Call(CodecTables.generic(KEYPOINTS).codec(mode))
    call.hold(10, WIDE)
    assert set(call.rungs) == {0}
    assert call.longest_wait_s(0, 10) < 0.1

    call.hold(30, replace(WIDE, rate_kbps=NARROW_KBPS[mode]))
    narrow = call.rungs[10 * FPS :]
    assert max(narrow) > 0
    assert max(abs(later - earlier) for earlier, later in pairwise(narrow)) == 1
    # the queue that formed before the steps took hold is gone, and tries to send more make no other
    assert call.longest_wait_s(25, 40) < call.longest_wait_s(10, 25) < 1.5
    assert call.longest_wait_s(25, 40) < 0.7
    assert call.there.lost == 0

    call.hold(60, WIDE)
    assert call.rungs[-1] == 0
    assert call.longest_wait_s(45, 100) < 0.1
