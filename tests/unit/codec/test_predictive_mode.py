"""Predictive mode: what is read is what the sender reconstructed, or it is not read at all."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable

import numpy as np
import pytest
from bundled import bundled

from confapp.codec import (
    MalformedPacketError,
    MissingReferenceError,
    PredictionTables,
    PredictiveCodec,
    StalePacketError,
)
from confapp.codec.motion_grid import CIRCLE, GRID_A_DEGREE, wrapped
from confapp.codec.predictive_message import HEADER_BYTES, MAX_FRAMES, PredictiveMessage
from confapp.codec.predictive_mode import HELD, KEY_FRAMES, PredictiveDecoder, PredictiveEncoder
from confapp.motion_frame import MotionFrame

MakeClip = Callable[..., list[MotionFrame]]


@pytest.fixture(params=["learned", "generic"])
def codec(request: pytest.FixtureRequest, prediction_tables: PredictionTables) -> PredictiveCodec:
    learned = request.param == "learned"
    return PredictiveCodec(prediction_tables if learned else PredictionTables.generic(20))


class Reconstructing:
    """An encoder, and what its frames are reconstructed to, by number."""

    def __init__(self, codec: PredictiveCodec) -> None:
        self.encoder = codec.encoder()
        self.frames: dict[int, MotionFrame] = {}
        self._mirror = codec.decoder()

    def encode(self, motions: Iterable[MotionFrame]) -> bytes:
        message = self.encoder.encode(list(motions))
        for number, motion in self._mirror.read(message):
            self.frames[number] = motion
        return message


def same(one: MotionFrame, other: MotionFrame) -> bool:
    return one.timestamp_ms == other.timestamp_ms and (
        one.numbers().tobytes() == other.numbers().tobytes()
    )


@pytest.mark.parametrize("bundle", [1, 3, 6])
def test_every_frame_is_read_as_it_was_reconstructed(
    codec: PredictiveCodec, make_clip: MakeClip, bundle: int
) -> None:
    sender, receiver = Reconstructing(codec), codec.decoder()
    for motions in bundled(make_clip(99, frames=120), bundle):
        message = sender.encode(motions)
        for (number, read), original in zip(receiver.read(message), motions, strict=True):
            assert same(read, sender.frames[number])
            assert read.timestamp_ms == original.timestamp_ms
            assert read.keypoints == original.keypoints
        sender.encoder.acknowledge(message)
    assert len(sender.frames) == 120


def mixed(clip: list[MotionFrame]) -> list[MotionFrame]:
    """The same five movements in every person's numbers, as muscles pull many keypoints at once."""
    mixture = np.random.default_rng(0).normal(size=(66, 5)) / 5
    return [
        MotionFrame.from_numbers(
            (mixture @ frame.numbers()[6:11]).astype(np.float16), frame.timestamp_ms
        )
        for frame in clip
    ]


def test_what_is_learned_saves_bytes(make_clip: MakeClip) -> None:
    learned = PredictionTables.fit([mixed(make_clip(seed)) for seed in range(12)])
    sizes = []
    for tables in (learned, PredictionTables.generic(20)):
        encoder = PredictiveCodec(tables).encoder()
        sizes.append(0)
        for motions in bundled(mixed(make_clip(99)), 3):
            message = encoder.encode(motions)
            encoder.acknowledge(message)
            sizes[-1] += len(message)
    assert sizes[0] < 0.8 * sizes[1]


def test_a_still_face_costs_next_to_nothing(codec: PredictiveCodec, make_clip: MakeClip) -> None:
    (motion,) = make_clip(3, frames=1)
    still = [MotionFrame.from_numbers(motion.numbers(), 40 * i) for i in range(300)]
    encoder = codec.encoder()
    sizes = []
    for motions in bundled(still, 6):
        message = encoder.encode(motions)
        encoder.acknowledge(message)
        sizes.append(len(message) - HEADER_BYTES)
    assert max(sizes[25:]) <= 3  # six frames of 66 numbers, their times and activities


# Loss, order and repetition


def never(number: int) -> bool:
    return False


def dropped_in_ten(number: int) -> bool:
    return number * 7 % 10 == 3


def dropped_in_three(number: int) -> bool:
    return number % 10 in {1, 4, 8}


def dropped_for_a_second(number: int) -> bool:
    return 20 <= number < 30


