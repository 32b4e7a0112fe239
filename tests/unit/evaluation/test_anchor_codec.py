"""Real encoders on the demo's people, as a call would use them."""

import os
from fractions import Fraction

import numpy as np
import pytest
from made_videos import person

from confapp.evaluation.anchor_codec import ANCHOR_CODECS, SVT_AV1, X264, AnchorCodec
from confapp.evaluation.bitstream_unit import (
    av1_payload_bytes,
    h264_payload_bytes,
    hevc_payload_bytes,
)
from confapp.evaluation.pixel_metrics import psnr

FPS = Fraction(25)
FRAMES = person("ada")[:8]


@pytest.fixture(params=ANCHOR_CODECS, ids=lambda codec: codec.name)
def codec(request: pytest.FixtureRequest) -> AnchorCodec:
    one: AnchorCodec = request.param
    return one


def test_a_packet_a_frame_and_each_shows_its_own(codec: AnchorCodec) -> None:
    encoded = codec.encode(FRAMES, FPS, codec.crfs[1][0])
    shown = list(encoded.frames())
    assert len(encoded.packets) == len(shown) == len(FRAMES)
    for index, picture in enumerate(shown):
        own = psnr(picture, FRAMES[index])
        assert own > 30
        assert own >= max(psnr(picture, other) for other in FRAMES)


def test_the_first_picture_alone_is_intra(codec: AnchorCodec) -> None:
    sizes = codec.encode(FRAMES, FPS, codec.crfs[1][1]).payload_sizes
    assert sizes[0] > 2 * max(sizes[1:])


def test_higher_crf_and_smaller_pictures_take_fewer_bytes_and_look_worse(
    codec: AnchorCodec,
) -> None:
    low, high = codec.crfs[2][1], codec.crfs[2][3]
    encodes = [codec.encode(FRAMES, FPS, crf, smaller) for crf, smaller in
               [(low, 1), (low, 2), (high, 2)]]  # fmt: skip
    rates = [sum(encoded.payload_sizes) for encoded in encodes]
    quality = [psnr(next(encoded.frames()), FRAMES[0]) for encoded in encodes]
    assert rates == sorted(rates, reverse=True)
    assert quality == sorted(quality, reverse=True)
    assert next(encodes[-1].frames()).shape == FRAMES[0].shape


def test_smallest_encode_of_a_picture_of_256_works(codec: AnchorCodec) -> None:
    encoded = codec.encode(FRAMES[:2], FPS, codec.crfs[4][-1], 4)
    assert len(list(encoded.frames())) == 2


def test_same_bytes_again(codec: AnchorCodec) -> None:
    first, again = (codec.encode(FRAMES, FPS, codec.crfs[1][1]).packets for _ in range(2))
    assert first == again


def test_an_odd_frame_rate_is_taken(codec: AnchorCodec) -> None:
    assert len(codec.encode(FRAMES[:3], Fraction(1000 * 299, 12_345), 51).packets) == 3


def test_nobody_else_has_to_wait(codec: AnchorCodec) -> None:
    """Encoders run as root may make their callers real-time threads."""
    before = os.sched_getscheduler(0)
    codec.encode(FRAMES, FPS, 40)
    assert os.sched_getscheduler(0) == before


def test_an_encoder_that_holds_frames_back_is_refused() -> None:
    options = {**X264.options, "tune": "", "x264-params": "bframes=3:rc-lookahead=20:threads=1"}
    del options["tune"]
    waiting = AnchorCodec("x264", "libx264", "h264", options, X264.crfs, h264_payload_bytes)
    with pytest.raises(RuntimeError, match="held frame 0 back"):
        waiting.encode(FRAMES, FPS, 35)


def test_missing_encoder_is_known() -> None:
    assert not AnchorCodec("x", "libnone", "h264", {}, {}, len).available


def test_nal_units_by_hand() -> None:
    information = b"\0\0\1\x06\x05\x01\xaa\x80"
    picture = b"\0\0\0\1\x65\x88\x84\0\0\3\1"
    assert h264_payload_bytes(information + picture) == 7
    assert h264_payload_bytes(b"\0\0\0\1\x09\xf0" + picture) == 7
    assert hevc_payload_bytes(b"\0\0\1\x4e\x01\x05\0\0\1\x02\x01\xd0") == 3  # prefix SEI, slice


def test_obus_by_hand() -> None:
    delimiter, picture = b"\x12\0", b"\x32\x83\1" + bytes(131)
    assert av1_payload_bytes(delimiter + picture) == 134
    extended = b"\x36\0\2\1\1"
    assert av1_payload_bytes(delimiter + extended + picture) == 5 + 134


def test_payload_is_nearly_the_packet(codec: AnchorCodec) -> None:
    """Only start codes, delimiters and the encoder's own name go."""
    encoded = codec.encode(FRAMES, FPS, codec.crfs[1][1])
    taken = [len(p) - s for p, s in zip(encoded.packets, encoded.payload_sizes, strict=True)]
    assert all(1 < size <= 8 for size in taken[1:])
    if codec is SVT_AV1:
        assert set(taken) == {2}


def test_frames_are_not_changed() -> None:
    before = [frame.copy() for frame in FRAMES]
    X264.encode(FRAMES, FPS, 40, 2)
    assert all(np.array_equal(a, b) for a, b in zip(before, FRAMES, strict=True))
