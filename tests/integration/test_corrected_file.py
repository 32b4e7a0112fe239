"""A clip coded to a file whose pictures are nearer to it than without the correction in it."""

import io
from pathlib import Path

import numpy as np
import pytest

from confapp.codec import CodecMode, FvcReader, FvcWriter
from confapp.demo import PEOPLE
from confapp.media.clip import Clip
from confapp.media.recorder import Recorder
from confapp.media.video_frame import RgbImage
from confapp.model_tables import tables_for
from confapp.pose_offset import PoseOffset
from models.talking_head import TalkingHead
from receiver.clip_decoder import ClipDecoder
from sender.clip_encoder import DrivingClip, encode_clip
from sender.source_photo import SourcePhoto

FRAMES = 75  # three seconds, which are five lessons


@pytest.fixture(scope="module")
def head() -> TalkingHead:
    return TalkingHead.open("lite-256")


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    path = tmp_path / "ada.mp4"
    whole = Clip(PEOPLE / "ada.mp4")
    frames = [frame for frame, _ in zip(whole.frames(), range(FRAMES), strict=False)]
    height, width = frames[0].rgb.shape[:2]
    with Recorder(path, (width, height), whole.fps) as recorder:
        for frame in frames:
            recorder.write(frame.rgb, frame.timestamp_ms)
    return path


def coded(head: TalkingHead, clip: Path, out: Path, photo: SourcePhoto | None) -> list[RgbImage]:
    """Encode; the views that the clip showed."""
    codec = tables_for(head, None).codec(CodecMode.PREDICTIVE)
    return [frame.view for frame in encode_clip(DrivingClip(head, Clip(clip)), codec, out, photo)]


def without_correction(path: Path, out: Path) -> Path:
    reader = FvcReader(io.BytesIO(path.read_bytes()))
    with out.open("wb") as file:
        writer = FvcWriter(file, reader.header, reader.source_still)
        for packet in reader:
            writer.write(packet)
        writer.close()
    return out


def test_a_file_corrects_its_own_pictures(head: TalkingHead, clip: Path, tmp_path: Path) -> None:
    corrected = tmp_path / "ada.fvc"
    views = coded(head, clip, corrected, None)
    plain = without_correction(corrected, tmp_path / "plain.fvc")
    saved = corrected.stat().st_size - plain.stat().st_size
    assert 100 < saved < 1000
    offs = []
    for path in (plain, corrected):
        frames = ClipDecoder(path, head, tables_for(head, None)).frames(PoseOffset())
        errors = [
            np.square(frame.rgb.astype(np.float32) - view).mean()
            for frame, view in zip(frames, views, strict=True)
        ]
        offs.append(float(np.mean(errors)))
    assert offs[1] < 0.95 * offs[0]


def test_a_chosen_photo_is_not_corrected(head: TalkingHead, clip: Path, tmp_path: Path) -> None:
    out = tmp_path / "ben.fvc"
    coded(head, clip, out, SourcePhoto.of_file(PEOPLE / "ben.png", 256))
    reader = FvcReader(io.BytesIO(out.read_bytes()))
    assert len(list(reader)) > 0
    assert reader.corrections == []


def test_a_damaged_correction_is_counted_and_the_pictures_come(
    head: TalkingHead, clip: Path, tmp_path: Path
) -> None:
    whole, damaged = tmp_path / "ada.fvc", tmp_path / "damaged.fvc"
    coded(head, clip, whole, None)
    reader = FvcReader(io.BytesIO(whole.read_bytes()))
    with damaged.open("wb") as file:
        writer = FvcWriter(file, reader.header, reader.source_still)
        writer.write_correction(b"no correction")
        writer.write(next(iter(reader)))
        writer.close()
    decoder = ClipDecoder(damaged, head, tables_for(head, None))
    assert list(decoder.frames(PoseOffset()))
    assert decoder.unreadable == 1