@pytest.mark.parametrize(
    "lost",
    [never, dropped_in_ten, dropped_in_three, dropped_for_a_second],
    ids=["none", "10 %", "30 %", "burst"],
)
@pytest.mark.parametrize("round_trip", [0, 1, 4])
def test_losses_cost_the_lost_frames_alone(
    codec: PredictiveCodec, make_clip: MakeClip, lost: Callable[[int], bool], round_trip: int
) -> None:
    """Every message that arrives is read, since it is told from one that arrived."""
    sender, receiver = Reconstructing(codec), codec.decoder()
    on_their_way: list[bytes] = []
    arrived = 0
    for number, motions in enumerate(bundled(make_clip(5, frames=300), 3)):
        message = sender.encode(motions)
        if lost(number):
            continue
        frames = receiver.read(message)
        assert all(same(read, sender.frames[count]) for count, read in frames)
        arrived += len(frames)
        on_their_way.append(message)
        if len(on_their_way) > round_trip:
            sender.encoder.acknowledge(on_their_way.pop(0))
    assert arrived == 3 * sum(not lost(number) for number in range(100))


def test_disorder_and_repetition(codec: PredictiveCodec, make_clip: MakeClip) -> None:
    sender, receiver = Reconstructing(codec), codec.decoder()
    for motions in bundled(make_clip(6, frames=240), 6):
        messages = [sender.encode([motion]) for motion in motions]
        disordered = [messages[i] for i in (2, 0, 0, 5, 1, 4, 3, 3)]
        for message in disordered:
            for number, read in receiver.read(message):
                assert same(read, sender.frames[number])
        for message in disordered:  # old news changes nothing
            sender.encoder.acknowledge(message)


def test_a_message_told_from_what_is_not_held_is_not_read(
    codec: PredictiveCodec, make_clip: MakeClip
) -> None:
    """Acknowledged by the network, dropped by the receiver: the sender begins anew when told."""
    sender, receiver = Reconstructing(codec), codec.decoder()
    clip = make_clip(7)
    sender.encoder.acknowledge(sender.encode(clip[:3]))
    told_from_it = sender.encode(clip[3:6])
    with pytest.raises(MissingReferenceError) as raised:
        receiver.read(told_from_it)
    assert raised.value.error_id == "packet-reference-missing"
    sender.encoder.begin_anew()
    sender.encoder.acknowledge(told_from_it)  # late news of what was sent before
    message = sender.encode(clip[6:9])
    assert PredictiveMessage.from_bytes(message).distance == 0
    assert all(same(read, sender.frames[number]) for number, read in receiver.read(message))


def test_another_frame_under_the_references_number(
    codec: PredictiveCodec, make_clip: MakeClip
) -> None:
    """A receiver that holds another stream's frames reads nothing that is told from this one's."""
    receiver = codec.decoder()
    refused = 0
    for seed in range(40):
        clip = make_clip(seed, frames=2)
        sender, other = codec.encoder(), codec.encoder()
        receiver.read(other.encode(make_clip(seed + 1000, frames=1)))
        sender.acknowledge(sender.encode(clip[:1]))
        try:
            receiver.read(sender.encode(clip[1:]))
        except MissingReferenceError:
            refused += 1
    assert refused >= 38  # the check is one byte


def test_late_messages_are_stale_and_ask_for_nothing(
    codec: PredictiveCodec, make_clip: MakeClip
) -> None:
    encoder, receiver = codec.encoder(), codec.decoder()
    clip = make_clip(8, frames=2 * HELD + 20)
    first = encoder.encode(clip[:1])
    receiver.read(first)
    encoder.acknowledge(first)
    late = encoder.encode(clip[1:2])
    for motion in clip[2:]:
        message = encoder.encode([motion])
        receiver.read(message)
        encoder.acknowledge(message)
    with pytest.raises(StalePacketError):
        receiver.read(late)


def test_both_ends_bound_what_they_keep(codec: PredictiveCodec, make_clip: MakeClip) -> None:
    """Also while nothing is acknowledged; and the reference in use stays however long that is."""
    encoder, receiver = codec.encoder(), codec.decoder()
    clip = make_clip(9, frames=HELD - 2)
    message = encoder.encode(clip[:1])
    receiver.read(message)
    encoder.acknowledge(message)
    for motion in clip[1:]:
        assert receiver.read(encoder.encode([motion]))
    for motion in make_clip(10, frames=2 * HELD):  # too far ahead of it now: told from nothing
        assert receiver.read(encoder.encode([motion]))
    assert _held(encoder, receiver) <= 2 * HELD


