"""A recorded call: an older one is safe, and a full disk is told once."""

import io
from pathlib import Path

import numpy as np
import pytest

from confapp.codec import ContainerError, FvcReader, PaperCodec
from confapp.errors import ConfappError
from confapp.motion_frame import MotionFrame
from models.talking_head import TalkingHead
from receiver.packet_recorder import PacketRecorder

STILL = b"a photo"
LARGE_STILL = bytes(100_000)  # more than any file buffer holds back


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "call.fvc"


@pytest.fixture
def packet(codec: PaperCodec) -> bytes:
    return codec.encode(MotionFrame.of([0] * 3, [0] * 3, np.zeros((5, 3)), 40), 1)


@pytest.fixture
def recorder(path: Path, head: TalkingHead, codec: PaperCodec) -> PacketRecorder:
    path.write_bytes(b"old")
    return PacketRecorder(path, head, codec)


@pytest.fixture
def on_a_full_disk(path: Path, head: TalkingHead, codec: PaperCodec) -> PacketRecorder:
    path.write_bytes(b"old")
    path.with_name("call.fvc.part").symlink_to("/dev/full")
    return PacketRecorder(path, head, codec)


def test_corrections_are_kept_in_their_places(
    path: Path, recorder: PacketRecorder, packet: bytes
) -> None:
    recorder.write_correction(b"before the photo")
    recorder.begin(STILL)
    recorder.write_correction(b"places")
    recorder.write(packet)
    recorder.close()
    reader = FvcReader(io.BytesIO(path.read_bytes()))
    assert list(reader) == [packet]
    assert reader.corrections == [b"places"]


def contents(path: Path) -> tuple[bytes, list[bytes], str | None]:
    reader = FvcReader(io.BytesIO(path.read_bytes()))
    return reader.source_still, list(reader), reader.break_reason


def test_photo_and_packets_replace_an_older_file(
    path: Path, recorder: PacketRecorder, packet: bytes
) -> None:
    recorder.write(b"before the photo")
    recorder.begin(STILL)
    recorder.write(packet)
    recorder.begin(b"a later photo")
    recorder.write(packet)
    assert path.read_bytes() == b"old"
    recorder.close()
    recorder.close()
    assert contents(path) == (STILL, [packet, packet], None)
    assert list(path.parent.iterdir()) == [path]


def test_without_a_photo_an_older_file_stays(
    path: Path, recorder: PacketRecorder, packet: bytes
) -> None:
    recorder.write(packet)
    recorder.close()
    assert path.read_bytes() == b"old"
    assert list(path.parent.iterdir()) == [path]


def test_a_photo_that_is_too_large_leaves_an_older_file(
    path: Path, recorder: PacketRecorder
) -> None:
    with pytest.raises(ContainerError):
        recorder.begin(bytes(2 << 20))
    recorder.close()
    assert path.read_bytes() == b"old"


def test_what_was_written_before_a_break_can_be_read(
    path: Path, recorder: PacketRecorder, packet: bytes
) -> None:
    recorder.begin(LARGE_STILL)
    part = path.with_name("call.fvc.part")
    for _ in range(1000):
        recorder.write(packet)
    still, packets, reason = contents(part)  # as a killed process leaves it
    assert still == LARGE_STILL
    assert 0 < len(packets) <= 1000
    assert reason is not None
    recorder.close()


def test_a_full_disk_at_the_photo(
    path: Path, on_a_full_disk: PacketRecorder, packet: bytes
) -> None:
    with pytest.raises(ConfappError, match=r"No space left .* call\.fvc\.part") as caught:
        on_a_full_disk.begin(LARGE_STILL)
    assert caught.value.error_id == "record-failed"
    on_a_full_disk.begin(LARGE_STILL)
    on_a_full_disk.write(packet)
    with pytest.raises(ConfappError) as told_again:
        on_a_full_disk.close()
    assert told_again.value is caught.value
    on_a_full_disk.close()
    assert path.read_bytes() == b"old"


def test_a_full_disk_at_a_packet(path: Path, on_a_full_disk: PacketRecorder, packet: bytes) -> None:
    on_a_full_disk.begin(STILL)
    with pytest.raises(ConfappError) as caught:
        for _ in range(1_000_000 // len(packet)):
            on_a_full_disk.write(packet)
    assert caught.value.error_id == "record-failed"
    for _ in range(1_000_000 // len(packet)):
        on_a_full_disk.write(packet)
    with pytest.raises(ConfappError) as told_again:
        on_a_full_disk.close()
    assert told_again.value is caught.value
    assert path.read_bytes() == b"old"


def test_a_full_disk_at_the_end(path: Path, on_a_full_disk: PacketRecorder, packet: bytes) -> None:
    on_a_full_disk.begin(STILL)
    on_a_full_disk.write(packet)
    with pytest.raises(ConfappError) as caught:
        on_a_full_disk.close()
    assert caught.value.error_id == "record-failed"
    on_a_full_disk.close()
    assert path.read_bytes() == b"old"


@pytest.mark.parametrize("name", ["nowhere/call.fvc", "folder.fvc", "file/call.fvc"])
def test_a_place_that_cannot_be_written(
    tmp_path: Path, head: TalkingHead, codec: PaperCodec, name: str
) -> None:
    (tmp_path / "folder.fvc").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(ConfappError, match="choose another file") as caught:
        PacketRecorder(tmp_path / name, head, codec)
    assert caught.value.error_id == "record-unwritable"
