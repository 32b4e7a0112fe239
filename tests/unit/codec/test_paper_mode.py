import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from confapp.codec import (
    HEADER_BYTES,
    ForeignEpochError,
    FrequencyTables,
    MalformedPacketError,
    PacketError,
    PacketReader,
    PaperCodec,
    StalePacketError,
)
from confapp.codec.range_coder import RangeCoder
from confapp.motion_frame import MotionFrame

MakeClip = Callable[..., list[MotionFrame]]

KEYPOINTS = 6
UNIFORM = PaperCodec(FrequencyTables.uniform(KEYPOINTS))


def some_motion(timestamp_ms: int = 0, keypoints: int = KEYPOINTS) -> MotionFrame:
    return MotionFrame.of([1, 2, 3], [0.1, 0.2, 0.3], np.full((keypoints, 3), 0.25), timestamp_ms)


@st.composite
def motions(draw: st.DrawFn) -> MotionFrame:
    """Any finite float16 frame of 0 to 6 keypoints, negative zero and subnormals in."""
    size = 12 + 6 * draw(st.integers(0, KEYPOINTS))
    numbers = np.frombuffer(draw(st.binary(min_size=size, max_size=size)), np.uint16).copy()
    numbers[numbers & 0x7C00 == 0x7C00] ^= 0x4000  # infinities and NaN become numbers below 2
    return MotionFrame.from_numbers(numbers.view(np.float16), draw(st.integers(0, 10**9)))


@pytest.mark.parametrize("learned", [False, True])
@given(motion=motions(), frame_number=st.integers(0, 10**9))
def test_round_trip(
    learned_tables: FrequencyTables, learned: bool, motion: MotionFrame, frame_number: int
) -> None:
    codec = PaperCodec(learned_tables) if learned else UNIFORM
    packet, decoded = codec.decode(codec.encode(motion, frame_number))
    assert decoded.numbers().tobytes() == motion.numbers().tobytes()
    assert decoded.keypoints == packet.keypoints == motion.keypoints
    assert decoded.timestamp_ms == packet.timestamp_ms == motion.timestamp_ms % 65536
    assert packet.frame_number == frame_number % 65536


def test_learned_tables_beat_uniform_ones_on_new_people(
    learned_tables: FrequencyTables, make_clip: MakeClip
) -> None:
    people = [frame for seed in (100, 101) for frame in make_clip(seed)]
    learned, uniform = (
        np.array([len(codec.encode(frame, 0)) - HEADER_BYTES for frame in people])
        for codec in (PaperCodec(learned_tables), PaperCodec(FrequencyTables.uniform(20)))
    )
    ideal = np.array([learned_tables.ideal_bytes(frame) for frame in people])
    assert learned.mean() < 0.95 * uniform.mean()
    # the price of whole, self-delimiting bytes
    assert ((learned - ideal) > 0).all()
    assert ((learned - ideal) < 2).all()
    assert (learned - ideal).mean() < 1


def test_a_frame_of_no_likelihood_still_fits(learned_tables: FrequencyTables) -> None:
    wild = np.random.default_rng(3).integers(0, 0x7C00, 66).astype(np.uint16).view(np.float16)
    message = PaperCodec(learned_tables).encode(MotionFrame.from_numbers(wild, 0), 0)
    assert len(message) <= HEADER_BYTES + 2 * 132 + 2  # 16 bits a byte at the very most
    assert (PaperCodec(learned_tables).decode(message)[1].numbers() == wild).all()


def test_fewer_keypoints_make_smaller_packets(
    learned_tables: FrequencyTables, make_clip: MakeClip
) -> None:
    codec = PaperCodec(learned_tables)
    whole = make_clip(7)[30].numbers()
    sizes = [
        len(codec.encode(MotionFrame.from_numbers(whole[: 6 + 3 * k], 0), 0)) for k in range(21)
    ]
    assert sizes[0] < sizes[10] < sizes[20]