def _held(encoder: PredictiveEncoder, receiver: PredictiveDecoder) -> int:
    return len(encoder._sent) + len(receiver._held)


def test_the_reference_in_use_outlives_newer_frames(
    codec: PredictiveCodec, make_clip: MakeClip
) -> None:
    encoder, receiver = codec.encoder(), codec.decoder()
    clip = make_clip(10, frames=HELD)
    message = encoder.encode(clip[:1])
    receiver.read(message)
    encoder.acknowledge(message)
    for motion in clip[1:]:
        newest = encoder.encode([motion])
        assert PredictiveMessage.from_bytes(newest).distance
        assert receiver.read(newest)


def test_numbers_and_times_count_on_over_65535(codec: PredictiveCodec, make_clip: MakeClip) -> None:
    encoder, receiver = codec.encoder(), codec.decoder()
    encoder.next_number = 65536 - 4
    read = []
    for motions in bundled(make_clip(11, frames=12), 3):
        shifted = [MotionFrame.from_numbers(m.numbers(), m.timestamp_ms + 65500) for m in motions]
        message = encoder.encode(shifted)
        read += receiver.read(message)
        encoder.acknowledge(message)
    assert [number for number, _ in read] == list(range(65532, 65544))
    assert [motion.timestamp_ms for _, motion in read] == [65500 + 33 * i for i in range(12)]


# Frames that travel twice


def test_a_lost_message_leaves_no_hole_where_frames_travel_twice(
    codec: PredictiveCodec, make_clip: MakeClip
) -> None:
    encoder, receiver = codec.encoder(), codec.decoder()
    encoder.repeats = True
    read = []
    for number, motions in enumerate(bundled(make_clip(12, frames=30), 3)):
        message = encoder.encode(motions)
        if number % 2:  # every other one is lost, the first included
            read += receiver.read(message)
            encoder.acknowledge(message)
    assert [number for number, _ in read] == list(range(30))


def test_only_what_may_be_missing_travels_twice(
    codec: PredictiveCodec, make_clip: MakeClip
) -> None:
    encoder, clip = codec.encoder(), make_clip(13, frames=20)
    first = encoder.encode(clip[:3])
    encoder.repeats = True
    encoder.acknowledge(first)
    assert PredictiveMessage.from_bytes(encoder.encode(clip[3:6])).frames == 3
    assert PredictiveMessage.from_bytes(encoder.encode(clip[6:11])).frames == MAX_FRAMES
    assert PredictiveMessage.from_bytes(encoder.encode(clip[11:12])).frames == 6
    encoder.begin_anew()
    assert PredictiveMessage.from_bytes(encoder.encode(clip[12:13])).frames == 1
    encoder.repeats = False
    assert PredictiveMessage.from_bytes(encoder.encode(clip[13:14])).frames == 1


# Unusual numbers


def test_angles_go_the_shorter_way_round(codec: PredictiveCodec, make_clip: MakeClip) -> None:
    (motion,) = make_clip(1, frames=1)
    encoder, receiver = codec.encoder(), codec.decoder()
    sizes = []
    for number, yaw in enumerate([170.0, 176.0, 182.0, 188.0, -170.0, -176.0, 178.0]):
        turned = MotionFrame.of((yaw, 0, 0), motion.translation, motion.deformations, 40 * number)
        message = encoder.encode([turned])
        ((_, read),) = receiver.read(message)
        encoder.acknowledge(message)
        off = (float(read.rotation[0]) - yaw) * GRID_A_DEGREE
        assert abs(wrapped(np.array([off]))[0]) <= 8  # of CIRCLE = 23040; float16 at 180 degrees
        sizes.append(len(message))
    assert max(sizes[1:]) < sizes[0]
    assert CIRCLE == 23040


