"""x264, x265 and SVT-AV1 as a video call would use them, through PyAV.

Low delay: no B-frames, no look-ahead, each frame leaves the encoder before the next one is given to
it, one intra picture at the start. One thread, so that the same frames give the same bytes.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import av
import cv2
import numpy as np

from confapp.evaluation.bitstream_unit import (
    av1_payload_bytes,
    h264_payload_bytes,
    hevc_payload_bytes,
)
from confapp.media.video_frame import RgbImage

PIXELS = "yuv420p"


@dataclass(frozen=True, slots=True)
class AnchorCodec:
    """An encoder with its sweep.

    Attributes:
        name: as people call it.
        encoder, decoder: FFmpeg's names.
        options: of the encoder, but for the CRF.
        crfs: constant rate factors by how many times smaller than the picture the encode is.
        payload_bytes: what of an encoder's packet a call sends.
    """

    name: str
    encoder: str
    decoder: str
    options: Mapping[str, str]
    crfs: Mapping[int, tuple[int, ...]]
    payload_bytes: Callable[[bytes], int]

    @property
    def available(self) -> bool:
        """Whether this build of PyAV has it."""
        return {self.encoder, self.decoder} <= av.codecs_available

    def encode(
        self, frames: Sequence[RgbImage], fps: Fraction, crf: int, smaller: int = 1
    ) -> "EncodedClip":
        """Encode square frames.

        Args:
            smaller: the encode's side is the frames' over this.

        Raises:
            RuntimeError: the encoder held a frame back.
        """
        side = len(frames[0]) // smaller
        fps = fps.limit_denominator(1001)
        context = av.CodecContext.create(self.encoder, "w")
        assert isinstance(context, av.VideoCodecContext)  # noqa: S101 - for the type checker
        context.width = context.height = side
        context.pix_fmt = PIXELS
        context.framerate = fps
        context.time_base = 1 / fps
        context.thread_count = 1
        context.options = dict(self.options) | {"crf": str(crf)}
        # Parameter sets apart, as a call tells them in its session description.
        context.flags |= av.codec.context.Flags.global_header.value
        packets: list[bytes] = []
        os.environ.setdefault("SVT_LOG", "1")  # errors alone; it knows no other switch
        with _own_scheduling():
            context.open()
        for index, frame in enumerate(frames):
            picture = av.VideoFrame.from_ndarray(_scaled(frame, side), format="rgb24")
            picture.pts, picture.time_base = index, 1 / fps
            packets += [bytes(packet) for packet in context.encode(picture)]
            if len(packets) != index + 1:
                raise RuntimeError(f"{self.name} held frame {index} back")
        context.encode(None)
        return EncodedClip(self, crf, smaller, len(frames[0]), packets, context.extradata or b"")


@dataclass(frozen=True, eq=False)
class EncodedClip:
    """One encode.

    Attributes:
        codec, crf, smaller: how it was made.
        side: of the frames that were given, pixels.
        packets: one a frame, as the encoder gave them.
        parameters: the encoder's parameter sets.
    """

    codec: AnchorCodec
    crf: int
    smaller: int
    side: int
    packets: list[bytes]
    parameters: bytes

    @cached_property
    def payload_sizes(self) -> list[int]:
        """Bytes of each frame that a call would send."""
        return [self.codec.payload_bytes(packet) for packet in self.packets]

    def frames(self) -> Iterator[RgbImage]:
        """What the receiver shows, scaled back to the side of the frames that were given."""
        context = av.CodecContext.create(self.codec.decoder, "r")
        assert isinstance(context, av.VideoCodecContext)  # noqa: S101 - for the type checker
        context.thread_count = 1
        # AV1 has its parameters in the first packet already, and another form of them apart.
        first = b"" if self.codec.name == SVT_AV1.name else self.parameters
        for index, packet in enumerate([first + self.packets[0], *self.packets[1:], None]):
            coded = None if packet is None else av.Packet(packet)
            if coded is not None:
                coded.pts = coded.dts = index
            for picture in context.decode(coded):
                pixels = picture.to_ndarray(format="rgb24").astype(np.uint8, copy=False)
                yield _scaled(pixels, self.side)


@contextmanager
def _own_scheduling() -> Iterator[None]:
    """Keep this thread's scheduling: SVT-AV1, opened by root, makes the caller a real-time thread,
    and everybody else on the machine waits for a measurement that takes an hour."""
    if not hasattr(os, "sched_getscheduler"):  # macOS, Windows
        yield
        return
    policy, parameters = os.sched_getscheduler(0), os.sched_getparam(0)
    yield
    os.sched_setscheduler(0, policy, parameters)


def _scaled(frame: RgbImage, side: int) -> RgbImage:
    if len(frame) == side:
        return np.ascontiguousarray(frame)
    way = cv2.INTER_AREA if len(frame) > side else cv2.INTER_CUBIC
    return cv2.resize(frame, (side, side), interpolation=way).astype(np.uint8, copy=False)


# Down-scaled encodes reach rates that full-scale ones do not, at a quality that is worth a look.
X264_CRFS = {1: (29, 35, 41, 47, 51), 2: (23, 29, 35, 41, 47), 4: (17, 23, 29, 35)}
SVT_AV1_CRFS = {1: (35, 43, 51, 57, 63), 2: (27, 35, 43, 51, 59), 4: (20, 30, 40, 50)}

X264 = AnchorCodec(
    name="x264",
    encoder="libx264",
    decoder="h264",
    options={
        "preset": "slow",
        "tune": "zerolatency",
        "x264-params": "keyint=infinite:scenecut=0:threads=1:sliced-threads=0",
    },
    crfs=X264_CRFS,
    payload_bytes=h264_payload_bytes,
)
X265 = AnchorCodec(
    name="x265",
    encoder="libx265",
    decoder="hevc",
    options={
        "preset": "slow",
        "tune": "zerolatency",
        "x265-params": "bframes=0:rc-lookahead=0:keyint=-1:scenecut=0:frame-threads=1:pools=none:"
        "info=0:log-level=none",
    },
    crfs=X264_CRFS,
    payload_bytes=hevc_payload_bytes,
)
SVT_AV1 = AnchorCodec(
    name="SVT-AV1",
    encoder="libsvtav1",
    decoder="libdav1d",
    options={
        "preset": "4",
        "svtav1-params": "pred-struct=1:lookahead=0:keyint=-1:scd=0:lp=1",
    },
    crfs=SVT_AV1_CRFS,
    payload_bytes=av1_payload_bytes,
)
ANCHOR_CODECS = (X264, X265, SVT_AV1)