def test_more_keypoints_than_the_tables_are_refused() -> None:
    with pytest.raises(ValueError, match="up to 6 keypoints, not 7"):
        UNIFORM.encode(some_motion(keypoints=7), 0)
    wider = PaperCodec(FrequencyTables.uniform(7))
    with pytest.raises(MalformedPacketError, match="up to 6"):
        UNIFORM.decode(wider.encode(some_motion(keypoints=7), 0))


def test_a_negative_frame_number_is_refused() -> None:
    with pytest.raises(ValueError, match="never negative"):
        UNIFORM.encode(some_motion(), -1)


def test_other_tables_are_foreign() -> None:
    other = PaperCodec(FrequencyTables.fit([some_motion()], epoch=4))
    with pytest.raises(ForeignEpochError) as raised:
        UNIFORM.decode(other.encode(some_motion(), 0))
    assert raised.value.error_id == "packet-foreign-epoch"
    assert "epoch 4" in raised.value.message


def test_every_truncation_and_every_tail_is_an_error(
    learned_tables: FrequencyTables, make_clip: MakeClip
) -> None:
    codec = PaperCodec(learned_tables)
    for number, frame in enumerate(make_clip(5, frames=5)):
        message = codec.encode(frame, number)
        for length in range(len(message)):
            with pytest.raises(PacketError):
                codec.decode(message[:length])
        for tail in (b"\0", b"\xff", b"\x80\0\0\0\0"):
            with pytest.raises(MalformedPacketError):
                codec.decode(message + tail)


@pytest.mark.parametrize("special", ["7c00", "fc00", "7e01"])  # inf, -inf, NaN
@pytest.mark.parametrize("number", [0, 5, 6, 23])
def test_numbers_that_are_not_finite_are_an_error(special: str, number: int) -> None:
    header = UNIFORM.encode(some_motion(), 0)[:HEADER_BYTES]
    numbers = bytearray(48)
    numbers[2 * number : 2 * number + 2] = bytes.fromhex(special)
    payload = RangeCoder(UNIFORM.tables.frequencies).encode(bytes(numbers))
    with pytest.raises(MalformedPacketError, match="not finite"):
        UNIFORM.decode(header + payload)


def test_reader_counts_on_over_the_wrap() -> None:
    reader = PacketReader(UNIFORM)
    sent = [(65534, 65500), (65535, 65533), (65537, 65600), (65536, 65566), (70000, 120000)]
    read = [reader.read(UNIFORM.encode(some_motion(ms), number))[0] for number, ms in sent]
    assert [(number, motion.timestamp_ms) for number, motion in read] == sent


def test_reader_refuses_what_came_before_its_beginning() -> None:
    reader = PacketReader(UNIFORM)
    reader.read(UNIFORM.encode(some_motion(65536 + 100), 65536 + 3))
    with pytest.raises(StalePacketError) as raised:
        reader.read(UNIFORM.encode(some_motion(65500), 65535))
    assert raised.value.error_id == "packet-stale"


def test_unreadable_packets_do_not_move_the_reader() -> None:
    reader = PacketReader(UNIFORM)
    reader.read(UNIFORM.encode(some_motion(0), 0))
    ahead = UNIFORM.encode(some_motion(50000), 50000)
    with pytest.raises(PacketError):
        reader.read(ahead[:-1])
    ((number, motion),) = reader.read(UNIFORM.encode(some_motion(57343), 57343))
    assert (number, motion.timestamp_ms) == (57343, 57343)
    # had the cut packet counted, the one before would be within reach of this and this one late
    ((number, _),) = reader.read(UNIFORM.encode(some_motion(57343 + 57343), 2 * 57343))
    assert number == 2 * 57343


def test_the_room_needs_no_network_and_no_torch() -> None:
    script = (
        "import sys, confapp.codec;"
        "print(*{'torch', 'aiortc', 'av', 'cv2', 'asyncio', 'socket'} & set(sys.modules))"
    )
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert loaded.stdout.split() == []