def test_frames_may_carry_fewer_keypoints_and_other_levels(
    codec: PredictiveCodec, make_clip: MakeClip
) -> None:
    sender, receiver = Reconstructing(codec), codec.decoder()
    for number, frame in enumerate(make_clip(12, frames=40)):
        k = (20, 20, 7, 0, 12)[number // 8]
        sender.encoder.level = number // 10
        fewer = MotionFrame.from_numbers(frame.numbers()[: 6 + 3 * k], frame.timestamp_ms)
        message = sender.encode([fewer])
        ((count, read),) = receiver.read(message)
        assert read.keypoints == k
        assert same(read, sender.frames[count])
        sender.encoder.acknowledge(message)


def test_leaps_are_escaped(codec: PredictiveCodec) -> None:
    sender, receiver = Reconstructing(codec), codec.decoder()
    rng = np.random.default_rng(4)
    for number in range(20):
        wild = MotionFrame.of(
            rng.uniform(-180, 180, 3),
            rng.uniform(-30, 30, 3),
            rng.uniform(-30, 30, (20, 3)),
            number * 3000,
        )
        message = sender.encode([wild])
        ((count, read),) = receiver.read(message)
        assert same(read, sender.frames[count])
        assert np.abs(read.deformations.astype(float) - wild.deformations).max() < 0.02
        sender.encoder.acknowledge(message)


def test_the_encoder_refuses_what_cannot_be_coded(
    codec: PredictiveCodec, make_clip: MakeClip
) -> None:
    with pytest.raises(ValueError, match="1 to 6 frames"):
        codec.encoder().encode([])
    with pytest.raises(ValueError, match="1 to 6 frames"):
        codec.encoder().encode(make_clip(0, frames=7))
    with pytest.raises(ValueError, match="up to 20 keypoints"):
        codec.encoder().encode(make_clip(0, frames=1, keypoints=21))


def test_a_packet_with_more_keypoints_than_the_tables_is_refused(make_clip: MakeClip) -> None:
    few, many = PredictionTables.generic(4), PredictionTables.generic(20)
    message = PredictiveCodec(many).encoder().encode(make_clip(0, frames=1, keypoints=7))
    read = PredictiveMessage.from_bytes(message)
    forged = PredictiveMessage(
        read.first_number, 1, 0, read.check_of(few.root.check), read.word
    ).to_bytes()
    with pytest.raises(MalformedPacketError):
        PredictiveCodec(few).decoder().read(forged)


SCRIPT = """
import hashlib, json, sys
sys.path[:0] = ["tests/unit/codec", "tests"]
from bundled import bundled
from conftest import make_clip
from confapp.codec import PredictionTables, PredictiveCodec

tables = PredictionTables.from_document(json.load(sys.stdin))
codec, digest = PredictiveCodec(tables), hashlib.sha256()
for seed in range(3):
    encoder, decoder = codec.encoder(), codec.decoder()
    for motions in bundled(make_clip(seed), 3):
        message = encoder.encode(motions)
        encoder.acknowledge(message)
        digest.update(message)
        for _, motion in decoder.read(message):
            digest.update(motion.numbers().tobytes())
print(digest.hexdigest())
"""


def test_every_machine_codes_alike(prediction_tables: PredictionTables) -> None:
    """Other vector instructions and other linear algebra: the same bytes and the same frames."""
    document = json.dumps(prediction_tables.to_document())
    found = np.show_config("dicts")["SIMD Extensions"].get("found", [])
    plain = {"NPY_DISABLE_CPU_FEATURES": " ".join(found)}
    digests = set()
    for settings_ in ({}, plain, {"OPENBLAS_CORETYPE": "Prescott", "OMP_NUM_THREADS": "1"}):
        run = subprocess.run(
            [sys.executable, "-c", SCRIPT],
            input=document,
            env=os.environ | settings_ | {"PYTHONPATH": "."},
            capture_output=True,
            text=True,
            check=True,
        )
        digests.add(run.stdout)
    assert len(digests) == 1
    assert len(digests.pop().strip()) == 64


def test_who_comes_late_can_begin_at_the_next_key_state(
    codec: PredictiveCodec, make_clip: MakeClip
) -> None:
    """Without asking; and once it holds that, what is told from it can be read as well."""
    clip = make_clip(1, frames=60)
    encoder, decoder = codec.encoder(), codec.decoder()
    keys = []
    for number in range(2 * KEY_FRAMES + 2):
        message = encoder.encode([clip[number % len(clip)]])
        if PredictiveMessage.from_bytes(message).distance == 0:
            keys.append(number)
        if number >= KEY_FRAMES - 20:
            if number < KEY_FRAMES:
                with pytest.raises(MissingReferenceError):
                    decoder.read(message)
            else:
                decoder.read(message)
        encoder.acknowledge(message)
    assert keys == [0, KEY_FRAMES, 2 * KEY_FRAMES]
